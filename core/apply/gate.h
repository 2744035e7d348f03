#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/sys/clock.h"

namespace pilotpros {

/// What a service has to show before a change is kept.
struct GateRequest {
    std::string project, service;
    int containers = 1;                   ///< how many have to run
    nlohmann::json resolved;              ///< the service as Compose resolves it: its limits have to be in force
    bool swap_limit = true;               ///< whether the engine can limit swap; without, that is not compared
    double start_seconds = 0;             ///< how long it was seen to take to start; 0: never seen
    std::set<std::string> left_out = {};  ///< IDs of containers that are not judged: they are about to go
};

struct GateResult {
    bool passed = false;
    std::string said;  ///< one line: what passed, or what failed
    Seconds took{0};
};

/// How long it may take until it is healthy: twice its slowest start seen, or twice what its own health check allows,
/// whichever is longer; 30 s to 10 min. The engine's "unhealthy" ends it sooner.
Seconds time_to_be_healthy(const Container& container, double start_seconds);
/// How long it has to run without a restart when it has no health check: as long as its start was seen to take; 5 to
/// 30 s.
Seconds time_to_be_stable(double start_seconds);

/// The values of `resolved` that are not in force, e.g. "memory 128 MiB, not 256 MiB"; sizes, CPUs, pids. Pure.
std::vector<std::string> limits_not_in_force(const nlohmann::json& resolved, const Limits& limits, bool swap_limit);

/// Waits until the service is running, healthy (or stable), without a restart or an OOM kill, and has the limits that
/// it should have. Throws EngineLost, and Interrupted when the user wants to stop.
GateResult pass_gate(Engine& engine, const Clock& clock, const GateRequest& request);

}  // namespace pilotpros
