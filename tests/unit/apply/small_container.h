#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros::testing {

/// A container of the engine in memory.
struct SmallContainer {
    std::string id, name, state;
    nlohmann::json body;  ///< as it was created
    std::vector<std::string> volumes;
    std::string image;                     ///< the ID that its name meant when it was made
    std::vector<std::string> hosts{};      ///< lines that were added to its /etc/hosts
    std::vector<std::string> looked_up{};  ///< the same as they were when its program was last told to reload
    std::map<std::string, nlohmann::json> networks{};  ///< by name: its endpoint, without an address
    int exit_code = 0;                                 ///< how it ended
    int restart_count = 0;                             ///< by its policy

    [[nodiscard]] bool matches(const std::string& label) const {
        const std::size_t equals = label.find('=');
        const nlohmann::json& labels = member(body, "Labels");
        const auto found = labels.is_object() ? labels.find(label.substr(0, equals)) : labels.end();
        return labels.is_object() && found != labels.end() &&
               (equals == std::string::npos || *found == label.substr(equals + 1));
    }
};

/// Every image but one has a volume; no image, none.
inline std::vector<std::string> volumes_of_image(const std::string& id) {
    return id.empty() || id == "sha256:lean" ? std::vector<std::string>{} : std::vector<std::string>{"/data"};
}

/// What is mounted in it: as it was asked for, then the image's volumes where nothing else is. A volume that nobody
/// named has a name that the engine made.
inline nlohmann::json mounts_of(const SmallContainer& container) {
    nlohmann::json mounts = nlohmann::json::array();
    std::set<std::string> covered;
    auto volume = container.volumes.begin();
    const auto add = [&](const std::string& type, const std::string& target, const std::string& source,
                         const char* mode) {
        nlohmann::json mount{{"Type", type}, {"Destination", target}, {"RW", true}, {"Mode", mode}};
        if (type == "volume" && volume != container.volumes.end()) {
            mount["Name"] = *volume++;
        } else if (type == "volume") {
            mount["Name"] = source.empty() ? sha256_hex(fmt::format("{} of {}", target, container.id)) : source;
        }
        covered.insert(target);
        mounts.push_back(std::move(mount));
    };
    for (const auto& mount : member(member(container.body, "HostConfig"), "Mounts")) {
        add(text(mount, "Type"), text(mount, "Target"), text(mount, "Source"),
            text(mount, "Type") == "volume" ? "z" : "");
    }
    for (const std::string& target : volumes_of_image(container.image)) {
        if (!covered.contains(target)) {
            add("volume", target, "", "");
        }
    }
    return mounts;
}

inline nlohmann::json endpoint_of(const nlohmann::json& asked) {
    return {{"Aliases", member(asked, "Aliases")}, {"IPAMConfig", nullptr}, {"Links", nullptr}};
}

/// A new one, attached to the network that it asks for.
inline SmallContainer made_from(const nlohmann::json& body, const std::string& id, const std::string& name,
                                const std::string& image) {
    SmallContainer made{id, name, "created", body, {}, image};
    for (const auto& mount : mounts_of(made)) {
        if (mount.contains("Name")) {
            made.volumes.push_back(mount["Name"]);
        }
    }
    const nlohmann::json& host = member(body, "HostConfig");
    const std::string mode = text(host, "NetworkMode");
    const std::string network = mode.empty() || mode == "default" ? "bridge" : mode;
    const nlohmann::json& endpoints = member(member(body, "NetworkingConfig"), "EndpointsConfig");
    made.networks[network] = endpoint_of(member(endpoints, network.c_str()));
    if (integer(host, "Memory") > 0 && integer(host, "MemorySwap") == 0) {
        made.body["HostConfig"]["MemorySwap"] = 2 * integer(host, "Memory");
    }
    return made;
}

/// What the engine says of it while it is in this state.
inline nlohmann::json inspection_of(const SmallContainer& container, const std::string& state, int exit_code) {
    const bool running = state == "running";
    nlohmann::json attached = nlohmann::json::object();
    for (const auto& [name, endpoint] : container.networks) {
        attached[name] = endpoint;
        attached[name]["IPAddress"] = running && name != "none" && name != "host" ? "address of " + container.id : "";
    }
    nlohmann::json config = container.body;
    config.erase("HostConfig");
    config.erase("NetworkingConfig");
    return {{"Id", container.id},
            {"Name", "/" + container.name},
            {"Image", container.image},
            {"RestartCount", container.restart_count},
            {"Config", config},
            {"HostConfig", member(container.body, "HostConfig")},
            {"Mounts", mounts_of(container)},
            {"State",
             {{"Status", state}, {"Running", running}, {"ExitCode", running ? 0 : exit_code}, {"OOMKilled", false}}},
            {"NetworkSettings", {{"Networks", attached}}}};
}

}  // namespace pilotpros::testing
