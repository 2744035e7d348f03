#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Memory and CPU bounds, process counts, descriptors.
Advice advise_limits(const Case& input);

}  // namespace pilotpros
