#pragma once

#include "core/apps/application.h"

namespace pilotpros::apps::redis {

ApplicationModule module();

}  // namespace pilotpros::apps::redis
