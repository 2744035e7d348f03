#include "core/apply/followers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/apply/live_containers.h"
#include "core/docker/json.h"
#include "core/model/units.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kContainer = "container:";
constexpr const char* kInside = "inside";
constexpr std::array kModes{std::pair{"NetworkMode", "network_mode"}, std::pair{"PidMode", "pid"},
                            std::pair{"IpcMode", "ipc"}};

/// The inspection; null where there is no such container. Throws EngineLost where the engine does not say.
Json inspection_of_one(Engine& engine, const std::string& id) {
    Request request;
    request.path = "/containers/" + id + "/json";
    const Response response = engine.call(request);
    if (!response.ok() && response.status != 404) {
        throw EngineLost(
            fmt::format("the engine answers {} to {}: {}", response.status, request.path, response.message()),
            "run the same command again when it does");
    }
    return response.ok() ? parse_answer(response.body, request.path) : Json();
}

bool started_before_its_owners(Engine& engine, const Json& inspect) {
    const Json& state = member(inspect, "State");
    const std::set<std::string> bindings = bindings_of(inspect);
    return flag(state, "Running") && std::any_of(bindings.begin(), bindings.end(), [&](const std::string& id) {
               const Json owner = inspection_of_one(engine, id);
               return parse_time(text(member(owner, "State"), "StartedAt")) > parse_time(text(state, "StartedAt"));
           });
}

/// By name, as Compose takes it.
std::string first_container(Engine& engine, const std::string& project, const std::string& service) {
    const std::vector<LiveContainer> live = containers_of(engine, project, service);
    const auto first = std::min_element(live.begin(), live.end(),
                                        [](const auto& left, const auto& right) { return left.name < right.name; });
    return first == live.end() ? std::string{} : first->id;
}

/// The container that has the name of one that a snapshot knows.
std::string namesake(Engine& engine, const ApplyStore& store, const std::string& id) {
    for (const std::string& transaction : store.transactions()) {
        std::optional<Snapshot> snapshot;
        try {
            snapshot = store.find_snapshot(transaction);
        } catch (const Error&) {  // one that is damaged tells nothing
            continue;
        }
        for (const ServiceRecord& service : snapshot ? snapshot->services : std::vector<ServiceRecord>{}) {
            for (const ContainerRecord& record : service.containers) {
                if (record.id != id) {
                    continue;
                }
                for (const LiveContainer& live : containers_of(engine, snapshot->project, service.service)) {
                    if (live.name == record.name) {
                        return live.id;
                    }
                }
            }
        }
    }
    return {};
}

/// The project's running containers, but for those of `docker compose run`: their inspections, by service. One that the
/// engine does not show is left out: nobody can tell what it runs inside of.
std::vector<std::pair<std::string, Json>> running_in_project(Engine& engine, const std::string& project) {
    const Json filters{{"label", {"com.docker.compose.project=" + project}}};
    const std::string path = "/containers/json";
    const Json listed = parse_answer(
        engine.get(path, {{"filters", filters.dump(-1, ' ', false, Json::error_handler_t::replace)}}), path);
    std::vector<Request> requests;
    std::vector<std::string> services;
    for (const Json& container : listed) {
        const Json& labels = member(container, "Labels");
        if (text(labels, "com.docker.compose.oneoff") != "True") {
            requests.emplace_back().path = "/containers/" + text(container, "Id") + "/json";
            services.push_back(text(labels, "com.docker.compose.service"));
        }
    }
    const std::vector<Response> responses = engine.call_all(requests);
    std::vector<std::pair<std::string, Json>> running;
    for (std::size_t at = 0; at < responses.size(); ++at) {
        if (responses[at].ok()) {
            running.emplace_back(services[at], Json::parse(responses[at].body, nullptr, false));
        }
    }
    return running;
}

}  // namespace

std::string bound_to_present(const std::string& model, Engine& engine, const std::string& project) {
    return bound_to_containers(model,
                               [&](const std::string& owner) { return first_container(engine, project, owner); });
}

