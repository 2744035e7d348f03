#pragma once

#include <nlohmann/json.hpp>

#include "core/compose/discovery.h"
#include "core/compose/selection.h"

namespace pilotpros {

/// Has Compose resolve the selected files, with and without interpolation at the same time. Throws Error (kBadInput)
/// with where Compose stumbled, never with what it stumbled over.
Project resolve(const Selection& selection, const Surroundings& surroundings);

/// How many containers a resolved service is to have: deploy.replicas or scale, else 1. Pure.
int replicas_in_files(const nlohmann::json& service);

}  // namespace pilotpros
