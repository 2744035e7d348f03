#pragma once

#include "core/compose/discovery.h"
#include "core/model/wishes.h"

namespace pilotpros {

/// Puts what Compose makes of them in the place of pins and bounds that hold a $, as if they stood in the user's own
/// files: with the same project directory, environment files and name. A pin's own text is kept in Wish::as_written.
/// Compose is run only where there is a $; what it cannot say, a wrong ${ or an ${A:?} without A, stays as it is.
void fill_in_wishes(Wishes& wishes, const Project& project, const Surroundings& surroundings);

}  // namespace pilotpros
