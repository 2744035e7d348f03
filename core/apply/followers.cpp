#include "core/apply/followers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/apply/live_containers.h"
#include "core/docker/json.h"
#include "core/model/units.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kContainer = "container:";
constexpr std::array kModes{"NetworkMode", "PidMode", "IpcMode"};

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

}  // namespace

std::string bound_to_present(const std::string& model, Engine& engine, const std::string& project) {
    return bound_to_containers(model, [&](const std::string& owner) {
        const std::vector<LiveContainer> live = containers_of(engine, project, owner);
        const auto first = std::min_element(live.begin(), live.end(),
                                            [](const auto& left, const auto& right) { return left.name < right.name; });
        return first == live.end() ? std::string{} : first->id;
    });
}

std::set<std::string> bindings_of(const Json& inspect) {
    std::set<std::string> ids;
    for (const char* key : kModes) {
        const std::string mode = text(member(inspect, "HostConfig"), key);
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

std::string successor_of(Engine& engine, const ApplyStore& store, const std::string& id) {
    for (const std::string& transaction : store.transactions()) {
        std::optional<Snapshot> snapshot;
        try {
            snapshot = store.find_snapshot(transaction);
        } catch (const Error&) {  // one that is damaged tells nothing
            continue;
        }
        for (const ServiceRecord& service : snapshot ? snapshot->services : std::vector<ServiceRecord>{}) {
            const auto record = std::find_if(service.containers.begin(), service.containers.end(),
                                             [&](const ContainerRecord& one) { return one.id == id; });
            if (record != service.containers.end()) {
                const std::vector<LiveContainer> live = containers_of(engine, snapshot->project, service.service);
                const auto same_name = std::find_if(live.begin(), live.end(),
                                                    [&](const LiveContainer& one) { return one.name == record->name; });
                return same_name != live.end() ? same_name->id : std::string{};
            }
        }
    }
    return {};
}

Json bound_to_successors(Engine& engine, const std::string& name, Json inspect, const Successor& successor) {
    for (const std::string& id : bindings_of(inspect)) {
        if (!inspection_of_one(engine, id).is_null()) {
            continue;
        }
        const std::string now = successor ? successor(id) : std::string{};
        if (now.empty()) {
            throw Error(ExitCode::kNotRestored,
                        fmt::format("{} ran inside a container that is gone, and nothing has its place", name),
                        "docker compose up -d, which makes both from your files, then docker pilotpros rollback");
        }
        for (const char* mode : kModes) {
            if (text(inspect["HostConfig"], mode) == "container:" + id) {
                inspect["HostConfig"][mode] = "container:" + now;
            }
        }
    }
    return inspect;
}

std::map<std::string, int> running_inside(Engine& engine, const std::string& project) {
    const Json filters{{"label", {"com.docker.compose.project=" + project}}};
    const std::string path = "/containers/json";
    const Json listed = parse_answer(
        engine.get(path, {{"filters", filters.dump(-1, ' ', false, Json::error_handler_t::replace)}}), path);
    std::map<std::string, int> running;
    for (const Json& container : listed) {
        const Json& labels = member(container, "Labels");
        if (text(labels, "com.docker.compose.oneoff") != "True" &&
            !bindings_of(inspection_of_one(engine, text(container, "Id"))).empty()) {
            ++running[text(labels, "com.docker.compose.service")];
        }
    }
    return running;
}

std::vector<CutOff> cut_off(Engine& engine, const std::string& project, const std::map<std::string, int>& ran) {
    std::vector<CutOff> found;
    for (const auto& entry : ran) {
        CutOff one{entry.first, false, {}};
        bool is_one = false;
        for (const LiveContainer& live : containers_of(engine, project, entry.first)) {
            const Json inspect = inspection_of_one(engine, live.id);
            one.ids.push_back(live.id);
            one.unbound = one.unbound || is_unbound(engine, inspect);
            is_one = is_one || one.unbound || started_before_its_owners(engine, inspect);
        }
        if (is_one) {
            found.push_back(std::move(one));
        }
    }
    return found;
}

}  // namespace pilotpros
