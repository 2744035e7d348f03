#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"
#include "tests/unit/advise/advice_cases.h"

namespace pilotpros::testing {

/// A project in memory, with what was seen of it: what an advisor may look at.
struct HealthCase {
    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written, advised;

    HealthCase() {
        observation.engine = EngineFacts{};
        observation.engine->api_version = "1.45";
        observation.engine->cpus = 4;
        budget.cpus = 4;
    }

    /// A running service; `written` is the file's text, `resolved` what Compose made of it (the same unless given).
    ServiceObservation& add(const std::string& name, const std::string& kind, nlohmann::json as_written,
                            nlohmann::json resolved = nullptr) {
        if (resolved.is_null()) {
            resolved = as_written;
        }
        project.services[name].name = name;
        project.services[name].resolved = std::move(resolved);
        project.uninterpolated["services"][name] = std::move(as_written);
        ServiceObservation service;
        service.service = name;
        service.image_id = "sha256:" + name;
        service.probe_commands_known = true;
        service.probe_commands = {{"sh", "/bin/sh"}};
        if (!kind.empty()) {
            service.applications.push_back({kind, 0.9, {}, nlohmann::json::object()});
        }
        Container container;
        container.id = name + "-id";
        container.service = name;
        container.status = "running";
        container.log_driver = "json-file";
        service.containers.push_back(container);
        observation.images[service.image_id].id = service.image_id;
        observation.services.reserve(16);  // what is handed out stays where it is
        observation.services.push_back(std::move(service));
        return observation.services.back();
    }

    [[nodiscard]] Case input() const { return {project, observation, budget, wishes, written, advised, {}}; }
};

inline const Change* change_of(const Advice& advice, const std::string& service, const std::string& key) {
    for (const Change& change : advice.changes) {
        if (change.service == service && change.key == key) {
            return &change;
        }
    }
    return nullptr;
}

inline const Finding* finding_of(const Advice& advice, const std::string& service, const std::string& id) {
    for (const Finding& finding : advice.findings) {
        if (finding.service == service && finding.id == id) {
            return &finding;
        }
    }
    return nullptr;
}

/// Probes of these lengths, which passed.
inline void passed(ServiceObservation& service, std::initializer_list<int> milliseconds) {
    for (const int took : milliseconds) {
        HealthProbe probe;
        probe.start = TimePoint{std::chrono::seconds{1000}};
        probe.end = probe.start + std::chrono::milliseconds{took};
        service.containers.front().health_log.push_back(probe);
    }
}

}  // namespace pilotpros::testing
