#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/snapshot.h"
#include "core/docker/engine.h"

namespace pilotpros {

/// The configs and secrets that Compose copied into a container (core/compose/given_files.h), as one archive with their
/// modes and owners; those that are mounted left out. Empty when there are none. Throws Error, EngineLost.
std::string given_to(Engine& engine, const nlohmann::json& inspect, const std::vector<std::string>& paths);

/// Puts them into a container that was made again, before its start. Throws Error (kNotRestored).
void give_again(Engine& engine, const std::string& container, const ContainerRecord& record, const Path& directory,
                const Files& files);

}  // namespace pilotpros
