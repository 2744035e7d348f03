#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/observe/kernel_limits.h"
#include "core/sys/clock.h"

namespace pilotpros {

/// What a container had behind it before its service was touched: only what comes on top of it is judged.
struct Past {
    int restarts = 0;
    bool oom_killed = false;
    std::optional<TimePoint> ended = {};  ///< when, where it does not run
    bool unhealthy = false;
};
using Pasts = std::map<std::string, Past>;  ///< by container ID

/// What a service has to show before a change is kept.
struct GateRequest {
    std::string project, service;
    int containers = 1;                   ///< how many have to run
    nlohmann::json resolved;              ///< the service as Compose resolves it: its limits have to be in force; null
                                          ///< where its containers are made again as they were
    bool swap_limit = true;               ///< whether the engine can limit swap; without, that is not compared
    double start_seconds = 0;             ///< how long it was seen to take to start; 0: never seen
    std::set<std::string> left_out = {};  ///< IDs of containers that are not judged: they are about to go
    std::set<int> ports = {};             ///< those that it listened on before
    /// The ports that a container listens on now; nothing where it cannot be told, which is no failure.
    std::function<std::optional<std::set<int>>(const Container&)> listening = nullptr;
    /// Whether a process of the container was killed for lack of memory, as the engine's events tell it: the container
    /// itself may live on, and its inspection says nothing of it.
    std::function<bool(const std::string& id)> oom_killed = nullptr;
    /// What the kernel holds a container to; nothing is known where the engine runs elsewhere, which is no failure.
    std::function<KernelLimits(const Container&)> held_to = nullptr;
    Pasts pasts = {};  ///< of those that were there before; any other is new
};

struct GateResult {
    bool passed = false;
    std::string said;  ///< one line: what passed, or which gate failed and why
    Seconds took{0};
    Seconds served{0};  ///< after how long it ran, was healthy and listened, the time of being stable left out
};

/// How long it may take until it is healthy: twice its slowest start seen, or twice what its own health check allows,
/// whichever is longer; 30 s to 10 min. The engine's "unhealthy" ends it sooner.
Seconds time_to_be_healthy(const Container& container, double start_seconds);
/// How long it has to run without a restart when it has no health check: as long as its start was seen to take; 5 to
/// 30 s.
Seconds time_to_be_stable(double start_seconds);

/// How long it may take until it listens again when it has no health check: twice its slowest start seen; 30 s to
/// 10 min.
Seconds time_to_listen(double start_seconds);

/// What makes a container fail for good, with the name of the gate: {"no restart", "it restarted 2 times"}; nothing
/// while it may still pass. One that had ended before, and was not started since, is no failure. Pure.
struct Failure {
    std::string gate, why;
};
std::optional<Failure> failure_of(const Container& container, const Past& past = {});

/// What the containers of a service have behind them now.
Pasts pasts_of(Engine& engine, const std::string& project, const std::string& service);
/// Leaves those of `stood`, which run untouched, and those that had ended: whoever is started begins anew. Pure.
void keep_standing(Pasts& pasts, const std::set<std::string>& stood);

/// The values of `resolved` that are not in force, e.g. "memory 128 MiB, not 256 MiB"; sizes, CPUs, pids. Pure.
std::vector<std::string> limits_not_in_force(const nlohmann::json& resolved, const Limits& limits, bool swap_limit);

/// The same by the kernel's own word; what it was not asked for is left out. Pure.
std::vector<std::string> limits_not_held(const nlohmann::json& resolved, const KernelLimits& held, bool swap_limit);

/// Waits until the service is running, healthy (or stable), listens where it did, without a restart or an OOM kill, and
/// has the limits that it should have. Throws EngineLost, and Interrupted when the user wants to stop.
GateResult pass_gate(Engine& engine, const Clock& clock, const GateRequest& request);

}  // namespace pilotpros
