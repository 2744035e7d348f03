#pragma once

#include <string>

#include "core/profile.h"

namespace pilotpros {

/// The profile for people. `width` in cells; 0: as wide as it gets.
std::string profile_as_table(const Profile& profile, int width);

/// The first lines, known before anything is measured: the project, the engine, and a row for each service.
std::string first_facts_as_table(const Project& project, const Observation& observation, int width);

/// One line of usage a container, for the live view and the result: CPU and memory so far.
std::string usage_as_table(const Observation& observation, int width);

}  // namespace pilotpros
