#include "core/apply/reload.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/apply/live_containers.h"
#include "core/apps/asking.h"
#include "core/docker/exec.h"
#include "core/model/json.h"

namespace pilotpros {

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

std::vector<Reload> name_users_of(const Project& project, const Observation& observation, const std::string& service) {
    const std::set<std::string> names = names_of(project, service);
    std::vector<Reload> users;
    for (const ServiceObservation& other : observation.services) {
        for (const Application& application : other.applications) {
            const apps::ApplicationModule* const module = apps::module_of(application.kind);
            if (other.service == service || module == nullptr || !module->resolved_once || !module->reload ||
                !application.facts.is_object()) {
                continue;
            }
            const std::vector<std::string> hosts = module->resolved_once(application.facts);
            if (std::any_of(hosts.begin(), hosts.end(),
                            [&](const std::string& host) { return names.contains(host); })) {
                users.push_back({other.service, module->reload(application.facts)});
            }
        }
    }
    return users;
}

std::vector<Reload> reloads_of(const Observation& observation, const std::string& service) {
    std::vector<Reload> reloads;
    for (const ServiceObservation& one : observation.services) {
        for (const Application& application : one.applications) {
            const apps::ApplicationModule* const module = apps::module_of(application.kind);
            if (one.service == service && module != nullptr && module->reload && application.facts.is_object()) {
                reloads.push_back({service, module->reload(application.facts)});
            }
        }
    }
    return reloads;
}

std::vector<std::string> reload(Engine& engine, const std::string& project, const std::vector<Reload>& reloads) {
    std::vector<std::string> failed;
    for (const Reload& one : reloads) {
        for (const LiveContainer& container : containers_of(engine, project, one.service)) {
            const bool done = container.state != "running" ||
                              std::any_of(one.programs.begin(), one.programs.end(), [&](const auto& program) {
                                  return exec(engine, {container.id, program.argv, program.user}).ok();
                              });
            if (!done) {
                failed.push_back(container.name);
            }
        }
    }
    return failed;
}

std::vector<std::string> look_up_again(Engine& engine, const std::string& project, const std::string& service,
                                       const std::vector<Reload>& users) {
    std::vector<std::string> lines;
    for (const std::string& name : reload(engine, project, users)) {
        lines.push_back(
            fmt::format("{} could not be told that {} has a new container: should it not find it, docker restart {}",
                        name, service, name));
    }
    return lines;
}

void require_reload(Engine& engine, const std::string& project, const std::string& service,
                    const std::vector<Reload>& reloads, const std::set<std::string>& stood) {
    std::vector<std::string> failed = reload(engine, project, reloads);
    for (const LiveContainer& live : containers_of(engine, project, service)) {
        if (!stood.contains(live.id)) {
            std::erase(failed, live.name);
        }
    }
    if (!failed.empty()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("{} could not be told to read its files again", fmt::join(failed, ", ")),
                    fmt::format("docker restart {}, then docker pilotpros rollback", fmt::join(failed, " ")));
    }
}

}  // namespace pilotpros
