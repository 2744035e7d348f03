#include "core/apply/data_volumes.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

bool lies_at_or_below(const std::string& path, const std::string& above) {
    const auto relative = std::filesystem::path{path}.lexically_normal().lexically_relative(
        std::filesystem::path{above}.lexically_normal());
    return !relative.empty() && *relative.begin() != "..";
}

/// Where the service mounts anything already, as its files have it.
std::vector<std::string> mounted_places(const Project& project, const std::string& name) {
    std::vector<std::string> places;
    const auto service = project.services.find(name);
    if (service == project.services.end()) {
        return places;
    }
    for (const Json& mount : member(service->second.resolved, "volumes")) {
        places.push_back(text(mount, "target"));
    }
    for (const std::string& place : texts(service->second.resolved, "tmpfs")) {
        places.push_back(place.substr(0, place.find(':')));
    }
    std::erase(places, "");
    return places;
}

/// "SOURCE:TARGET[:MODE]" of the short form, or the member of the long one.
std::pair<std::string, std::string> source_and_target(const Json& mount) {
    if (!mount.is_string()) {
        return {text(mount, "source"), text(mount, "target")};
    }
    const auto words = mount.get<std::string>();
    const std::size_t first = words.find(':');
    if (first == std::string::npos) {
        return {"", words};
    }
    return {words.substr(0, first), words.substr(first + 1, words.find(':', first + 1) - first - 1)};
}

std::optional<std::string> wrong_mount(const Json& mount, const std::vector<std::string>& places, bool memory) {
    const auto [source, target] =
        memory ? std::pair{std::string{}, mount.is_string()
                                              ? mount.get<std::string>().substr(0, mount.get<std::string>().find(':'))
                                              : std::string{}}
               : source_and_target(mount);
    const bool ours = source.starts_with("./.pilotpros/") && source.find("/../") == std::string::npos;
    const bool bind = mount.is_string() || text(mount, "type") == "bind";
    if (!memory && (!ours || !bind)) {
        return fmt::format("it would mount {} at {}: only folders of ours are ever added, never a volume",
                           source.empty() ? "a volume" : source, target);
    }
    for (const std::string& place : places) {
        if (target.empty() || lies_at_or_below(target, place) || lies_at_or_below(place, target)) {
            return fmt::format("it would mount something at {}, where {} is mounted", target, place);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> touches_data(const Change& change, const Project& project) {
    if (change.target.kind != Target::Kind::kCompose || change.target.path.empty()) {
        return std::nullopt;
    }
    const std::string& key = change.target.path.front();
    if (key == "volumes_from") {
        return "it would mount another service's volumes";
    }
    if (key != "volumes" && key != "tmpfs") {
        return std::nullopt;
    }
    if (change.target.path.size() > 1 || !change.after.is_array()) {
        return "it would change a mount, which is never done";
    }
    const std::vector<std::string> places = mounted_places(project, change.service);
    for (const Json& mount : change.after) {
        if (auto why = wrong_mount(mount, places, key == "tmpfs")) {
            return why;
        }
    }
    return std::nullopt;
}

std::vector<std::string> volumes_that_differ(const Json& before, const Json& now) {
    std::vector<std::string> lines;
    const auto missing = [&](const Json& from, const Json& in, const char* when) {
        const Json& others = member(in, "Mounts");
        for (const Json& mount : member(from, "Mounts")) {
            const bool there =
                text(mount, "Type") != "volume" || std::any_of(others.begin(), others.end(), [&](const Json& other) {
                    return text(other, "Name") == text(mount, "Name") &&
                           text(other, "Destination") == text(mount, "Destination");
                });
            if (!there) {
                lines.push_back(
                    fmt::format("{} {} the volume {}", text(mount, "Destination"), when, text(mount, "Name")));
            }
        }
    };
    missing(now, before, "is");
    missing(before, now, "was");
    return lines;
}

}  // namespace pilotpros
