#include "core/advise/data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <utility>

#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using Parts = std::vector<std::string_view>;

constexpr const char* kLayers = "https://docs.docker.com/engine/storage/drivers/#container-and-layers";
constexpr const char* kPostgresImage = "https://github.com/docker-library/docs/blob/master/postgres/content.md#pgdata";

Parts parts_of(std::string_view path) {
    Parts parts;
    while (!path.empty()) {
        const auto slash = std::min(path.find('/'), path.size());
        if (slash > 0) {
            parts.push_back(path.substr(0, slash));
        }
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return parts;
}

/// Whether `path` is `pattern` or lies below it; `*` is any one part.
bool lies_below(const std::string& path, std::string_view pattern) {
    const Parts parts = parts_of(path);
    const Parts wanted = parts_of(pattern);
    return !wanted.empty() && wanted.size() <= parts.size() &&
           std::equal(wanted.begin(), wanted.end(), parts.begin(),
                      [](std::string_view want, std::string_view part) { return want == "*" || want == part; });
}

/// Directories whose name says that what they hold can be made again, wherever they are: the XDG and npm conventions,
/// Python's byte code, bundlers' caches.
bool is_cache(const std::string& path) {
    static const std::set<std::string_view> kNames{".cache",      "__pycache__", "_cacache",    ".pytest_cache",
                                                   ".mypy_cache", ".ruff_cache", ".vite",       ".parcel-cache",
                                                   ".nuxt",       ".turbo",      ".eslintcache"};
    const Parts parts = parts_of(path);
    return std::any_of(parts.begin(), parts.end(), [](std::string_view part) { return kNames.contains(part); });
}

/// What shells and package managers keep of their own use.
bool is_trace_of_use(const std::string& path) {
    static constexpr std::array<std::string_view, 10> kPlaces{"/root/.npm/_logs",
                                                              "/home/*/.npm/_logs",
                                                              "/root/.npm/_update-notifier-last-checked",
                                                              "/home/*/.npm/_update-notifier-last-checked",
                                                              "/root/.config/configstore",
                                                              "/home/*/.config/configstore",
                                                              "/var/cache/apt",
                                                              "/var/cache/apk",
                                                              "/var/lib/apt/lists",
                                                              "/var/cache/ldconfig"};
    static const std::set<std::string_view> kHistories{".bash_history",      ".ash_history",  ".python_history",
                                                       ".node_repl_history", ".psql_history", ".rediscli_history",
                                                       ".lesshst",           ".viminfo",      ".wget-hsts"};
    const Parts parts = parts_of(path);
    return std::any_of(kPlaces.begin(), kPlaces.end(),
                       [&](std::string_view place) { return lies_below(path, place); }) ||
           (!parts.empty() && kHistories.contains(parts.back()));
}

bool mounts(const ServiceObservation& service, const std::string& destination) {
    return std::any_of(service.containers.begin(), service.containers.end(), [&](const Container& container) {
        return std::any_of(container.mounts.begin(), container.mounts.end(),
                           [&](const Mount& mount) { return mount.destination == destination; });
    });
}

/// nginx makes the directories for its temporary files at every start; the official image's entrypoint adds a line to
/// the packaged default.conf, and fills templates in. Tried: nginx 1.22 and 1.26. A default.conf that proxies is
/// nobody's package: somebody wrote it into the container.
bool nginx_makes_again(const std::string& path, const Json& facts, const ServiceObservation& service) {
    static constexpr std::array<std::string_view, 6> kTemporary{"/var/cache/nginx",       "/var/lib/nginx/body",
                                                                "/var/lib/nginx/fastcgi", "/var/lib/nginx/proxy",
                                                                "/var/lib/nginx/scgi",    "/var/lib/nginx/uwsgi"};
    if (std::any_of(kTemporary.begin(), kTemporary.end(),
                    [&](std::string_view place) { return lies_below(path, place); })) {
        return true;
    }
    if (lies_below(path, "/etc/nginx/conf.d") && mounts(service, "/etc/nginx/templates")) {
        return true;
    }
    const Json& servers = member(facts, "servers");
    return path == "/etc/nginx/conf.d/default.conf" && servers.is_array() && !servers.empty() &&
           std::all_of(servers.begin(), servers.end(),
                       [](const Json& server) { return member(server, "locations").empty(); });
}

/// With the key from the environment, n8n makes its settings again; the rest of these it makes empty at every start
/// (tried: 1.123). They stand here as whole paths: what lies below one of them is data.
bool n8n_makes_again(const std::string& path, const Json& facts) {
    const std::string folder = text(facts, "folder");
    if (folder.empty() || !flag(facts, "key_in_environment")) {
        return false;
    }
    static constexpr std::array<std::string_view, 9> kLeaves{
        "",     "/config", "/crash.journal", "/n8nEventLog.log",   "/binaryData",
        "/git", "/ssh",    "/nodes",         "/nodes/package.json"};
    return std::any_of(kLeaves.begin(), kLeaves.end(),
                       [&](std::string_view leaf) { return path == folder + std::string{leaf}; });
}

bool made_again(const std::string& path, const ServiceObservation& service) {
    if (is_cache(path) || is_trace_of_use(path)) {
        return true;
    }
    return std::any_of(service.applications.begin(), service.applications.end(), [&](const Application& application) {
        return (application.kind == "nginx" && nginx_makes_again(path, application.facts, service)) ||
               (application.kind == "n8n" && n8n_makes_again(path, application.facts));
    });
}

constexpr std::size_t kShown = 3;

std::string some_of(const std::vector<std::string>& paths) {
    const std::vector<std::string> first(paths.begin(),
                                         paths.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, paths.size())));
    return fmt::format("{}{}", fmt::join(first, ", "),
                       paths.size() > kShown ? fmt::format(" and {} more", paths.size() - kShown) : "");
}

