#include "core/observe/startup.h"

namespace pilotpros {

namespace {

constexpr std::size_t kProbesKept = 5;  // moby, daemon/health.go, maxLogEntries

}  // namespace

StartUp::StartUp(const Container& container)
    : started_(container.started),
      checked_((container.healthcheck && !container.healthcheck->disabled()) || !container.health.empty()),
      over_(container.health == "healthy" || container.health == "unhealthy") {
    const auto& log = container.health_log;
    if (!over_ || log.empty() || log.size() >= kProbesKept || log.front().start < started_) {
        return;
    }
    for (const HealthProbe& probe : log) {
        if (probe.exit_code == 0) {
            end_ = probe.end;
            return;
        }
    }
}

void StartUp::restarted(TimePoint at) {
    started_ = at;
    over_ = false;
    end_.reset();
}

void StartUp::verdict(TimePoint at) {
    if (!over_ && at >= started_) {
        over_ = true;
        end_ = at;
    }
}

void StartUp::remembered(TimePoint verdict) {
    if (over_ && !end_ && verdict >= started_) {
        end_ = verdict;
    }
}

bool StartUp::starting(TimePoint at) const {
    const Seconds since{at - started_};
    if (!checked_) {
        return since < kStartWithoutHealth;
    }
    return end_ ? at < *end_ : !over_ && since < kLongestStart;
}

std::optional<Seconds> StartUp::took() const { return end_ ? std::optional{Seconds{*end_ - started_}} : std::nullopt; }

}  // namespace pilotpros
