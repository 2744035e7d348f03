#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/apply/interruption.h"
#include "core/apply/preview.h"
#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/world.h"

namespace pilotpros {

/// Tells how long services of a project are going to be away, from what was measured of earlier times and what the
/// engine remembers; both are read once.
class Announcer {
  public:
    Announcer(World& world, Engine& engine, const std::string& project, const Path& project_directory);

    /// `service` with its containers as they run. `check`: see coming_check(); `starts`: those seen, one of 0 s was
    /// none; `grace`: its stop_grace_period in seconds.
    [[nodiscard]] AnnouncedInterruption of(const ServiceObservation& service, const std::optional<Healthcheck>& check,
                                           const std::vector<SeenStart>& starts, Direction direction, int grace) const;

  private:
    World& world_;
    Engine& engine_;
    Interruptions kept_;
    RecentTimes recent_;
    bool replaced_by_us_ = true;  ///< nothing of the project's own is known of a replacement
};

/// How long each service that an apply replaces is going to be away.
std::map<std::string, AnnouncedInterruption> announce_interruptions(World& world, Engine& engine,
                                                                    const ApplyRequest& request,
                                                                    const ApplyPreview& preview);

/// The health check that a service is going to have: of the resolved service, else of `service`, whose container
/// inherits it from its image; none where that is disabled. Pure.
std::optional<Healthcheck> coming_check(const nlohmann::json& resolved, const ServiceObservation* service);
/// The seconds between two looks of a health check while the service starts; 0: it has none. Pure.
double probe_spacing(const std::optional<Healthcheck>& check);

/// How long the engine waits before it kills what does not stop, of the most patient of them, in seconds; 0: there is
/// none. Pure.
int longest_stop_grace(const std::vector<Container>& containers);

/// When the gate of a service gives up. Pure.
Seconds gate_gives_up_after(const ServiceObservation& service, double start_seconds, bool listens);

/// "waiting until web is healthy and listens on 80, at most 40 s (its slowest start seen: 3 s)". Pure.
std::string waits_for_gate(const ServiceObservation& service, double start_seconds, const std::set<int>& ports);

}  // namespace pilotpros