/// Where a volume would hold it: the folder that the application names, else the directory it lies in.
std::string place_for(const ServiceObservation& service, const std::string& path) {
    for (const Application& application : service.applications) {
        for (const char* key : {"folder", "data_directory"}) {
            std::string place = text(application.facts, key);
            if (!place.empty() && lies_below(path, place)) {
                return place;
            }
        }
    }
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? path : path.substr(0, slash);
}

/// One place for each path, without those that lie below another one.
std::vector<std::string> places_for(const ServiceObservation& service, const std::vector<std::string>& paths) {
    std::set<std::string> all;
    for (const std::string& path : paths) {
        all.insert(place_for(service, path));
    }
    std::vector<std::string> places;
    for (const std::string& place : all) {
        if (std::none_of(places.begin(), places.end(),
                         [&](const std::string& above) { return lies_below(place, above); })) {
            places.push_back(place);
        }
    }
    return places;
}

void look_at_layer(const ServiceObservation& service, const Wish& wish, Advice& advice) {
    const std::vector<std::string> paths = data_in_layer(service, wish);
    if (paths.empty()) {
        return;
    }
    const bool key = std::any_of(service.applications.begin(), service.applications.end(), [](const Application& one) {
        return one.kind == "n8n" && !flag(one.facts, "key_in_environment");
    });
    const std::vector<std::string> places = places_for(service, paths);
    const std::vector<std::string> others(places.begin() + 1, places.end());
    advice.findings.push_back(
        {service.service, "data-in-container-layer", Finding::Severity::kError,
         fmt::format("{} {} only in the container itself: {}", paths.size(),
                     paths.size() == 1 ? "path lies" : "paths lie", some_of(paths)),
         key ? "whatever replaces the container loses it, with it n8n's key, and so every stored credential"
             : "whatever replaces the container loses it: an update, a changed setting, docker compose down",
         fmt::format("docker compose cp -a {0}:{1} ./{0}-data, and mount that folder there{2}:\n"
                     "  volumes:\n    - ./{0}-data:{1}\nor say that it is none:\n"
                     "  x-pilotpros:\n    disposable: [{3}]",
                     service.service, places.front(),
                     others.empty() ? "" : fmt::format("; the same for {}", fmt::join(others, ", ")),
                     fmt::join(places.size() > 1 && paths.size() <= kShown ? paths : places, ", ")),
         kLayers});
}

