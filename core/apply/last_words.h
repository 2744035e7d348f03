#pragma once

#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/observe/redactor.h"

namespace pilotpros {

/// The last lines, at most five, that a service's containers wrote, a container that runs no more first, and the last
/// line of an unhealthy one's probe: escapes, control characters and secrets left out, each at most 160 bytes. Empty
/// where nothing was written or the engine cannot tell. Lets Interrupted and EngineLost through.
std::vector<std::string> last_words(Engine& engine, const std::string& project, const ServiceObservation& before,
                                    const Image* image);

}  // namespace pilotpros
