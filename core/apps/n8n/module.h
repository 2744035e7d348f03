#pragma once

#include "core/apps/application.h"

namespace pilotpros::apps::n8n {

ApplicationModule module();

}  // namespace pilotpros::apps::n8n
