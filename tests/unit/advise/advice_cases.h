#pragma once

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"

namespace pilotpros::testing {

constexpr Bytes kGiB = Bytes{1} << 30U;

/// How a service was seen to run. Memory in MiB.
struct Seen {
    double seconds = 120;
    double memory = 100;      ///< level of what cannot be reclaimed
    double spread = 20;       ///< uniform on top of it
    double start_memory = 0;  ///< while starting; 0: no start was seen
    double kernel_peak = -1;  ///< -1: as high as the samples; 0: unknown
    double page_cache = 0;
    double cpu = 0.2;         ///< cores in the mean, the half of it up and down
    double network = 50'000;  ///< bytes a second, both ways together
    unsigned seed = 1;
    bool growing = false;  ///< from `memory` to memory + spread instead of noise
};

inline Usage usage_seen(const Seen& seen) {
    std::mt19937_64 random{seen.seed};
    const auto uniform = [&] { return static_cast<double>(random() >> 11U) * 0x1.0p-53; };
    Usage usage;
    usage.samples = static_cast<std::int64_t>(seen.seconds);
    usage.seconds = usage.container_seconds = seen.seconds;
    usage.from = parse_time("2026-01-31T10:00:00Z");
    usage.to = usage.from + std::chrono::seconds{static_cast<int>(seen.seconds)};
    double highest = 0;
    for (int i = 0; i < static_cast<int>(seen.seconds); ++i) {
        const double share = seen.growing ? i / seen.seconds : uniform();
        const double memory = (seen.memory + seen.spread * share) * static_cast<double>(kMiB);
        highest = std::max(highest, memory);
        usage.unreclaimable.add(memory);
        usage.working_set.add(memory);
        usage.page_cache.add(seen.page_cache * static_cast<double>(kMiB));
        usage.cpu.add(seen.cpu * (0.5 + uniform()));
    }
    if (seen.start_memory > 0) {
        usage.start_unreclaimable.add(seen.start_memory * static_cast<double>(kMiB));
        usage.start_cpu.add(seen.cpu);
        usage.start_seconds = 5;
        highest = std::max(highest, seen.start_memory * static_cast<double>(kMiB));
    }
    usage.sampled_peak = static_cast<Bytes>(highest + seen.page_cache * static_cast<double>(kMiB));
    usage.kernel_peak =
        seen.kernel_peak < 0 ? usage.sampled_peak : static_cast<Bytes>(seen.kernel_peak * static_cast<double>(kMiB));
    usage.kernel_peak_source = "memory.peak";
    usage.pids_max = usage.pids_kernel_peak = 12;
    usage.network_known = true;
    usage.network_received = static_cast<Bytes>(seen.network * seen.seconds);
    return usage;
}

/// A Case that owns what it refers to.
class CaseBuilder {
  public:
    CaseBuilder() {
        EngineFacts engine;
        engine.id = "engine";
        engine.cpus = 4;
        engine.memory = 16 * kGiB;
        engine.swap_limit = engine.memory_limit = engine.pids_limit = engine.cpu_quota = true;
        observation.engine = engine;
        project.name = "some";
    }
    CaseBuilder(const CaseBuilder&) = delete;
    CaseBuilder& operator=(const CaseBuilder&) = delete;
    CaseBuilder(CaseBuilder&&) = delete;
    CaseBuilder& operator=(CaseBuilder&&) = delete;
    ~CaseBuilder() = default;

    /// A service of the files, as Compose resolves it, not running.
    Service& declare(const std::string& name, nlohmann::json resolved = nlohmann::json::object()) {
        Service& service = project.services[name];
        service.name = name;
        service.resolved = std::move(resolved);
        return service;
    }

    /// A service of the files that runs as many containers as it has replicas, each seen as given.
    ServiceObservation& run(const std::string& name, const std::vector<Seen>& replicas,
                            nlohmann::json resolved = nlohmann::json::object()) {
        declare(name, std::move(resolved)).replicas = static_cast<int>(replicas.size());
        ServiceObservation observed;
        observed.service = name;
        for (const Seen& seen : replicas) {
            Container container;
            container.number = static_cast<int>(observed.containers.size()) + 1;
            container.id = name + "-" + std::to_string(container.number);
            container.name = container.id;
            container.service = name;
            container.status = "running";
            container.created = container.started = parse_time("2026-01-31T09:00:00Z");
            observed.usage[container.id] = usage_seen(seen);
            observed.containers.push_back(std::move(container));
        }
        observation.services.push_back(std::move(observed));
        return observation.services.back();
    }

    /// Says what the service is, with facts.
    void application(const std::string& service, const std::string& kind,
                     nlohmann::json facts = nlohmann::json::object()) {
        observed(service).applications.push_back({kind, 1, {}, std::move(facts)});
    }

    ServiceObservation& observed(const std::string& service) {
        for (ServiceObservation& one : observation.services) {
            if (one.service == service) {
                return one;
            }
        }
        throw std::logic_error("no such service in this case: " + service);
    }

    [[nodiscard]] Case get() const { return {project, observation, budget, wishes, written, advised, development}; }

    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written, advised;
    std::map<std::string, bool> development;
};

/// The Change of that service and key, or null.
inline const Change* find_change(const Advice& advice, const std::string& service, const std::string& key) {
    for (const Change& change : advice.changes) {
        if (change.service == service && change.key == key) {
            return &change;
        }
    }
    return nullptr;
}

/// Why that key of the service was left alone; empty when it was not.
inline bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline std::string why_left(const Advice& advice, const std::string& service, const std::string& key) {
    for (const LeftAlone& left : advice.left_alone) {
        if (left.service == service && left.key == key) {
            return left.why;
        }
    }
    return "";
}

/// The Finding of that service (empty: the project) and ID, or null.
inline const Finding* find_finding(const Advice& advice, const std::string& service, const std::string& id) {
    for (const Finding& finding : advice.findings) {
        if (finding.service == service && finding.id == id) {
            return &finding;
        }
    }
    return nullptr;
}

}  // namespace pilotpros::testing
