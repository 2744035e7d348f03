#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/docker/engine.h"
#include "core/model/units.h"

namespace pilotpros {

/// Something that happened to a container.
struct ContainerEvent {
    /// kKill: a signal was sent to it, which need not end it.
    enum class Kind { kStart, kKill, kDie, kOom, kRestart, kDestroy, kHealthy, kUnhealthy, kPause, kUnpause };
    Kind kind = Kind::kStart;
    TimePoint time;
    std::string container;         ///< ID
    std::string project, service;  ///< Compose's labels; empty when it has none
    bool oneoff = false;           ///< made by `docker compose run`
    int exit_code = 0;             ///< of kDie
};

/// The stream of these events for one Compose project, from now on, or from `since` on where one is given.
Request events_request(const std::string& project, std::optional<TimePoint> since = std::nullopt);

/// What the engine still remembers of it, its last 256 events of any kind (moby, daemon/events, eventsLimit): the body
/// of its answer, oldest first. Empty where it does not answer at once. `request` asks /events without a time.
std::string remembered_events(Engine& engine, Request request, TimePoint now);

/// Reads one line of the stream; nothing when it is not JSON of an event, or of one that is not listed above. Labels
/// other than Compose's are not looked at: they may be secrets.
std::optional<ContainerEvent> parse_event(std::string_view line);

}  // namespace pilotpros