std::set<std::string> bindings_of(const Json& inspect) {
    std::set<std::string> ids;
    for (const auto& entry : kModes) {
        const std::string mode = text(member(inspect, "HostConfig"), entry.first);
        if (mode.starts_with(kContainer)) {
            ids.insert(mode.substr(kContainer.size()));
        }
    }
    return ids;
}

bool is_unbound(Engine& engine, const Json& inspect) {
    const std::set<std::string> bindings = bindings_of(inspect);
    return std::any_of(bindings.begin(), bindings.end(),
                       [&](const std::string& id) { return inspection_of_one(engine, id).is_null(); });
}

bool is_unbound(Engine& engine, const std::string& id) {
    const Json inspect = inspection_of_one(engine, id);
    return inspect.is_null() || is_unbound(engine, inspect);
}

Successor successor_in(Engine& engine, const ApplyStore& store, const std::string& service,
                       std::function<Json()> services) {
    return [&engine, &store, service, services = std::move(services)](const std::string& id, const std::string& key) {
        std::string now = namesake(engine, store, id);
        if (now.empty()) {
            constexpr std::string_view kService = "service:";
            const std::string mode = text(member(services(), service.c_str()), key.c_str());
            now = mode.starts_with(kService) ? first_container(engine, store.project(), mode.substr(kService.size()))
                                             : "";
        }
        return now;
    };
}

Json bound_to_successors(Engine& engine, const std::string& name, Json inspect, const Successor& successor) {
    for (const std::string& id : bindings_of(inspect)) {
        if (!inspection_of_one(engine, id).is_null()) {
            continue;
        }
        for (const auto& [mode, key] : kModes) {
            if (text(inspect["HostConfig"], mode) != "container:" + id) {
                continue;
            }
            const std::string now = successor ? successor(id, key) : std::string{};
            if (now.empty()) {
                throw Error(ExitCode::kNotRestored,
                            fmt::format("{} ran inside a container that is gone, and nothing has its place", name),
                            "docker compose up -d brings that one back, then docker pilotpros rollback");
            }
            inspect["HostConfig"][mode] = "container:" + now;
        }
    }
    return inspect;
}

std::map<std::string, int> running_inside(Engine& engine, const std::string& project) {
    std::map<std::string, int> running;
    for (const auto& [service, inspect] : running_in_project(engine, project)) {
        if (!bindings_of(inspect).empty() && !is_unbound(engine, inspect) &&
            !started_before_its_owners(engine, inspect)) {
            ++running[service];
        }
    }
    return running;
}

void note_inside(Journal& journal, const std::map<std::string, int>& inside) {
    if (!inside.empty()) {
        journal.intend(kInside, Json(inside).dump());
    }
}

std::map<std::string, int> inside_before(Engine& engine, const std::string& project, const Journal& journal) {
    for (const JournalRecord& record : journal.records()) {
        const Json noted = record.step == kInside ? Json::parse(record.detail, nullptr, false) : Json();
        if (noted.is_object()) {
            return noted.get<std::map<std::string, int>>();
        }
    }
    return running_inside(engine, project);
}

std::vector<Follower> followers_now(Engine& engine, const std::string& project) {
    std::vector<Follower> followers;
    for (const auto& [service, inspect] : running_in_project(engine, project)) {
        const std::string name = text(inspect, "Name");
        Follower one{service, name.starts_with('/') ? name.substr(1) : name, bindings_of(inspect)};
        if (!one.bindings.empty()) {
            followers.push_back(std::move(one));
        }
    }
    return followers;
}

std::set<std::string> cut_off(Engine& engine, const std::string& project, const std::map<std::string, int>& ran) {
    std::set<std::string> found;
    for (const auto& [service, number] : ran) {
        int sound = 0;
        for (const LiveContainer& live : containers_of(engine, project, service)) {
            const Json inspect = inspection_of_one(engine, live.id);
            const bool well = flag(member(inspect, "State"), "Running") && !is_unbound(engine, inspect) &&
                              !started_before_its_owners(engine, inspect);
            sound += well ? 1 : 0;
        }
        if (sound < number) {
            found.insert(service);
        }
    }
    return found;
}

}  // namespace pilotpros
