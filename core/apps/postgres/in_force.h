#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/change.h"

namespace pilotpros::apps::postgres {

/// The settings of these Changes that the running server does not have, e.g. "work_mem is 4MB, not 8MB", as its own
/// pg_settings say. Pure.
std::vector<std::string> not_in_force(const nlohmann::json& facts, const std::vector<const Change*>& changes);

}  // namespace pilotpros::apps::postgres
