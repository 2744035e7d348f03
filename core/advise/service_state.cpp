#include "core/advise/service_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/json.h"

namespace pilotpros {

int replicas_of(const Case& input, const ServiceObservation* observed, const std::string& service) {
    if (const Service* const of_files = input.service(service)) {
        return of_files->replicas;
    }
    return observed == nullptr ? 1 : static_cast<int>(observed->containers.size());
}

bool is_job(const std::map<std::string, Service>& services, const std::string& name) {
    return std::any_of(services.begin(), services.end(), [&](const auto& other) {
        const nlohmann::json& dependency = member(member(other.second.resolved, "depends_on"), name.c_str());
        return text(dependency, "condition") == "service_completed_successfully";
    });
}

bool was_oom_killed(const ServiceObservation& service) {
    return std::any_of(service.containers.begin(), service.containers.end(), [&](const Container& container) {
        const auto usage = service.usage.find(container.id);
        const bool seen = usage != service.usage.end() && usage->second.oom_kills + usage->second.oom_kills_before > 0;
        // What is kept may tell of containers that are gone; another limit may have been theirs.
        const bool kept = service.kept.oom_kills + service.kept.oom_kills_before > 0 &&
                          service.kept.oom_at != TimePoint{} && service.kept.oom_at > container.created;
        return seen || kept || container.oom_killed;
    });
}

Bytes limit_of_oom_kill(const ServiceObservation& service) {
    Bytes limit = 0;
    if (was_oom_killed(service)) {
        for (const Container& container : service.containers) {
            limit = std::max(limit, container.limits.memory);
        }
    }
    return limit;
}

bool postgres_inherits(const ServiceObservation& service, const nlohmann::json& resolved) {
    const bool postgres =
        std::any_of(service.applications.begin(), service.applications.end(),
                    [](const Application& one) { return one.kind == "postgres" && one.confidence >= 0.5; });
    const auto has_another_first = [&](const Container& container) {
        const auto listed = service.processes.find(container.id);
        if (container.init || listed == service.processes.end()) {
            return container.init;
        }
        return std::any_of(listed->second.begin(), listed->second.end(), [&](const ContainerProcess& one) {
            return one.pid == container.pid && !one.argv.empty() &&
                   one.argv.front().reveal().find("postgres") == std::string::npos;
        });
    };
    return postgres && !flag(resolved, "init") &&
           std::none_of(service.containers.begin(), service.containers.end(), has_another_first);
}

std::string not_running(const ServiceObservation* service) {
    if (service == nullptr || (service->containers.empty() && !service->refused)) {
        return "it has no container";
    }
    if (service->refused) {
        return "its container is not shown to us";
    }
    const auto alive = [](const Container& one) {
        return one.running() || one.status == "paused" || one.status == "restarting";
    };
    if (std::any_of(service->containers.begin(), service->containers.end(), alive)) {
        return "";
    }
    const Container& container = service->containers.front();
    return container.status == "exited" && container.exit_code == 0
               ? "it ran once and ended: nothing is left to bound"
               : fmt::format("it does not run ({}{})", container.status,
                             container.status == "exited" ? fmt::format(", exit code {}", container.exit_code) : "");
}

}  // namespace pilotpros
