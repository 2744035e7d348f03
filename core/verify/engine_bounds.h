#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"
#include "core/model/plan.h"

namespace pilotpros {

/// The Changes that Compose merges without a word and the Engine then refuses, so that no container could be created: a
/// memory limit below what the files reserve or below 6 MiB, memswap_limit below the memory limit, a CPU quota above
/// the machine's or beside cpu_quota. `merged` is what Compose makes of the files with the Changes. What the files get
/// wrong without them is no refusal. The rules are those of inconsistent_limits (check_limits.h). Pure.
std::vector<Verdict> refused_bounds(const Plan& plan, const Case& input, const nlohmann::json& merged);

}  // namespace pilotpros
