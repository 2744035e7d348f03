#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// When a health check is asked, as it is in force; nothing where the engine's default stands.
struct HealthTiming {
    std::optional<Seconds> interval, timeout, start_period, start_interval;
    std::optional<int> retries;

    [[nodiscard]] Seconds interval_in_force() const;  ///< 30 s unless set: moby, daemon/health.go
    [[nodiscard]] Seconds timeout_in_force() const;   ///< 30 s unless set
};

/// The user's own values, and the image's where the user sets none: the engine merges them one by one. `resolved` is
/// the service as Compose prints it, or null.
HealthTiming timing_of(const nlohmann::json& resolved, const Healthcheck& image);

/// What its probes took while it was profiled, so that one profile always gives the same advice; where none was seen
/// then, what the engine's log has now. The fastest is what a probe costs when nothing else is in its way, the slowest
/// what the timeout has to bear.
ProbeTimes probes_of(const ServiceObservation& service);
/// Whether one of the probes that the engine remembers passed.
bool passed_lately(const ServiceObservation& service);

/// What a probe by this program takes, where none was seen, and at least: a runtime has to start first.
Seconds usual_cost(const std::string& program);

/// How often to ask while starting: 500 ms where a probe takes up to 300 ms, 2 s up to 1.5 s, else 5 s. The engine
/// counts from one probe's end to the next one's begin, so less than half of the time goes into probes, waits for a
/// busy machine included. Three coarse steps, so that a busier moment moves nothing.
Seconds start_interval_for(Seconds cost);
/// Generous: nothing waits for it to pass, it only bounds how long failures do not count.
Seconds start_period_for(const std::string& kind, Seconds slowest_start);
Seconds interval_for(Seconds cost);
Seconds timeout_for(Seconds slowest);

}  // namespace pilotpros
