#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/snapshot.h"
#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/model/plan.h"

namespace pilotpros {

/// Leaves the Changes that the engine can make to a running container, and of those the ones that do not stand or fall
/// with another: memory with swap and reservation, CPUs, CPU weight, processes (POST /containers/{id}/update). Each of
/// the others becomes a LeftAlone. Pure.
void keep_live(Plan& plan);

/// What POST /containers/{id}/update is to be told.
struct LiveUpdate {
    nlohmann::json body = nlohmann::json::object();  ///< empty: the container has these limits
    std::string why_not;                             ///< set: it cannot be done while the container runs, or safely
};

/// `used`: what the container holds of memory now, page cache that can go at once left out. Memory and swap go
/// together, swap as Compose would have it (twice the memory where nothing is said): either alone is refused by the
/// engine or leaves the other behind (moby, daemon/daemon_unix.go, verifyPlatformContainerResources). Pure.
LiveUpdate live_update(const Limits& asked, const nlohmann::json& inspect, std::optional<Bytes> used, bool swap_limit);

/// The updates that take a container back to its limits of before, one after the other.
struct LiveUndo {
    std::vector<nlohmann::json> bodies;
    std::vector<std::string> left;  ///< limits that were not set before, and are as large as the machine now: the
                                    ///< engine can raise a limit of a running container, and cannot take one away
};
LiveUndo live_undo(const nlohmann::json& before, const nlohmann::json& now, Bytes host_memory, int host_cpus);

/// Those of limits_not_in_force() that can be set while a container runs: all but the size of /dev/shm. Pure.
std::vector<std::string> limits_to_set(const nlohmann::json& resolved, const Limits& limits, bool swap_limit);

/// Gives every running container of the service the limits that it has as Compose resolves it. Throws Error: kRefused
/// where it cannot be done, kGateFailed where the engine does not take them or does not read them back.
void set_limits(Engine& engine, const std::string& project, const std::string& service, const nlohmann::json& resolved,
                bool swap_limit);

/// Takes back what set_limits() did to those containers of the snapshot that still run; one line for each whose limits
/// cannot be what they were until it is made anew.
std::vector<std::string> restore_limits(Engine& engine, const ServiceRecord& service, const Path& directory,
                                        const Files& files);

}  // namespace pilotpros
