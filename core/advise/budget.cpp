#include "core/advise/budget.h"

namespace pilotpros {

Budget divide_memory(const Case& /*case_without_budget*/, const std::map<std::string, Demand>& /*demands*/) {
    return {};
}

}  // namespace pilotpros
