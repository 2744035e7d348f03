#pragma once

#include <chrono>

#include "core/docker/engine.h"
#include "core/sys/clock.h"

namespace pilotpros {

/// Lets so much time pass on the clock, while what the engine's streams bring is read. Throws Interrupted when the user
/// wants to stop.
void pump_for(Engine& engine, const Clock& clock, std::chrono::milliseconds time);

}  // namespace pilotpros
