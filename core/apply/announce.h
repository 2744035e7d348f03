#pragma once

#include <map>
#include <string>

#include "core/apply/interruption.h"
#include "core/apply/preview.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// How long each service that is replaced is going to be away, from what is kept of earlier applies, what the engine
/// remembers, and what was observed.
std::map<std::string, AnnouncedInterruption> announce_interruptions(World& world, Engine& engine,
                                                                    const ApplyRequest& request,
                                                                    const ApplyPreview& preview);

/// The seconds between two looks of a service's health check while it starts: of the resolved service, else of the
/// container that it inherits from its image; 0: it has none. Pure.
double probe_spacing(const nlohmann::json& resolved, const ServiceObservation* service);

/// When the gate of a service gives up. Pure.
Seconds gate_gives_up_after(const ServiceObservation& service, double start_seconds, bool listens);

}  // namespace pilotpros
