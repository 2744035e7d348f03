#pragma once

#include <nlohmann/json.hpp>

#include "core/profile.h"

namespace pilotpros {

/// The whole profile for programs. Its schema is docs/profile.schema.json. Holds no Secret: of environments and labels
/// the names only.
nlohmann::json profile_as_json(const Profile& profile);

}  // namespace pilotpros
