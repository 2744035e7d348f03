#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Probes that exist, answer and are asked at the right time.
Advice advise_healthcheck(const Case& input);

}  // namespace pilotpros
