#include "plugin/views/profile_live.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/views/profile_table.h"

namespace pilotpros {

void LiveProfile::first_facts(const Project& project, const Observation& observation) {
    terminal_.err(first_facts_as_table(project, observation, terminal_.width()) + "\n");
}

void LiveProfile::progress(const Observation& observation, Seconds done, Seconds of) {
    if (terminal_.err_can_redraw()) {
        redraw(fmt::format("Measuring: {} of {} (Ctrl-C keeps what was measured)\n", format_duration(Seconds{std::max(1.0, done.count())}), format_duration(of)) +
               usage_as_table(observation, terminal_.width()));
    } else if (done.count() >= next_plain_line_) {
        terminal_.err(fmt::format("measured {} of {}\n", format_duration(done), format_duration(of)));
        next_plain_line_ = done.count() + 10;
    }
}

void LiveProfile::finish() { redraw(""); }

void LiveProfile::redraw(const std::string& text) {
    if (!terminal_.err_can_redraw()) {
        return;
    }
    const std::string back = drawn_lines_ > 0 ? fmt::format("\x1b[{}A\x1b[J", drawn_lines_) : "";
    terminal_.err(back + text);
    drawn_lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace pilotpros
