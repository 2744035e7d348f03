#pragma once

#include <map>
#include <string>

#include "core/model/advice.h"

namespace pilotpros {

/// Divides the machine's memory over the project's services: what each was measured to need with a margin that follows
/// from the evidence, what its application demands, the user's own limits, pins and bounds; all together within the
/// machine less the kernel's part and what other projects use. `case_without_budget.budget` is not looked at.
Budget divide_memory(const Case& case_without_budget, const std::map<std::string, Demand>& demands);

}  // namespace pilotpros
