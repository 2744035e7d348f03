#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/change.h"

namespace pilotpros::apps::node {

/// The heap options of these Changes that the server's own process does not have. Pure.
std::vector<std::string> not_in_force(const nlohmann::json& facts, const std::vector<const Change*>& changes);

}  // namespace pilotpros::apps::node
