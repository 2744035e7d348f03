#pragma once

#include <vector>

#include "core/docker/engine.h"
#include "core/model/advice.h"
#include "core/model/plan.h"

namespace pilotpros {

std::vector<Verdict> verify_probes(Engine& engine, const Case& input, const ServiceObservation& service,
                                   const std::vector<const Change*>& changes);

}  // namespace pilotpros
