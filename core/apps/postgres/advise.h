#pragma once

#include <nlohmann/json.hpp>

#include "core/apps/postgres/draft.h"
#include "core/model/advice.h"

namespace pilotpros::apps::postgres {

/// The module's door: one budget for all that PostgreSQL takes within the service's share of memory and CPUs, written
/// into a mounted configuration directory; the planner's, WAL's and the log's settings on evidence; shm_size and
/// stop_grace_period. Durability is never traded.
Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

// Its parts, each with its rule and source in its own file.

/// advise_memory.cpp. Returns the set as it will be, for what follows from it; nothing when no set fits the limit.
std::optional<MemorySet> advise_memory(const Situation& given, Draft& draft);
/// advise_work.cpp: parallel workers from the share's CPUs, before memory is divided. Changes `now`.
void advise_parallel(Situation& situation, Draft& draft);
/// advise_work.cpp: planner, WAL, autovacuum, log.
void advise_planner(const Situation& situation, Draft& draft);
void advise_wal(const Situation& situation, Draft& draft);
void advise_rest(const Situation& situation, Draft& draft);
/// advise_container.cpp: /dev/shm, the time to stop, and where the data lies. `set`: null when no set of sizes fits.
void advise_container(const Case& input, const ServiceObservation& service, const Situation& situation,
                      const MemorySet* set, Draft& draft);
/// Whether the next container would lose the data; says so.
bool find_lost_data(const ServiceObservation& service, const Situation& situation, Draft& draft);
/// carriers.cpp: the mount, the command and the include that settings need; or why not, with the lines to add by hand.
void add_carriers(const Case& input, const ServiceObservation& service, const Situation& situation, Draft& draft);

}  // namespace pilotpros::apps::postgres
