#pragma once

#include "core/apps/application.h"

namespace pilotpros::apps::node {

ApplicationModule module();

}  // namespace pilotpros::apps::node
