#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// Where a service's configs and secrets stand in its containers: absolute paths, in the order of the file. Compose
/// mounts those that come from a file, and copies the others (a text, an environment variable) into each container that
/// it makes, before the start. `resolved`: the service as Compose prints it. Source:
/// https://docs.docker.com/reference/compose-file/services/#configs and #secrets. Pure.
std::vector<std::string> given_files(const nlohmann::json& resolved);

}  // namespace pilotpros
