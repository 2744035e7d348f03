#include "core/heard_wishes.h"

#include "core/advising.h"
#include "core/compose/wish_values.h"
#include "core/compose/wishes.h"

namespace pilotpros {

Surroundings surroundings_without_engine(World& world) {
    return {world.environment,        world.files, world.process, world.cancel, nullptr, world.docker_command(),
            world.read_standard_input};
}

Wishes heard_wishes(World& world, const Project& project) {
    Wishes wishes = read_wishes(project, world.files, advisor_set());
    fill_in_wishes(wishes, project, surroundings_without_engine(world));
    return wishes;
}

}  // namespace pilotpros
