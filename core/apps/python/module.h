#pragma once

#include "core/apps/application.h"

namespace pilotpros::apps::python {

ApplicationModule module();

}  // namespace pilotpros::apps::python
