#pragma once

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// Memory with swap and reservation, /dev/shm, CPU quota and weight, and processes of a service as its files give them,
/// in either dialect (mem_limit and cpus, or deploy.resources); zero where they give none. `resolved` as Compose prints
/// it: sizes are decimal text.
Limits declared_limits(const nlohmann::json& resolved);

}  // namespace pilotpros
