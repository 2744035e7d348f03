#include "core/advise/logging.h"

namespace pilotpros {

Advice advise_logging(const Case& /*input*/) { return {}; }

}  // namespace pilotpros
