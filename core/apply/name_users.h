#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/model/project.h"

namespace pilotpros {

/// A service whose program looked another service's name up once, and what makes it look again.
struct NameUser {
    std::string service;
    std::vector<std::string> reload;  ///< a program, run inside its container
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(NameUser, service, reload)

/// Who looked up a name of this service once, as its program's own facts say: after the service's container was
/// replaced, they would go on asking its old address. Pure.
std::vector<NameUser> name_users_of(const Project& project, const Observation& observation, const std::string& service);

/// Has each of them look again; the names of those that would not.
std::vector<std::string> look_up_again(Engine& engine, const std::string& project, const std::vector<NameUser>& users);

}  // namespace pilotpros
