#pragma once

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// The limits that a service asks for, as Compose resolves it, in either dialect; 0 where it asks for none.
Limits asked_limits(const nlohmann::json& resolved);

}  // namespace pilotpros
