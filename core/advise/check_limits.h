#pragma once

#include <vector>

#include "core/model/advice.h"

namespace pilotpros {

/// What `limits --check` says without an engine, from the files alone: inconsistent_limits, and each service without a
/// memory limit; and wishes about limits that cannot be heard. A job that others wait for to complete, and a service
/// whose profile is not active, are not asked for a limit.
Advice check_limits(const Case& input);

/// Bounds in the files that contradict each other, that the Engine refuses, or that do nothing. What was tried (Engine
/// 26.1.5, Compose 2.26.1): memswap_limit below mem_limit or without one, mem_reservation above mem_limit, less than
/// 6 MiB, cpus below 0 or above the machine's, cpus beside cpu_quota are refused when the container is created;
/// `cpus: 0` and reservations.cpus are dropped without a word. (container_name with replicas, and two dialects with
/// different values, Compose itself refuses before anybody can look.)
/// Also a memory setting on the command line or in NODE_OPTIONS that is as large as the limit: Node.js's heap,
/// PostgreSQL's shared_buffers, Redis' maxmemory; and a heap that is to be locked and may not be (memlock.h). Of an
/// environment value nothing but the number of that flag is said.
/// Source: https://docs.docker.com/engine/containers/resource_constraints/ and
/// https://docs.docker.com/reference/compose-file/deploy/#resources
std::vector<Finding> inconsistent_limits(const Case& input);

}  // namespace pilotpros
