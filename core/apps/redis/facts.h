#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"
#include "core/model/units.h"

namespace pilotpros::apps::redis {

/// What Redis (or Valkey) says of itself.
struct Facts {
    std::string server;  ///< "redis" or "valkey"
    std::string version, mode, role;
    Bytes used_memory = 0, used_memory_rss = 0, used_memory_peak = 0, maxmemory = 0;  ///< maxmemory 0: no bound
    std::string maxmemory_policy;
    std::int64_t clients = 0,  ///< ours left out
        maxclients = 0, evicted_keys = 0, keyspace_hits = 0, keyspace_misses = 0, rejected_connections = 0;
    std::int64_t keys = 0, operations_per_second = 0, uptime_seconds = 0, last_fork_us = 0;
    bool append_only = false;
    bool snapshots = false;                     ///< `save` names at least one rule
    std::map<std::string, std::string> config;  ///< CONFIG GET of a public list; empty where the command is refused
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Facts, server, version, mode, role, used_memory, used_memory_rss,
                                                used_memory_peak, maxmemory, maxmemory_policy, clients, maxclients,
                                                evicted_keys, keyspace_hits, keyspace_misses, rejected_connections,
                                                keys, operations_per_second, uptime_seconds, last_fork_us, append_only,
                                                snapshots, config)

std::vector<std::string> describe(const Facts& facts);

/// What maxmemory lets it take, with what it was seen to take beside its data (fragmentation, buffers; a twentieth at
/// least). With saves it would make use of as much again: the child that writes them keeps each page that the server
/// changes meanwhile (https://redis.io/docs/latest/operate/oss_and_stack/management/admin/). Nothing without maxmemory:
/// then it grows with its data.
std::optional<Demand> demand(const Facts& facts);

/// Reads what the question's script printed: INFO, a line of its own, then names and values in turn. Only listed names
/// are kept. Pure.
Facts read_facts(const std::string& output);

}  // namespace pilotpros::apps::redis
