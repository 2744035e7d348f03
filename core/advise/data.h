#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Data that lies where the next container does not find it.
Advice advise_data(const Case& input);

}  // namespace pilotpros
