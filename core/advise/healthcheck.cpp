#include "core/advise/healthcheck.h"

namespace pilotpros {

Advice advise_healthcheck(const Case& /*input*/) { return {}; }

}  // namespace pilotpros
