#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/compose/discovery.h"

namespace pilotpros {

/// The variables by which a user steers Compose itself, as these environment files and the process's environment give
/// them. Compose is asked, because the files' syntax is Compose's; but only when one of the files mentions such a
/// variable at all. Only COMPOSE_FILE, COMPOSE_PATH_SEPARATOR, COMPOSE_PROFILES and COMPOSE_PROJECT_NAME are asked for;
/// empty ones are left out.
std::map<std::string, std::string> compose_variables(const std::vector<std::string>& environment_files,
                                                     const Surroundings& surroundings);

/// Which of two default environment files counts, in the order in which later ones win. Compose changed its mind three
/// times: up to 2.23 both, the project's winning; 2.24.0 to 2.24.5 the folder's alone; up to 2.27.0 the project's
/// alone; since then both, the folder's winning. Source: docker/compose, issue 11823. `version` as `docker compose
/// version --short` prints it.
std::vector<std::string> order_of_environment_files(const std::string& version, const std::string& in_folder,
                                                    const std::string& in_project);

/// Of `docker compose version --short`; throws Error when there is no Compose.
std::string compose_version(const Surroundings& surroundings);

}  // namespace pilotpros
