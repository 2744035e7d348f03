#pragma once

#include <optional>

#include "core/model/observation.h"

namespace pilotpros {

/// When a container's start is over. A start is not steady use: what it takes is kept apart.
///
/// With a health check it is over at the first verdict, healthy or unhealthy. Without one nobody knows, so it counts as
/// over after kStartWithoutHealth.
class StartUp {
  public:
    /// The Engine's own default interval between two health probes (moby, daemon/health.go, defaultProbeInterval): the
    /// time after which it would look for the first time whether a start came to an end.
    static constexpr Seconds kStartWithoutHealth{30};
    /// A start that takes longer than this is a check that never passes; what runs then is use.
    static constexpr Seconds kLongestStart{600};

    explicit StartUp(const Container& container);

    /// The container began anew.
    void restarted(TimePoint at);
    /// Its health check came to a verdict.
    void verdict(TimePoint at);
    /// The first verdict of this life, which came before anybody looked.
    void remembered(TimePoint verdict);

    [[nodiscard]] bool starting(TimePoint at) const;
    [[nodiscard]] TimePoint started() const { return started_; }
    /// How long the latest start took until it was healthy or given up; nothing when that is not known, e.g. because
    /// the engine's log of probes does not reach back to it.
    [[nodiscard]] std::optional<Seconds> took() const;

  private:
    TimePoint started_;
    bool checked_ = false;
    bool over_ = false;
    std::optional<TimePoint> end_;
};

}  // namespace pilotpros
