#include "core/apply/live_containers.h"

#include "core/docker/json.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

}  // namespace

std::vector<LiveContainer> containers_of(Engine& engine, const std::string& project, const std::string& service) {
    const Json filters{{"label", {"com.docker.compose.project=" + project, "com.docker.compose.service=" + service}}};
    const std::string path = "/containers/json";
    const Json listed = parse_answer(
        engine.get(path, {{"all", "1"}, {"filters", filters.dump(-1, ' ', false, Json::error_handler_t::replace)}}),
        path);
    std::vector<LiveContainer> result;
    for (const Json& container : listed) {
        const Json& labels = member(container, "Labels");
        if (text(labels, "com.docker.compose.oneoff") == "True" || !text(labels, "com.docker.compose.hook").empty()) {
            continue;
        }
        const std::vector<std::string> names = texts(container, "Names");
        std::string name = names.empty() ? text(container, "Id") : names.front();
        if (name.starts_with('/')) {
            name.erase(0, 1);
        }
        result.push_back({text(container, "Id"), name, text(container, "State")});
    }
    return result;
}

ServiceObservation observed_now(Engine& engine, const std::string& project, const std::string& service) {
    std::vector<std::string> ids;
    for (const LiveContainer& live : containers_of(engine, project, service)) {
        ids.push_back(live.id);
    }
    ServiceObservation observed;
    observed.service = service;
    observed.containers = inspect_containers(engine, ids);
    return observed;
}

}  // namespace pilotpros
