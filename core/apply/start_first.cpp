#include "core/apply/start_first.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

#include "core/model/advice.h"
#include "core/model/json.h"
#include "core/model/units.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// A service, and all that may hold its containers to one at a time.
struct Candidate {
    const Json& services;
    const std::string& name;
    const Json& resolved;
    const ServiceObservation* seen;
    const std::map<std::string, Image>& images;
};

std::string containers_of_it(const Candidate& one) {
    if (one.seen == nullptr || one.seen->containers.empty() || one.seen->refused) {
        return "its containers are not known";
    }
    const bool all_run = std::all_of(one.seen->containers.begin(), one.seen->containers.end(),
                                     [](const Container& container) { return container.running(); });
    return all_run ? "" : "one of its containers does not run";  // Compose would start that one instead of a new one
}

std::string own_wish(const Candidate& one) {
    return text(member(member(one.resolved, "deploy"), "update_config"), "order") == "stop-first"
               ? "its update_config says stop-first"
               : "";
}

std::string identity(const Candidate& one) {
    if (!text(one.resolved, "container_name").empty()) {
        return fmt::format("its container_name is {}", text(one.resolved, "container_name"));
    }
    if (!text(one.resolved, "hostname").empty()) {
        return fmt::format("its hostname is {}", text(one.resolved, "hostname"));
    }
    if (!text(one.resolved, "mac_address").empty()) {
        return "its MAC address is fixed";
    }
    for (const std::string& network : keys(one.resolved, "networks")) {
        const Json& endpoint = one.resolved["networks"][network];
        if (!text(endpoint, "ipv4_address").empty() || !text(endpoint, "ipv6_address").empty() ||
            !texts(endpoint, "link_local_ips").empty()) {
            return fmt::format("its address on the network {} is fixed", network);
        }
        if (!text(endpoint, "mac_address").empty()) {
            return fmt::format("its MAC address on the network {} is fixed", network);
        }
    }
    return {};
}

std::string published_ports(const Candidate& one) {
    std::set<std::string> ports;
    for (const Json& port : member(one.resolved, "ports")) {
        const std::string published = text(port, "published");
        ports.insert(published.empty() ? fmt::format("for {}", integer(port, "target")) : published);
    }
    for (const Container& container : one.seen->containers) {
        for (const PortBinding& port : container.ports) {
            if (!port.host_port.empty()) {
                ports.insert(port.host_port);
            }
        }
    }
    return ports.empty() ? ""
                         : fmt::format("it publishes port{} {}", ports.size() == 1 ? "" : "s", fmt::join(ports, ", "));
}

/// Host's, or another container's.
std::string shared_namespaces(const Candidate& one) {
    for (const auto& [key, what] : {std::pair{"network_mode", "network"},
                                    {"pid", "processes"},
                                    {"ipc", "shared memory"},
                                    {"uts", "host name"},
                                    {"userns_mode", "users"}}) {
        const std::string mode = text(one.resolved, key);
        const std::size_t colon = mode.find(':');
        if (mode == "host") {
            return fmt::format("it shares the host's {}", what);
        }
        if (colon != std::string::npos) {
            return fmt::format("it shares the {} of {}", what, mode.substr(colon + 1));
        }
        if (mode == "shareable") {
            return fmt::format("it lets others share its {}", what);
        }
    }
    return {};
}

std::string power_over_the_host(const Candidate& one) {
    if (flag(one.resolved, "privileged")) {
        return "it is privileged, and may hold what only one can have";
    }
    for (const Json& device : member(one.resolved, "devices")) {
        return fmt::format("it holds the device {}",
                           device.is_string() ? device.get<std::string>() : text(device, "source"));
    }
    const Json& reserved = member(member(member(one.resolved, "deploy"), "resources"), "reservations");
    return member(reserved, "devices").empty() ? "" : "it reserves devices";
}

std::string writable_volumes(const Candidate& one) {
    const auto may_write = [](const std::string& target, const std::string& type, const std::string& source) {
        return fmt::format("it may write to {} ({})", target,
                           source.empty() ? "a volume without a name" : fmt::format("{} {}", type, source));
    };
    std::set<std::string> covered;
    for (const std::string& mount : texts(one.resolved, "tmpfs")) {
        covered.insert(mount.substr(0, mount.find(':')));
    }
    for (const Json& mount : member(one.resolved, "volumes")) {
        const std::string type = text(mount, "type");
        covered.insert(text(mount, "target"));
        if (type != "tmpfs" && !flag(mount, "read_only")) {
            return may_write(text(mount, "target"), type, text(mount, "source"));
        }
    }
    for (const Json& other : member(one.resolved, "volumes_from")) {
        return fmt::format("it has the volumes of {}", other.is_string() ? other.get<std::string>() : "another");
    }
    for (const Container& container : one.seen->containers) {
        for (const Mount& mount : container.mounts) {
            if (mount.type != "tmpfs" && mount.writable) {
                return may_write(mount.destination, mount.type,
                                 mount.anonymous      ? ""
                                 : mount.name.empty() ? mount.source
                                                      : mount.name);
            }
        }
    }
    const auto image = one.images.find(one.seen->image_id);
    if (image == one.images.end()) {
        return "the volumes of its image are not known";
    }
    for (const std::string& target : image->second.volumes) {
        if (!covered.contains(target)) {
            return may_write(target, "volume", "");
        }
    }
    return {};
}

/// Who holds on to this very container, not to its name.
std::string others_that_hold_it(const Candidate& one) {
    for (const auto& [other, service] : one.services.items()) {
        for (const char* key : {"network_mode", "pid", "ipc"}) {
            if (other != one.name && text(service, key) == "service:" + one.name) {
                return fmt::format("{} shares its {}", other, key == std::string{"network_mode"} ? "network" : key);
            }
        }
        for (const std::string& link : texts(service, "links")) {
            if (link.substr(0, link.find(':')) == one.name) {
                return fmt::format("{} links to it", other);
            }
        }
        for (const std::string& from : texts(service, "volumes_from")) {
            if (from.substr(0, from.find(':')) == one.name) {
                return fmt::format("{} has its volumes", other);
            }
        }
    }
    return {};
}

}  // namespace

std::string why_stop_first(const Json& services, const std::string& name, const ServiceObservation* seen,
                           const std::map<std::string, Image>& images) {
    const Candidate one{services, name, member(services, name.c_str()), seen, images};
    for (const auto& reason : {containers_of_it, own_wish, identity, published_ports, shared_namespaces,
                               power_over_the_host, writable_volumes, others_that_hold_it}) {
        if (std::string why = reason(one); !why.empty()) {
            return why;
        }
    }
    return {};
}

std::string why_no_room_for_two(const Observation& observation, const std::string& name) {
    if (!observation.engine || observation.engine->memory == 0) {
        return {};
    }
    Bytes used = observation.engine->others_memory;
    Bytes more = 0;
    for (const ServiceObservation& service : observation.services) {
        const Bytes need = usage_of(service).need_peak() * static_cast<Bytes>(service.containers.size());
        used += need;
        more += service.service == name ? need : 0;
    }
    return used + more <= observation.engine->memory
               ? ""
               : fmt::format("{} more for a second one is more than the machine's {} have beside the {} in use",
                             format_bytes(more), format_bytes(observation.engine->memory), format_bytes(used));
}

}  // namespace pilotpros
