#include "core/compose/followers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kService = "service:";
constexpr std::array kShared{"network_mode", "pid", "ipc"};

constexpr const char* kVolumesFrom = "volumes_from";

std::string owner_in(const Json& service, const char* key) {
    const std::string mode = text(service, key);
    return mode.starts_with(kService) ? mode.substr(kService.size()) : std::string{};
}

/// As `up` has it: an ID or a name, without "container:" and without ":ro" (tried with 2.26). Empty: it stays.
std::string bound_volumes(const std::string& written,
                          const std::function<std::string(const std::string& owner)>& container) {
    constexpr std::string_view kNamed = "container:";
    const bool named = written.starts_with(kNamed);
    const std::string from = named ? written.substr(kNamed.size()) : written;
    const std::string name = from.substr(0, from.find(':'));
    return named ? name : container(name);
}

}  // namespace

Json resolved_services(const Project& project) {
    Json services = Json::object();
    for (const auto& [name, service] : project.services) {
        services[name] =
            service.profiled_out ? member(member(project.uninterpolated, "services"), name.c_str()) : service.resolved;
    }
    return services;
}

std::vector<std::string> owners_of(const Json& services, const std::string& service) {
    std::set<std::string> owners;
    for (const char* const key : kShared) {
        if (std::string owner = owner_in(member(services, service.c_str()), key); !owner.empty()) {
            owners.insert(std::move(owner));
        }
    }
    return {owners.begin(), owners.end()};
}

std::set<std::string> followers_of(const Json& services, const std::string& service) {
    std::set<std::string> found;
    std::vector<std::string> open{service};
    while (!open.empty()) {
        const std::string owner = open.back();
        open.pop_back();
        for (const auto& entry : services.items()) {
            const std::vector<std::string> owners = owners_of(services, entry.key());
            if (entry.key() != service && std::find(owners.begin(), owners.end(), owner) != owners.end() &&
                found.insert(entry.key()).second) {
                open.push_back(entry.key());
            }
        }
    }
    return found;
}

std::vector<std::string> running_followers(const Project& project, const Observation& observation,
                                           const std::string& service) {
    std::set<std::string> modes;  // "container:…" in one of the modes of those inside
    const ServiceObservation* const owner = observation.service(service);
    for (const Container& container : owner == nullptr ? std::vector<Container>{} : owner->containers) {
        modes.insert({"container:" + container.id, "container:" + container.name});
    }
    const std::set<std::string> by_files = followers_of(resolved_services(project), service);
    std::vector<std::string> running;
    for (const ServiceObservation& other : observation.services) {
        const bool inside =
            other.service != service &&
            std::any_of(other.containers.begin(), other.containers.end(), [&](const Container& container) {
                return container.running() &&
                       (by_files.contains(other.service) || modes.contains(container.network_mode) ||
                        modes.contains(container.pid_mode) || modes.contains(container.ipc_mode));
            });
        if (inside) {
            running.push_back(other.service);
        }
    }
    std::sort(running.begin(), running.end());
    return running;
}

std::vector<std::string> restarted_after(const Json& services, const std::string& service) {
    std::vector<std::string> names;
    for (const auto& entry : services.items()) {
        const std::vector<std::string> owners = owners_of(services, entry.key());
        const std::vector<std::string> links = texts(entry.value(), "links");
        const bool linked = std::any_of(links.begin(), links.end(), [&](const std::string& link) {
            return link.substr(0, link.find(':')) == service;
        });
        if (flag(member(member(entry.value(), "depends_on"), service.c_str()), "restart") && !linked &&
            std::find(owners.begin(), owners.end(), service) == owners.end()) {
            names.push_back(entry.key());
        }
    }
    return names;
}

std::string bound_to_containers(const std::string& model,
                                const std::function<std::string(const std::string& owner)>& container) {
    if (model.find(kService) == std::string::npos && !takes_volumes(model)) {
        return model;
    }
    Json json = Json::parse(model, nullptr, false);
    bool changed = false;
    if (member(json, "services").is_object()) {
        for (Json& service : json["services"]) {
            for (const char* const key : kShared) {
                const std::string owner = owner_in(service, key);
                if (const std::string id = owner.empty() ? "" : container(owner); !id.empty()) {
                    service[key] = "container:" + id;
                    changed = true;
                }
            }
            if (!member(service, kVolumesFrom).is_array()) {
                continue;
            }
            for (Json& from : service[kVolumesFrom]) {
                const std::string bound = bound_volumes(from.is_string() ? from.get<std::string>() : "", container);
                if (!bound.empty()) {
                    from = bound;
                    changed = true;
                }
            }
        }
    }
    return changed ? json.dump() : model;
}

bool takes_volumes(const std::string& model) {
    return model.find(fmt::format("\"{}\"", kVolumesFrom)) != std::string::npos;
}

std::vector<std::string> takers_of(const Json& services, const std::string& service) {
    std::vector<std::string> names;
    for (const auto& entry : services.items()) {
        const std::vector<std::string> from = texts(entry.value(), kVolumesFrom);
        if (std::any_of(from.begin(), from.end(),
                        [&](const std::string& one) { return one.substr(0, one.find(':')) == service; })) {
            names.push_back(entry.key());
        }
    }
    return names;
}

}  // namespace pilotpros
