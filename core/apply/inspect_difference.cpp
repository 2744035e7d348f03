#include "core/apply/inspect_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/apply/followers.h"
#include "core/docker/engine.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

void replace_all(std::string& text, const std::string& what, const std::string& with) {
    if (what.empty()) {
        return;
    }
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

/// Its own ID stands in host name, aliases and paths, and so do those of the containers that it runs inside of: the
/// same in both from here on.
Json without_id(const Json& inspect) {
    std::string dumped = inspect.dump(-1, ' ', false, Json::error_handler_t::replace);
    const std::string id = text(inspect, "Id");
    replace_all(dumped, id, "ID");
    replace_all(dumped, id.substr(0, kShortId), "ID");
    for (const std::string& owner : bindings_of(inspect)) {
        replace_all(dumped, owner, "OWNER");
        replace_all(dumped, owner.substr(0, kShortId), "OWNER");
    }
    return Json::parse(dumped, nullptr, false);
}

bool matches(const std::string& path, const std::string& field) {
    const std::size_t star = field.find('*');
    if (star == std::string::npos) {
        return path == field || path.starts_with(field + ".");
    }
    return path.starts_with(field.substr(0, star)) && path.ends_with(field.substr(star + 1));
}

bool must_differ(const std::string& path) {
    const std::vector<std::string>& fields = fields_that_must_differ();
    return std::any_of(fields.begin(), fields.end(), [&](const std::string& one) { return matches(path, one); });
}

/// The engine writes "z" where a volume was asked for, and nothing where the image has it: made again it is asked for.
Json without_mode(Json mounts) {
    for (Json& mount : mounts) {
        if (text(mount, "Type") == "volume" && text(mount, "Mode") == "z") {
            mount["Mode"] = "";
        }
    }
    return mounts;
}

/// A list whose order means nothing is compared as a set; the engine gives mounts and names in any.
Json in_order(Json list) {
    std::sort(list.begin(), list.end(), [](const Json& left, const Json& right) { return left.dump() < right.dump(); });
    return list;
}

void flatten(const Json& value, const std::string& path, std::map<std::string, Json>& into) {
    if (!path.empty() && must_differ(path)) {
        return;
    }
    if (value.is_object() && !value.empty()) {
        for (const auto& [key, below] : value.items()) {
            flatten(below, path.empty() ? key : fmt::format("{}.{}", path, key), into);
        }
    } else if (path == "Config.Env" && value.is_array()) {
        for (const Json& one : value) {
            const std::string variable = one.is_string() ? one.get<std::string>() : "";
            into[path + "." + variable.substr(0, variable.find('='))] = one;
        }
    } else {
        const bool set = path == "Mounts" || path.ends_with(".Aliases");
        // The engine writes "none" as null, as an empty list or not at all.
        const bool none = value.is_null() || ((value.is_array() || value.is_object()) && value.empty());
        if (!none) {
            into[path] = !set || !value.is_array() ? value : in_order(path == "Mounts" ? without_mode(value) : value);
        }
    }
}

std::string what_is_there(const Json& value) {
    return value.is_number() || value.is_boolean() ? value.dump() : value.is_null() ? "nothing" : "another value";
}

}  // namespace

const std::vector<std::string>& fields_that_must_differ() {
    static const std::vector<std::string> kFields{
        "Id",
        "Created",
        "State",
        "RestartCount",
        "GraphDriver",
        "ExecIDs",
        "NetworkSettings.SandboxID",
        "NetworkSettings.SandboxKey",
        "NetworkSettings.EndpointID",
        "NetworkSettings.IPAddress",
        "NetworkSettings.MacAddress",
        "NetworkSettings.GlobalIPv6Address",
        "NetworkSettings.Ports",
        "NetworkSettings.Networks.*.EndpointID",
        "NetworkSettings.Networks.*.IPAddress",
        "NetworkSettings.Networks.*.MacAddress",
        "NetworkSettings.Networks.*.GlobalIPv6Address",
        "HostConfig.Mounts",
        "HostConfig.VolumesFrom",
    };
    return kFields;
}

std::vector<std::string> differences(const Json& was, const Json& is) {
    std::map<std::string, Json> before;
    std::map<std::string, Json> after;
    flatten(without_id(was), "", before);
    flatten(without_id(is), "", after);
    std::set<std::string> paths;
    for (const auto& [path, value] : before) {
        paths.insert(path);
    }
    for (const auto& [path, value] : after) {
        paths.insert(path);
    }
    std::vector<std::string> lines;
    for (const std::string& path : paths) {
        const Json then = before.contains(path) ? before.at(path) : Json();
        const Json now = after.contains(path) ? after.at(path) : Json();
        if (then != now) {
            lines.push_back(fmt::format("{}: {}, was {}", path, what_is_there(now), what_is_there(then)));
        }
    }
    return lines;
}

}  // namespace pilotpros
