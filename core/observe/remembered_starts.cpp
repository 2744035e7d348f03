#include "core/observe/remembered_starts.h"

#include <optional>

#include "core/docker/events.h"
#include "core/docker/json_lines.h"

namespace pilotpros {

std::map<std::string, RememberedStart> read_remembered_starts(std::string_view events) {
    using Kind = ContainerEvent::Kind;
    struct Life {
        std::optional<TimePoint> started, verdict;
    };
    std::map<std::string, Life> lives;
    JsonLines lines([&](std::string_view line) {
        const auto event = parse_event(line);
        if (!event || event->oneoff) {
            return event.has_value();
        }
        Life& life = lives[event->container];
        if (event->kind == Kind::kStart) {
            life = {event->time, std::nullopt};
        } else if ((event->kind == Kind::kHealthy || event->kind == Kind::kUnhealthy) && life.started &&
                   !life.verdict) {
            life.verdict = event->time;
        }
        return true;
    });
    lines.feed(events);
    std::map<std::string, RememberedStart> result;
    for (const auto& [container, life] : lives) {
        if (life.started && life.verdict) {
            result[container] = {*life.started, *life.verdict};
        }
    }
    return result;
}

std::map<std::string, RememberedStart> remembered_starts(Engine& engine, const std::string& project, TimePoint now) {
    return read_remembered_starts(remembered_events(engine, events_request(project), now));
}

}  // namespace pilotpros
