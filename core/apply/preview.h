#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/interruption.h"
#include "core/apply/patched_files.h"
#include "core/apply/route.h"
#include "core/bundle/merge_override.h"
#include "core/model/bundle.h"
#include "core/model/observation.h"
#include "core/model/plan.h"
#include "core/model/project.h"
#include "core/world.h"

namespace pilotpros {

/// A Plan, and what it has become; what was shown is what is applied.
struct ApplyRequest {
    const Project& project;
    const Observation& observation;
    const Plan& plan;      ///< verified, without what must not be applied
    const Bundle& bundle;  ///< its files
    std::string hash;      ///< hash_of() the Plan that was shown
    /// What the services' containers keep in their writable layer, by service.
    std::map<std::string, std::vector<std::string>> data_in_layer;
    Replace replace = Replace::kServices;
    bool live = false;                ///< set limits in the running containers, and replace none
    bool accept_new_command = false;  ///< the user agreed to start the project with Route::command from now on
    std::map<std::string, AnnouncedInterruption> announced = {};  ///< as it was shown, by service
    /// How long a replaced service is watched after its gate, before the commit. The engine's own default interval
    /// between two health probes: what dies of its start has died by then.
    Seconds watch{30};
    bool in_place = false;  ///< the values go into the project's own files, not into an override
    /// The services that were said to be interrupted: no other is; nothing: nobody was told.
    std::optional<std::set<std::string>> agreed = std::nullopt;
};

/// What an apply is going to do to one service.
struct ServicePreview {
    std::string service;
    std::string hash;                ///< Compose's own, of the service with the change
    nlohmann::json resolved;         ///< the service with the change; holds secrets in clear
    int running = 0;                 ///< its containers that run now
    bool recreates = false;          ///< they are replaced
    bool live = false;               ///< they stay, and get their limits while they run
    bool next_up_recreates = false;  ///< unless they are replaced now
    bool limits_drifted = false;     ///< its containers run with other limits than these
    double start_seconds = 0;        ///< its slowest start seen; 0: none was
    int stop_seconds = 0;            ///< how long its program may take to stop before it is killed
    std::string why_stop_first;  ///< see why_stop_first(); empty: a second one is started before the first one stops

    [[nodiscard]] bool start_first() const { return recreates && why_stop_first.empty(); }
    [[nodiscard]] bool interrupted() const { return recreates && !start_first(); }
};

/// What an apply is going to do, to be shown before it is asked for.
struct ApplyPreview {
    Route route;
    std::vector<ServicePreview> services;  ///< in the order in which they are replaced: what others depend on first
    std::vector<BundleFile> files;         ///< as they will be written: parts of other services kept
    std::vector<PatchedFile> patched;      ///< the project's own files, where the values go into these
    std::vector<std::string> notes;        ///< what else is to be known before saying yes, one line each

    [[nodiscard]] bool recreates() const;
    [[nodiscard]] std::set<std::string> interrupted() const;
};

/// Refuses (Error, kRefused, with the reason and the next step) what must not be applied; changes nothing.
ApplyPreview preview_apply(World& world, const ApplyRequest& request);

}  // namespace pilotpros
