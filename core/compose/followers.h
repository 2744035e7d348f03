#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/observation.h"
#include "core/model/project.h"

namespace pilotpros {

// A follower is a service that runs inside the container of another one, its owner: network_mode, pid or ipc
// "service:OWNER" (compose-spec, 05-services.md). The engine binds it to that very container: once that is replaced or
// started again, the follower is cut off until it is made anew, too.

/// The project's services as Compose resolves them, those of inactive profiles as they are written. Pure.
nlohmann::json resolved_services(const Project& project);

/// Those that `service` follows; `services` as Compose resolves them. Pure.
std::vector<std::string> owners_of(const nlohmann::json& services, const std::string& service);
/// Those that follow `service`, directly or through others. Pure.
std::set<std::string> followers_of(const nlohmann::json& services, const std::string& service);
/// Those with a container that runs inside of this service's now: by the files, or by what the very containers
/// share. Pure.
std::vector<std::string> running_followers(const Project& project, const Observation& observation,
                                           const std::string& service);
/// Those that ask to be restarted once `service` was replaced (depends_on, "restart: true"); apart from its followers
/// and from those that link to it, of whom Compose says so by itself. Pure.
std::vector<std::string> restarted_after(const nlohmann::json& services, const std::string& service);

/// The model as `up` hashes it: with an owner's first container in the place of its name, also of one whose volumes are
/// taken (volumes_from; tried with 2.26). `container`: its ID, empty where there is none. Pure.
std::string bound_to_containers(const std::string& model,
                                const std::function<std::string(const std::string& owner)>& container);
/// Whether a service of this model may take the volumes of another one's container. Pure.
bool takes_volumes(const std::string& model);
/// Those that take the volumes of `service`: they keep them when it is replaced, and the next `up` makes them anew.
/// Pure.
std::vector<std::string> takers_of(const nlohmann::json& services, const std::string& service);

}  // namespace pilotpros
