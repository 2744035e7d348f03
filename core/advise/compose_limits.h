#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/change.h"
#include "core/model/project.h"

namespace pilotpros {

/// Which keys bound a service. Compose refuses a file in which a service has a `deploy.resources.limits` block (even an
/// empty one, or one with another key) beside mem_limit, cpus or pids_limit of another value: "can't set distinct
/// values" (tried with Compose 2.26.1; compose-go, loader/validate.go). So a service has one dialect for all keys.
enum class Dialect { kFlat, kDeploy };

/// What the Compose files say of a service's bounds, as Compose resolves them. Nothing: not set, or set to what means
/// no bound.
struct DeclaredLimits {
    Dialect dialect = Dialect::kFlat;  ///< that every further key has to be written in
    std::optional<Bytes> memory, memory_reservation;
    std::optional<Bytes> memory_swap;  ///< memory and swap together; -1: no bound
    std::optional<Bytes> shm_size;
    std::optional<double> cpus;
    std::optional<double> reserved_cpus;  ///< deploy.resources.reservations.cpus: Swarm's alone
    std::optional<std::int64_t> cpu_quota, cpu_period, cpu_shares;
    int cpuset_cpus = 0;                                 ///< how many CPUs cpuset names; 0: not set
    std::optional<std::int64_t> pids;                    ///< -1: no bound, and said so
    std::optional<std::int64_t> files_soft, files_hard;  ///< ulimits.nofile
    std::vector<std::string> in_both;  ///< keys ("memory", "cpus", "pids") given in both dialects, with equal values
};

/// The kernel's and the Engine's own, in microseconds, where cpu_period is not set.
inline constexpr std::int64_t kCpuPeriod = 100'000;

/// Nothing set for a null pointer.
DeclaredLimits declared_bounds(const Service* service);

/// CPUs that it may use: `pinned`, else its quota, else the machine's, and never more than its cpuset has.
double cpus_at_most(const DeclaredLimits& declared, std::optional<double> pinned, double machine);

/// Where "memory", "cpus" or "pids" goes.
Target limit_target(Dialect dialect, const std::string& key);

/// The lines of a Compose file that set a value there, e.g. "services:\n  db:\n    mem_limit: 512m".
std::string lines_for(const std::string& service, const Target& target, const std::string& value);

}  // namespace pilotpros
