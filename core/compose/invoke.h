#pragma once

#include <string>
#include <vector>

#include "core/compose/discovery.h"

namespace pilotpros {

/// `docker compose ARGUMENTS...`, bounded: hostile YAML makes Compose hang or eat gigabytes.
Command compose_command_line(std::vector<std::string> arguments, const Surroundings& surroundings);

/// Throws Error when what failed is not Compose reading files but docker or Compose being absent, slow or out of
/// memory.
void require_compose(const Finished& finished, const Surroundings& surroundings);

}  // namespace pilotpros
