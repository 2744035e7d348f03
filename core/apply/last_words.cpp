#include "core/apply/last_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/apply/live_containers.h"
#include "core/apps/asking.h"
#include "core/docker/logs.h"
#include "core/model/json.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

std::set<std::string> public_names(const ServiceObservation& service) {
    std::set<std::string> names;
    for (const Application& application : service.applications) {
        if (const apps::ApplicationModule* const module = apps::module_of(application.kind)) {
            names.insert(module->public_environment.begin(), module->public_environment.end());
        }
    }
    return names;
}

/// The last line of what an unhealthy container's probe printed; it is no part of an observation, for it may hold
/// anything.
std::string said_by_probe(Engine& engine, const Container& container) {
    if (container.health != "unhealthy") {
        return {};
    }
    Request request;
    request.path = fmt::format("/containers/{}/json", container.id);
    // One that is gone by now says no more; what it wrote is told all the same.
    const nlohmann::json inspect = nlohmann::json::parse(engine.call(request).body, nullptr, false);
    const nlohmann::json& log = member(member(member(inspect, "State"), "Health"), "Log");
    std::string said = log.is_array() && !log.empty() ? text(log.back(), "Output") : "";
    said.erase(std::min(said.size(), said.find_last_not_of(" \n\r\t") + 1));
    return said.substr(said.rfind('\n') + 1);
}

}  // namespace

std::vector<std::string> last_words(Engine& engine, const std::string& project, const ServiceObservation& before,
                                    const Image* image) {
    constexpr std::size_t kLines = 5;
    constexpr int kLooked = 20;  // blank ones are left out
    std::vector<std::string> ids;
    for (const LiveContainer& live : containers_of(engine, project, before.service)) {
        ids.push_back(live.id);
    }
    std::vector<Container> containers = inspect_containers(engine, ids);
    std::stable_partition(containers.begin(), containers.end(), [](const Container& one) { return !one.running(); });
    for (const Container& container : containers) {
        // A value that the change has just taken away is as secret as it was.
        std::vector<Secret> secrets = secrets_of(container, image, public_names(before));
        for (const Container& earlier : before.containers) {
            const std::vector<Secret> more = secrets_of(earlier, image, public_names(before));
            secrets.insert(secrets.end(), more.begin(), more.end());
        }
        const Redactor redactor{secrets};
        std::vector<std::string> words;
        const auto lines = read_logs(engine, {container.id, container.tty, kLooked, {}, {}});
        for (const LogLine& line : lines.value_or(std::vector<LogLine>{})) {
            std::string clean = redactor.clean(line.text);
            if (clean.find_first_not_of(' ') != std::string::npos) {
                words.push_back(std::move(clean));
            }
        }
        words.erase(words.begin(), words.end() - static_cast<std::ptrdiff_t>(std::min(words.size(), kLines)));
        if (const std::string probe = redactor.clean(said_by_probe(engine, container)); !probe.empty()) {
            words.push_back("its health check: " + probe);
        }
        if (!words.empty()) {
            return words;
        }
    }
    return {};
}

}  // namespace pilotpros
