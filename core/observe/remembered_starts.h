#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/docker/engine.h"
#include "core/model/units.h"

namespace pilotpros {

/// A container's latest start, and when its health check came to its first verdict after it, healthy or not.
struct RememberedStart {
    TimePoint started, verdict;
};

/// By container ID, of those whose latest start and whose verdict are both among these events, oldest first. Pure.
std::map<std::string, RememberedStart> read_remembered_starts(std::string_view events);

/// Of a project's containers, as far as the engine still remembers; see remembered_events(). What was started before we
/// look is told by nothing else: the log of a health check holds its last five probes only.
std::map<std::string, RememberedStart> remembered_starts(Engine& engine, const std::string& project, TimePoint now);

}  // namespace pilotpros
