#pragma once

#include "core/apps/application.h"

namespace pilotpros::apps::nginx {

ApplicationModule module();

}  // namespace pilotpros::apps::nginx
