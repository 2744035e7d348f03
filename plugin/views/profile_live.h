#pragma once

#include "core/profile.h"
#include "core/sys/clock.h"
#include "core/sys/terminal.h"

namespace pilotpros {

/// What a person sees while a profile is taken, on standard error: the first facts, then on a terminal a table redrawn in place, elsewhere a plain
/// line now and then.
class LiveProfile final : public ProfileWatcher {
  public:
    LiveProfile(Terminal& terminal, const Clock& clock) : terminal_(terminal), clock_(clock) {}
    void first_facts(const Project& project, const Observation& observation) override;
    void progress(const Observation& observation, Seconds done, Seconds of) override;
    /// Clears what was redrawn, so that the result stands alone.
    void finish();

  private:
    void redraw(const std::string& text);

    Terminal& terminal_;
    const Clock& clock_;
    int drawn_lines_ = 0;
    double next_plain_line_ = 10;
};

}  // namespace pilotpros
