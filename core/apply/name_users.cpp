#include "core/apply/name_users.h"

#include <algorithm>
#include <set>

#include "core/apply/recreate.h"
#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/docker/exec.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

/// What others may call it on the project's networks.
std::set<std::string> names_of(const Project& project, const std::string& name) {
    std::set<std::string> names{name};
    const auto service = project.services.find(name);
    if (service == project.services.end()) {
        return names;
    }
    const nlohmann::json& resolved = service->second.resolved;
    names.insert(text(resolved, "container_name"));
    for (const nlohmann::json& network : member(resolved, "networks")) {
        for (const std::string& alias : texts(network, "aliases")) {
            names.insert(alias);
        }
    }
    names.erase("");
    return names;
}

}  // namespace

std::vector<NameUser> name_users_of(const Project& project, const Observation& observation,
                                    const std::string& service) {
    const std::set<std::string> names = names_of(project, service);
    std::vector<NameUser> users;
    for (const ServiceObservation& other : observation.services) {
        for (const Application& application : other.applications) {
            const apps::ApplicationModule* const module = apps::module_of(application.kind);
            if (other.service == service || module == nullptr || !module->resolved_once) {
                continue;
            }
            const std::vector<std::string> hosts = module->resolved_once(application.facts);
            if (std::any_of(hosts.begin(), hosts.end(),
                            [&](const std::string& host) { return names.contains(host); })) {
                users.push_back({other.service, module->reload});
            }
        }
    }
    return users;
}

std::vector<std::string> look_up_again(Engine& engine, const std::string& project, const std::vector<NameUser>& users) {
    std::vector<std::string> failed;
    for (const NameUser& user : users) {
        for (const LiveContainer& container : containers_of(engine, project, user.service)) {
            if (container.state == "running" && !exec(engine, {container.id, user.reload, ""}).ok()) {
                failed.push_back(container.name);
            }
        }
    }
    return failed;
}

}  // namespace pilotpros
