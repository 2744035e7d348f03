#pragma once

#include <string>
#include <vector>

#include "core/apply/preview.h"
#include "core/docker/engine.h"
#include "core/model/error.h"
#include "core/world.h"

namespace pilotpros {

/// Whoever watches an apply or a rollback.
class ApplyWatcher {
  public:
    ApplyWatcher() = default;
    ApplyWatcher(const ApplyWatcher&) = delete;
    ApplyWatcher& operator=(const ApplyWatcher&) = delete;
    ApplyWatcher(ApplyWatcher&&) = delete;
    ApplyWatcher& operator=(ApplyWatcher&&) = delete;
    virtual ~ApplyWatcher() = default;

    /// One line about what is being done now.
    virtual void step(const std::string& /*line*/) {}
};

struct ApplyResult {
    ExitCode code = ExitCode::kDone;  ///< kDone; kRefused, kGateFailed, kInterrupted: everything is as it was
    std::string id;                   ///< of the transaction; empty when there was nothing to do
    Route route;
    std::vector<std::string> recreated;  ///< services whose containers were replaced
    std::vector<std::string> said;       ///< what the gates said, or why it was taken back; a line each
};

/// One transaction: lock, snapshot, files, route; then one service after the other recreated by Compose, each through
/// its gate before the next; commit; or all of it taken back. A kill at any moment leaves a journal that
/// finish_pending() reads. Throws Error: kRefused before anything was touched, EngineLost with the journal pending,
/// kNotRestored with what is left to do.
ApplyResult apply_plan(World& world, Engine& engine, const ApplyRequest& request, ApplyWatcher& watcher);

}  // namespace pilotpros
