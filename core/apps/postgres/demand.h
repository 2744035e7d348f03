#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"

namespace pilotpros::apps::postgres {

/// The module's door: what the configuration without us can need at worst, and what would hold all data in memory.
/// Nothing when the server did not tell its settings.
std::optional<Demand> demand(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

}  // namespace pilotpros::apps::postgres
