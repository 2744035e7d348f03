#include "core/advise/development.h"

namespace pilotpros {

Advice advise_development(const Case& /*input*/) { return {}; }

}  // namespace pilotpros
