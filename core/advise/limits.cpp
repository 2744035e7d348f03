#include "core/advise/limits.h"

namespace pilotpros {

Advice advise_limits(const Case& /*input*/) { return {}; }

}  // namespace pilotpros
