#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/application.h"
#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/model/project.h"

namespace pilotpros {

/// What has a service's program read its configuration again, and look names up again: the first of the programs that
/// succeeds inside its container.
struct Reload {
    std::string service;
    std::vector<apps::InsideProgram> programs;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Reload, service, programs)

/// What others may call a service on the project's networks. Pure.
std::set<std::string> names_of(const Project& project, const std::string& name);

/// Who looked up a name of this service once, as its program's own facts say: after the service's container was
/// replaced, they would go on asking its old address. Pure.
std::vector<Reload> name_users_of(const Project& project, const Observation& observation, const std::string& service);

/// The service's own, for when files that are mounted into it change under it. Pure.
std::vector<Reload> reloads_of(const Observation& observation, const std::string& service);

/// Runs each; the names of the containers in which it did not succeed.
std::vector<std::string> reload(Engine& engine, const std::string& project, const std::vector<Reload>& reloads);

/// The same for who looked up the name of `service`, after its containers changed: a line for each that was not told.
std::vector<std::string> look_up_again(Engine& engine, const std::string& project, const std::string& service,
                                       const std::vector<Reload>& users);

/// Its programs read their files again. One whose container stood all along (`stood`, by ID) and was not told goes by
/// what is taken back: throws Error (kNotRestored). A program that starts just now reads them by itself.
void require_reload(Engine& engine, const std::string& project, const std::string& service,
                    const std::vector<Reload>& reloads, const std::set<std::string>& stood);

}  // namespace pilotpros
