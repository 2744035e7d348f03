#include "core/apply/creation.h"

#include <set>

#include "core/docker/engine.h"
#include "core/docker/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

Json endpoint_of(const Json& network, const std::string& short_id) {
    Json endpoint = Json::object();
    for (const char* key : {"IPAMConfig", "Links", "DriverOpts"}) {
        if (!member(network, key).is_null()) {
            endpoint[key] = network[key];
        }
    }
    Json aliases = Json::array();
    for (const std::string& alias : texts(network, "Aliases")) {
        if (alias != short_id) {  // engines before 26 add it themselves
            aliases.push_back(alias);
        }
    }
    endpoint["Aliases"] = aliases;
    return endpoint;
}

bool has_networks(const std::string& mode) {
    return mode != "host" && mode != "none" && !mode.starts_with("container:");
}

/// Mounts, with the volumes that nobody named under the names that they were given.
Json mounts_of(const Json& inspect) {
    const Json& host = member(inspect, "HostConfig");
    Json mounts = member(host, "Mounts").is_array() ? host["Mounts"] : Json::array();
    std::set<std::string> known;
    const auto volume_at = [&](const std::string& destination) {
        for (const Json& mount : member(inspect, "Mounts")) {
            if (text(mount, "Type") == "volume" && text(mount, "Destination") == destination) {
                return text(mount, "Name");
            }
        }
        return std::string{};
    };
    for (Json& mount : mounts) {
        known.insert(text(mount, "Target"));
        if (text(mount, "Type") == "volume" && text(mount, "Source").empty()) {
            mount["Source"] = volume_at(text(mount, "Target"));
        }
    }
    for (const std::string& bind : texts(host, "Binds")) {
        const std::size_t first = bind.find(':');
        if (first != std::string::npos) {
            known.insert(bind.substr(first + 1, bind.find(':', first + 1) - first - 1));
        }
    }
    for (const Json& mount : member(inspect, "Mounts")) {
        const std::string type = text(mount, "Type");
        const bool of_others = type == "bind" && !member(host, "VolumesFrom").empty();
        if ((type == "volume" || of_others) && !known.contains(text(mount, "Destination"))) {
            mounts.push_back({{"Type", type},
                              {"Source", text(mount, of_others ? "Source" : "Name")},
                              {"Target", text(mount, "Destination")},
                              {"ReadOnly", !flag(mount, "RW")}});
        }
    }
    return mounts;
}

}  // namespace

Json creation_of(const Json& inspect, const std::string& image) {
    Json body = member(inspect, "Config");
    const std::string short_id = text(inspect, "Id").substr(0, kShortId);
    body["Image"] = image;
    if (text(body, "Hostname") == short_id) {
        body.erase("Hostname");  // the engine gave it; the new container gets its own
    }
    const Json& host = member(inspect, "HostConfig");
    body["HostConfig"] = host;
    body["HostConfig"]["Mounts"] = mounts_of(inspect);
    body["HostConfig"].erase("VolumesFrom");  // what came from there is among the mounts
    const std::string mode = text(host, "NetworkMode");
    if (mode.starts_with("container:")) {
        // The other container's own, which the engine tells as this one's and takes from nobody (moby,
        // runconfig/hostconfig_unix.go, validateNetMode).
        for (const char* key : {"Hostname", "Domainname", "ExposedPorts", "MacAddress"}) {
            body.erase(key);
        }
    }
    const Json& networks = member(member(inspect, "NetworkSettings"), "Networks");
    if (has_networks(mode) && networks.is_object() && networks.contains(mode)) {
        body["NetworkingConfig"] = {{"EndpointsConfig", {{mode, endpoint_of(networks[mode], short_id)}}}};
    }
    return body;
}

Json further_networks_of(const Json& inspect) {
    const std::string mode = text(member(inspect, "HostConfig"), "NetworkMode");
    const std::string short_id = text(inspect, "Id").substr(0, kShortId);
    Json further = Json::object();
    if (has_networks(mode)) {
        for (const auto& [name, network] : member(member(inspect, "NetworkSettings"), "Networks").items()) {
            if (name != mode) {
                further[name] = endpoint_of(network, short_id);
            }
        }
    }
    return further;
}

}  // namespace pilotpros
