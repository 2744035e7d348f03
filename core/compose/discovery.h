#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/project.h"
#include "core/sys/cancel.h"
#include "core/sys/environment.h"
#include "core/sys/files.h"
#include "core/sys/process.h"

namespace pilotpros {

/// Compose's own selectors, as the user typed them; relative paths are relative to the user's folder.
struct Selectors {
    std::vector<std::string> files;                ///< -f; "-" is standard input
    std::optional<std::string> project_name;       ///< -p
    std::optional<std::string> project_directory;  ///< --project-directory
    std::vector<std::string> env_files;            ///< --env-file
    std::vector<std::string> profiles;             ///< --profile
};

/// What discovery may look at. The environment must be the one that our children inherit: Compose reads it, too.
struct Surroundings {
    const Environment& environment;
    const Files& files;
    Process& process;
    const Cancel& cancel;
    Engine* engine = nullptr;         ///< null: there is none, or it does not answer
    std::vector<std::string> docker;  ///< "docker" and the global flags it was given
    std::function<std::string()> read_standard_input;
};

/// Which project the user means, and what Compose makes of its files without ours. In the order of trying: -f,
/// COMPOSE_FILE, Compose's default names in the folder and above, the labels of the containers (-p, or the folder that
/// a project was started from). Throws Error: kBadInput when a file is missing or Compose refuses it, kUsage when it is
/// not clear which project is meant, kEngineNeeded when only a running project could tell and there is no engine. No
/// message carries a value of the user's.
Project discover(const Selectors& selectors, const Surroundings& surroundings);

/// Throws Error (kUsage), naming the nearest services, unless each of `names` is a service of the project.
void require_services(const Project& project, const std::vector<std::string>& names);

}  // namespace pilotpros
