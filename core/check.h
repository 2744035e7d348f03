#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/model/advice.h"
#include "core/profile.h"

namespace pilotpros {

/// What is missing or inconsistent in the files alone: no engine is needed, nothing has to run. Where no file is found
/// the functions below throw Error (kBadInput).
struct Check {
    Project project;
    std::vector<Finding> findings;   ///< of the services that the request names, and of the project
    std::vector<std::string> files;  ///< the project's, and what these include, in merge order
    /// Of these, by the path that stands there, and of those that `extends` names.
    std::map<std::string, std::string> texts;
    /// Of the same services those of which no profile is active: advisors do not look at them, since Compose resolves
    /// them not; what rules see in them as they are written is among the findings.
    std::vector<std::string> inactive;
};
/// What one advisor says of the files.
Check check_files(World& world, const ProfileRequest& request, const std::function<Advice(const Case&)>& advisor);
/// What any advisor says of the files, and what the lint rules do (core/lint/registry.h); of images that an engine at
/// this machine's socket has, also which lacks the command of its health check (core/probe_images.h).
Check lint_files(World& world, const ProfileRequest& request);

}  // namespace pilotpros
