#include "core/apply/dependencies.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "core/apply/followers.h"
#include "core/apply/live_containers.h"
#include "core/apply/replacement.h"
#include "core/compose/resolve.h"
#include "core/model/json.h"
#include "core/observe/containers.h"

namespace pilotpros {

std::vector<std::string> dependencies_of(const nlohmann::json& services, const std::string& service) {
    std::set<std::string> found;
    std::vector<std::string> open{service};
    while (!open.empty()) {
        const std::string one = open.back();
        open.pop_back();
        for (const std::string& name : keys(member(services, one.c_str()), "depends_on")) {
            if (name != service && found.insert(name).second) {
                open.push_back(name);
            }
        }
    }
    return {found.begin(), found.end()};
}

std::vector<std::string> in_dependency_order(const nlohmann::json& services, const std::set<std::string>& wanted) {
    std::vector<std::string> order;
    std::set<std::string> open = wanted;
    while (!open.empty()) {
        // Compose refuses a cycle; should one come, it is cut at the first name.
        auto next = std::find_if(open.begin(), open.end(), [&](const std::string& one) {
            const std::vector<std::string> needed = dependencies_of(services, one);
            return std::none_of(needed.begin(), needed.end(),
                                [&](const std::string& other) { return open.contains(other); });
        });
        next = next == open.end() ? open.begin() : next;
        order.push_back(*next);
        open.erase(next);
    }
    return order;
}

std::map<std::string, std::string> hashes_of(const std::string& printed) {
    std::map<std::string, std::string> result;
    std::istringstream lines(printed);
    for (std::string name, hash; lines >> name >> hash;) {
        result[name] = hash;
    }
    return result;
}

namespace {

/// Whether the name that the files give its image means the one that it has; what the engine refuses to say lands in
/// `refused`. By the files: one that was put back from a snapshot was made by an ID.
bool has_present_image(Engine& engine, const Container& container, const std::string& reference,
                       std::map<std::string, std::string>& refused) {
    const auto images = inspect_images(engine, {reference}, &refused);
    return !images.empty() && images.begin()->second.id == container.image_id;
}

}  // namespace

Standing dependencies_stand(Engine& engine, const ComposeRun& run, const std::string& project,
                            const nlohmann::json& services, const std::string& service) {
    const std::vector<std::string> names = dependencies_of(services, service);
    if (names.empty()) {
        return {};
    }
    Finished told = run.run({run.question({"config", "--format", "json"})}).front();
    std::map<std::string, std::string> hashes;
    if (told.ok()) {
        Finished how;
        hashes = run.hashes(bound_to_present(told.output, engine, project), how);
        told = std::move(how);
    }
    if (hashes.empty()) {
        return {false, std::move(told), false};
    }
    std::map<std::string, std::string> refused;
    const bool stand = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        std::vector<std::string> ids;
        for (const LiveContainer& container : containers_of(engine, project, name)) {
            ids.push_back(container.id);
        }
        const std::vector<Container> containers = inspect_containers(engine, ids, &refused);
        const auto hash = hashes.find(name);
        const nlohmann::json& resolved = member(services, name.c_str());
        const auto declared = static_cast<std::size_t>(replicas_in_files(resolved));
        const std::string reference = image_reference_of(resolved, project, name);
        return !containers.empty() && containers.size() == declared && hash != hashes.end() &&
               std::all_of(containers.begin(), containers.end(), [&](const Container& container) {
                   return container.running() && container.config_hash == hash->second &&
                          has_present_image(engine, container, reference, refused);
               });
    });
    if (!refused.empty()) {
        Finished no_answer;
        no_answer.error = refused.begin()->second;
        return {false, std::move(no_answer), true};
    }
    return {stand, std::nullopt, false};
}

}  // namespace pilotpros
