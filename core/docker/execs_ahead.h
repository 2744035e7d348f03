#pragma once

#include <utility>
#include <vector>

#include "core/docker/exec.h"

namespace pilotpros {

/// Programs that are known to be wanted soon are run all at once, each in its own container; whoever asks for one of
/// them then finds its result. A result is given away once: who asks again wants to know what is so now.
class ExecsAhead {
  public:
    explicit ExecsAhead(Engine& engine) : engine_(engine) {}

    /// Runs them and keeps their results. Throws as exec_all() does.
    void run_ahead(const std::vector<ExecRequest>& requests);

    [[nodiscard]] bool holds(const ExecRequest& request) const { return find(request) != kept_.end(); }

    /// As exec_all(): what was run ahead (the same program in the same container as the same user) is not run again.
    std::vector<ExecResult> run(const std::vector<ExecRequest>& requests);

  private:
    using Kept = std::vector<std::pair<ExecRequest, ExecResult>>;
    [[nodiscard]] Kept::const_iterator find(const ExecRequest& request) const;

    Engine& engine_;
    Kept kept_;
};

}  // namespace pilotpros
