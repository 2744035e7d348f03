#include "core/advise/data.h"

namespace pilotpros {

Advice advise_data(const Case& /*input*/) { return {}; }

}  // namespace pilotpros
