#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// One service as Compose resolves it.
struct Service {
    std::string name;
    std::string image;   ///< empty when it is only built
    bool built = false;  ///< has a build section
    int replicas = 1;
    bool profiled_out = false;  ///< its profile is not active
    /// The service as `docker compose config` prints it. Holds secrets in clear: never printed, never written.
    nlohmann::json resolved;
    nlohmann::json extension;  ///< its own `x-pilotpros`, or null
};

/// A Compose project: what the user's own `docker compose` makes of the files, ours left out.
struct Project {
    std::string name;
    std::string working_directory;       ///< against which relative paths resolve
    std::vector<std::string> files;      ///< absolute, in merge order, without ours; "-" for standard input
    std::vector<std::string> our_files;  ///< files of ours that plain `up` would merge
    std::vector<std::string> environment_files;
    std::vector<std::string> profiles;
    bool from_labels =
        false;             ///< no files: known by its containers alone; nothing was resolved, nothing can be applied
    std::string found_by;  ///< e.g. "compose.yaml in this folder", "labels of the running project"
    std::vector<std::string>
        compose_command;         ///< docker, its global flags, "compose", and the selectors that give this base
    std::string standard_input;  ///< the file's text when files holds "-"
    std::map<std::string, Service> services;
    nlohmann::json extension;           ///< top-level `x-pilotpros`, or null
    nlohmann::json uninterpolated;      ///< the model with ${…} as written; may hold secrets as the user wrote them
    std::vector<std::string> warnings;  ///< what Compose said on standard error
};

}  // namespace pilotpros