void look_at_database(const ServiceObservation& service, const Application& application, Advice& advice) {
    const std::string lies_on = text(application.facts, "data_lies_on");
    const std::string directory = text(application.facts, "data_directory");
    if (lies_on != "anonymous volume" && lies_on != "container layer") {
        return;
    }
    // A volume one level up looks as if it held the data: up to 17 the image puts a volume of its own over it.
    const Mount* above = nullptr;
    for (const Container& container : service.containers) {
        for (const Mount& mount : container.mounts) {
            if (!mount.anonymous && mount.destination != directory && lies_below(directory, mount.destination) &&
                mount.type == "volume") {
                above = &mount;
            }
        }
    }
    if (above != nullptr) {
        advice.findings.push_back(
            {service.service, "volume-above-data", Finding::Severity::kError,
             fmt::format("the volume at {} does not hold the data: {} is a volume of its own, without a name",
                         above->destination, directory),
             "a new container comes up with an empty database, and the old one is gone with the next prune",
             fmt::format("dump the database first (pg_dumpall), then mount the named volume at {}", directory),
             kPostgresImage});
        return;
    }
    advice.findings.push_back(
        {service.service, "data-on-anonymous-volume", Finding::Severity::kError,
         fmt::format("the database in {} lies on {}", directory,
                     lies_on == "container layer" ? "the container's own layer" : "a volume without a name"),
         lies_on == "container layer"
             ? "a new container comes up with an empty database"
             : "docker compose down and up give an empty database; a prune deletes the old one",
         fmt::format("dump the database first (pg_dumpall), then:\n  volumes:\n    - {}-data:{}", service.service,
                     directory),
         kPostgresImage});
}

/// Anonymous volumes that nothing else was said of. Dependencies that an image brings and a bind mount would hide are
/// the one common use of them.
void look_at_volumes(const ServiceObservation& service, const Wish& wish, Advice& advice) {
    std::set<std::string> said;
    for (const Application& application : service.applications) {
        said.insert(text(application.facts, "data_directory"));
    }
    for (const Container& container : service.containers) {
        for (const Mount& mount : container.mounts) {
            const Parts parts = parts_of(mount.destination);
            const bool dependencies = !parts.empty() && (parts.back() == "node_modules" || parts.back() == "vendor" ||
                                                         parts.back() == ".venv");
            const bool disposable =
                std::any_of(wish.disposable.begin(), wish.disposable.end(),
                            [&](const std::string& one) { return lies_below(mount.destination, one); });
            if (!mount.anonymous || mount.type != "volume" || dependencies || disposable ||
                is_cache(mount.destination) || !said.insert(mount.destination).second) {
                continue;
            }
            advice.findings.push_back(
                {service.service, "data-on-anonymous-volume", Finding::Severity::kWarning,
                 fmt::format("{} lies on a volume without a name", mount.destination),
                 "docker compose down and up start with an empty one; a prune deletes the old one",
                 fmt::format("if it holds data, name it:\n  volumes:\n    - {}-data:{}", service.service,
                             mount.destination),
                 "https://docs.docker.com/engine/storage/volumes/#named-and-anonymous-volumes"});
        }
    }
}

}  // namespace

std::vector<std::string> data_in_layer(const ServiceObservation& service, const Wish& wish) {
    std::set<std::string> paths;
    for (const auto& [container, layer] : service.writable_layers) {
        for (const auto* list : {&layer.added, &layer.changed}) {
            for (const std::string& path : *list) {
                const bool disposable = std::any_of(wish.disposable.begin(), wish.disposable.end(),
                                                    [&](const std::string& one) { return lies_below(path, one); });
                if (!disposable && !made_again(path, service)) {
                    paths.insert(path);
                }
            }
        }
    }
    return {paths.begin(), paths.end()};
}

std::map<std::string, std::vector<std::string>> data_in_layers(const Observation& observation, const Wishes& wishes) {
    static const Wish kNone;
    std::map<std::string, std::vector<std::string>> data;
    for (const ServiceObservation& service : observation.services) {
        const auto wish = wishes.find(service.service);
        std::vector<std::string> paths = data_in_layer(service, wish == wishes.end() ? kNone : wish->second);
        for (const Container& container : service.containers) {
            if (!service.writable_layers.contains(container.id)) {
                paths.push_back(fmt::format("what the engine did not show of {}", container.name));
            }
        }
        if (!paths.empty()) {
            data[service.service] = std::move(paths);
        }
    }
    return data;
}

Advice advise_data(const Case& input) {
    static const Wish kNone;
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        const auto found = input.wishes.find(service.service);
        const Wish& wish = found == input.wishes.end() ? kNone : found->second;
        if (wish.excludes("data")) {
            advice.left_alone.push_back({service.service, "data", "*", "excluded by x-pilotpros"});
            continue;
        }
        look_at_layer(service, wish, advice);
        for (const Application& application : service.applications) {
            look_at_database(service, application, advice);
        }
        look_at_volumes(service, wish, advice);
    }
    return advice;
}

}  // namespace pilotpros
