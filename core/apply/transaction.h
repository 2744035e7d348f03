#pragma once

#include <string>
#include <vector>

#include "core/apply/route.h"
#include "core/docker/engine.h"
#include "core/model/bundle.h"
#include "core/model/observation.h"
#include "core/model/plan.h"
#include "core/model/project.h"
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

/// The Changes of one service, and what they have become; what was shown is what is applied.
struct ApplyRequest {
    const Project& project;
    const Observation& observation;
    const Plan& plan;                        ///< narrowed to one service, verified
    const Bundle& bundle;                    ///< its files
    std::string hash;                        ///< hash_of() the Plan that was shown
    std::vector<std::string> data_in_layer;  ///< what the service's containers keep in their writable layer
    bool accept_new_command = false;         ///< the user agreed to start the project with Route::command from now on
};

/// What an apply is going to do, to be shown before it is asked for.
struct ApplyPreview {
    Route route;
    std::string service;
    std::vector<BundleFile> files;   ///< as they will be written: parts of other services kept
    std::string hash;                ///< Compose's own, of the service with the change
    nlohmann::json resolved;         ///< the service with the change; holds secrets in clear
    bool recreates = false;          ///< it runs, and its containers are replaced
    std::vector<std::string> notes;  ///< what else is to be known before saying yes, one line each
};

/// Refuses (Error, kRefused, with the reason and the next step) what must not be applied; changes nothing.
ApplyPreview preview_apply(World& world, const ApplyRequest& request);

struct ApplyResult {
    ExitCode code = ExitCode::kDone;  ///< kDone; kRefused, kGateFailed, kInterrupted: everything is as it was
    std::string id;                   ///< of the transaction; empty when there was nothing to do
    Route route;
    bool recreated = false;
    std::string said;  ///< one line: what the gate said, or why it was taken back
};

/// One transaction: lock, snapshot, files, route, the one service recreated by Compose, gate, commit; or all of it
/// taken back. A kill at any moment leaves a journal that finish_pending() reads. Throws Error: kRefused before
/// anything was touched, EngineLost with the journal pending, kNotRestored with what is left to do.
ApplyResult apply_plan(World& world, Engine& engine, const ApplyRequest& request, ApplyWatcher& watcher);

/// Whose lock it is: this machine and state directory.
std::string lock_owner(const World& world);

}  // namespace pilotpros
