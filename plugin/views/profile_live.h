#pragma once

#include <string>

#include "core/profile.h"
#include "core/sys/terminal.h"

namespace pilotpros {

/// What a person sees while a profile is taken, on standard error: the first facts and what is measured, redrawn in
/// place on a terminal and gone when the result comes; elsewhere plain lines.
class LiveProfile final : public ProfileWatcher {
  public:
    explicit LiveProfile(Terminal& terminal) : terminal_(terminal) {}
    void first_facts(const Project& project, const Observation& observation) override;
    bool wants_progress(Seconds done) override {
        return terminal_.err_can_redraw() || done.count() >= next_plain_line_;
    }
    void progress(const Observation& observation, Seconds done, Seconds of) override;
    void stage(const std::string& what) override;
    /// Clears what was redrawn, so that the result stands alone.
    void finish();

  private:
    void redraw(const std::string& text);

    Terminal& terminal_;
    std::string first_facts_;
    int drawn_lines_ = 0;
    double next_plain_line_ = 10;
};

}  // namespace pilotpros
