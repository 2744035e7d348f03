#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Rotation of logs that grow without bound.
Advice advise_logging(const Case& input);

}  // namespace pilotpros
