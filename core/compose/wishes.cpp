#include "core/compose/wishes.h"

namespace pilotpros {

Wishes read_wishes(const Project& /*project*/, const Files& /*files*/) { return {}; }

}  // namespace pilotpros
