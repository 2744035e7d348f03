#pragma once

#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/observation.h"

namespace pilotpros {

/// A container of a service, as the engine's list has it.
struct LiveContainer {
    std::string id, name, state;
    [[nodiscard]] bool running() const { return state == "running" || state == "restarting" || state == "paused"; }
};

/// The service's containers, running or not; those of `docker compose run` and Compose's helpers left out.
std::vector<LiveContainer> containers_of(Engine& engine, const std::string& project, const std::string& service);
/// The service with its containers as the engine has them now, and nothing else of it.
ServiceObservation observed_now(Engine& engine, const std::string& project, const std::string& service);

}  // namespace pilotpros
