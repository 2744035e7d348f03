#pragma once

#include "core/apply/transaction.h"
#include "core/sys/terminal.h"
#include "plugin/views/told.h"

namespace pilotpros {

/// An apply or a rollback as it goes on, a line a step, on standard error.
class ApplyLines final : public ApplyWatcher {
  public:
    explicit ApplyLines(Terminal& terminal) : terminal_(terminal) {}
    void step(const std::string& line) override { tell(terminal_, line, 2); }

  private:
    Terminal& terminal_;
};

}  // namespace pilotpros
