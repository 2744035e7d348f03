#include "core/docker/pump.h"

namespace pilotpros {

void pump_for(Engine& engine, const Clock& clock, std::chrono::milliseconds time) {
    const auto until = clock.steady() + time;
    while (clock.steady() < until) {
        engine.pump(time);
    }
}

}  // namespace pilotpros
