#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"

namespace pilotpros {

/// How many containers of the service there are to be.
int replicas_of(const Case& input, const ServiceObservation* observed, const std::string& service);

/// The limit below which the OOM killer struck in a container that still exists; 0: none did, or none was set.
Bytes limit_of_oom_kill(const ServiceObservation& service);

/// Whether another of these services waits until this one has completed.
bool is_job(const std::map<std::string, Service>& services, const std::string& name);

/// Whether any process of the service's present containers was killed for lack of memory.
bool was_oom_killed(const ServiceObservation& service);

/// Whether PostgreSQL is the first process in the service's containers, as far as is known: it inherits what loses its
/// parent there. `resolved`: the service's model.
bool postgres_inherits(const ServiceObservation& service, const nlohmann::json& resolved);

/// Why a service gets no advice whatever its use: no container, a job that ended; empty when it runs.
std::string not_running(const ServiceObservation* service);

}  // namespace pilotpros
