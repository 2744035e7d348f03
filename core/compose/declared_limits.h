#pragma once

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// CPU quota and memory limit of a service as its files give them, in either dialect (mem_limit and cpus, or
/// deploy.resources.limits); zero where they give none. `resolved` as Compose prints it: sizes are decimal text.
Limits declared_limits(const nlohmann::json& resolved);

}  // namespace pilotpros
