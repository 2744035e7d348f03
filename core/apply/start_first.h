#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// Why no two containers of the service may run side by side, not even for a moment; it completes "NAME is stopped
/// before it is started again: …". Empty: it may be swapped start-first. `services` as Compose resolves them with the
/// change; `seen` may be null, `images` by ID. What cannot be told counts as a reason. Pure.
std::string why_stop_first(const nlohmann::json& services, const std::string& name, const ServiceObservation* seen,
                           const std::map<std::string, Image>& images);

/// The same where the machine has no memory for two: what all containers of the engine were seen to need, and this
/// service once more, is more than it has. Empty: it has, or nothing is known. Pure.
std::string why_no_room_for_two(const Observation& observation, const std::string& name);

}  // namespace pilotpros
