#pragma once

#include "core/compose/discovery.h"
#include "core/model/wishes.h"
#include "core/world.h"

namespace pilotpros {

/// What files are read with where no engine is to be asked.
Surroundings surroundings_without_engine(World& world);

/// The project's x-pilotpros, with the values of what the user wrote as ${…}. Throws Error (kBadInput) with the line.
Wishes heard_wishes(World& world, const Project& project);

}  // namespace pilotpros
