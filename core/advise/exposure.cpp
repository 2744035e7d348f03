#include "core/advise/exposure.h"

namespace pilotpros {

Advice advise_exposure(const Case& /*input*/) { return {}; }

}  // namespace pilotpros
