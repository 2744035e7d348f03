#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Ports that are open wider than needed.
Advice advise_exposure(const Case& input);

}  // namespace pilotpros
