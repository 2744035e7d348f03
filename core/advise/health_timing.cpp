#include "core/advise/health_timing.h"

#include <algorithm>

#include "core/model/advice.h"
#include "core/model/durations.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

std::optional<Seconds> duration_at(const nlohmann::json& healthcheck, const char* key, Seconds of_image) {
    if (const auto own = parse_duration(text(healthcheck, key)); own && own->count() > 0) {
        return own;
    }
    return of_image.count() > 0 ? std::optional{of_image} : std::nullopt;
}

}  // namespace

Seconds HealthTiming::interval_in_force() const { return interval.value_or(Seconds{30}); }
Seconds HealthTiming::timeout_in_force() const { return timeout.value_or(Seconds{30}); }

HealthTiming timing_of(const nlohmann::json& resolved, const Healthcheck& image) {
    const nlohmann::json& own = member(resolved, "healthcheck");
    HealthTiming timing;
    timing.interval = duration_at(own, "interval", image.interval);
    timing.timeout = duration_at(own, "timeout", image.timeout);
    timing.start_period = duration_at(own, "start_period", image.start_period);
    timing.start_interval = duration_at(own, "start_interval", image.start_interval);
    if (const auto retries = static_cast<int>(integer(own, "retries")); retries > 0) {
        timing.retries = retries;
    } else if (image.retries > 0) {
        timing.retries = image.retries;
    }
    return timing;
}

ProbeTimes probes_of(const ServiceObservation& service) {
    if (const ProbeTimes seen = usage_of(service).probes; seen.passed > 0) {
        return seen;
    }
    ProbeTimes seen;
    for (const Container& container : service.containers) {
        for (const HealthProbe& probe : container.health_log) {
            if (probe.exit_code == 0) {
                seen.add(Seconds{probe.end - probe.start}.count());
            }
        }
    }
    return seen;
}

bool passed_lately(const ServiceObservation& service) {
    return std::any_of(service.containers.begin(), service.containers.end(), [](const Container& container) {
        return std::any_of(container.health_log.begin(), container.health_log.end(),
                           [](const HealthProbe& probe) { return probe.exit_code == 0; });
    });
}

Seconds usual_cost(const std::string& program) {
    const bool runtime = program == "node" || program == "python3" || program == "php" || program == "perl";
    return Seconds{runtime ? 0.35 : 0.1};
}

Seconds start_interval_for(Seconds cost) {
    return cost.count() <= 0.3 ? Seconds{0.5} : cost.count() <= 1.5 ? Seconds{2} : Seconds{5};
}

Seconds start_period_for(const std::string& kind, Seconds slowest_start) {
    // A database may have to make itself, run the user's scripts, or recover first; n8n migrates it.
    const bool slow = kind == "postgres" || kind == "n8n";
    const Seconds least{std::max(slow ? 120.0 : 60.0, 2 * slowest_start.count())};
    return step_up(least, {60, 120, 180, 300, 600, 1200, 3600});
}

Seconds interval_for(Seconds cost) { return step_up(cost * 20, {5, 10, 15, 30, 60, 120, 300}); }

Seconds timeout_for(Seconds slowest) { return step_up(slowest * 3, {5, 10, 15, 30, 60, 120}); }

}  // namespace pilotpros
