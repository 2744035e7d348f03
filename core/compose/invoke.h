#pragma once

#include <string>
#include <vector>

#include "core/compose/discovery.h"

namespace pilotpros {

/// `command` begins with `docker`, which is docker and its global flags, and "compose". Has Compose's own program
/// called in docker's place where it is found (compose_plugin()): docker asks each plugin what it is before it calls
/// one, which costs more than the call.
void call_compose_itself(Command& command, const std::vector<std::string>& docker, const Environment& environment,
                         const Files& files);

/// `docker compose ARGUMENTS...`, bounded: hostile YAML makes Compose hang or eat gigabytes.
Command compose_command_line(std::vector<std::string> arguments, const Surroundings& surroundings);

/// Throws Error when what failed is not Compose reading files but docker or Compose being absent, slow or out of
/// memory.
void require_compose(const Finished& finished, const Surroundings& surroundings);

}  // namespace pilotpros
