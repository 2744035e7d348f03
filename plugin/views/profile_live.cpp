#include "plugin/views/profile_live.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/views/profile_table.h"
#include "plugin/views/text.h"

namespace pilotpros {

void LiveProfile::first_facts(const Project& project, const Observation& observation) {
    first_facts_ = first_facts_as_table(project, observation, terminal_.width()) + "\n";
    if (!terminal_.err_can_redraw()) {
        terminal_.err(first_facts_);
    } else if (observation.engine) {
        redraw(first_facts_ + "Asking the programs what they are ...\n");
    }
}

void LiveProfile::progress(const Observation& observation, Seconds done, Seconds of) {
    if (terminal_.err_can_redraw()) {
        redraw(first_facts_ +
               wrap(fmt::format("Measuring: {:.0f} s of {} (Ctrl-C keeps what was measured)", done.count(),
                                format_duration(of)),
                    terminal_.width(), 2) +
               "\n" + usage_as_table(observation, terminal_.width()));
    } else {
        terminal_.err(fmt::format("measured {} of {}\n", format_duration(done), format_duration(of)));
        next_plain_line_ = done.count() + 10;
    }
}

void LiveProfile::stage(const std::string& what) {
    const std::string line = wrap(printable(what) + " ...", terminal_.err_is_terminal() ? terminal_.width() : 0, 2);
    if (terminal_.err_can_redraw()) {
        redraw(first_facts_ + line);
    } else {
        terminal_.err(line);
    }
}

void LiveProfile::finish() { redraw(""); }

void LiveProfile::redraw(const std::string& text) {
    if (!terminal_.err_can_redraw()) {
        return;
    }
    // The cursor cannot go back above the screen's top: the last lines are those that move, so the first ones give way.
    std::size_t begin = 0;
    auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    for (; lines >= terminal_.height(); --lines) {
        begin = text.find('\n', begin) + 1;
    }
    // From the line's beginning: the terminal may have written a ^C there.
    const std::string back = drawn_lines_ > 0 ? fmt::format("\r\x1b[{}A\x1b[J", drawn_lines_) : "";
    terminal_.err(back + text.substr(begin));
    drawn_lines_ = lines;
}

}  // namespace pilotpros
