#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Development servers in production.
Advice advise_development(const Case& input);

}  // namespace pilotpros
