#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/advise/compose_limits.h"
#include "core/advise/memory_flags.h"
#include "core/apps/postgres/memory.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/advice.h"

namespace pilotpros::linting {

namespace {

namespace server = apps::postgres;
using Settings = std::map<std::string, std::string>;

constexpr Bytes kBlock = 8192;

/// A setting that decides how much memory PostgreSQL may take, with its default.
struct Sized {
    const char* name;
    Bytes unset;  ///< postgresql.org/docs/17/runtime-config-resource.html
    Bytes unit;   ///< of a bare number
};
constexpr Sized kBuffersFlag{"shared_buffers", 128 * kMiB, kBlock};
constexpr Sized kSortFlag{"work_mem", 4 * kMiB, 1024};
constexpr Sized kMaintenanceFlag{"maintenance_work_mem", 64 * kMiB, 1024};
constexpr long kMostProcesses = 1L << 18;  // max_connections' own bound

/// The flags, and what else is known: the defaults where the files show that nothing else moves them, else nothing at
/// all, so that what is told is the least that the flags alone come to.
class Demand {
  public:
    Demand(const Service& service, const Settings& settings)
        : settings_(settings), known_(shows_all_settings(service, settings)) {
        set_.shared_buffers.value = size(kBuffersFlag);
        set_.work_mem.value = size(kSortFlag);
        set_.maintenance_work_mem.value = size(kMaintenanceFlag);
        const auto own = memory_setting(settings, "autovacuum_work_mem");
        set_.autovacuum_work_mem.value = own ? *own : set_.maintenance_work_mem.value;
        set_.hash_mem_multiplier = hash_factor(settings, postgres_major(service));
        set_.connections = count("max_connections", set_.connections);
        set_.autovacuum_workers = count("autovacuum_max_workers", set_.autovacuum_workers);
        set_.parallel_workers = count("max_parallel_workers", set_.parallel_workers);
        set_.gather = count("max_parallel_workers_per_gather", set_.gather);
        set_.active = known_ ? set_.active : 1;
        set_.connection = server::connection_memory(0);
    }

    [[nodiscard]] const server::MemorySet& set() const { return set_; }
    /// The flags that it was worked out from; empty: the user asked for nothing.
    [[nodiscard]] const std::vector<std::string>& flags() const { return flags_; }

  private:
    Bytes size(const Sized& one) {
        const auto written = memory_setting(settings_, one.name, one.unit);
        if (written) {
            flags_.push_back(fmt::format("{} of {}", one.name, format_bytes(*written)));
        }
        return written.value_or(known_ ? one.unset : 0);
    }
    int count(const char* name, int unset) {
        const auto written = count_setting(settings_, name);
        if (!written || *written > kMostProcesses) {
            return known_ ? unset : 0;
        }
        if (std::string_view{name} == "max_connections") {
            flags_.push_back(fmt::format("{} of {}", name, *written));
        }
        return static_cast<int>(*written);
    }

    const Settings& settings_;
    bool known_;
    server::MemorySet set_;
    std::vector<std::string> flags_;
};

std::vector<Spot> look_memory(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto limit = declared_bounds(&service).memory;
        const bool flags_shown = has_plain_postgres_command(service) || starts_postgres_by_shell(service);
        if (!limit || !runs_postgres(service) || !flags_shown) {
            continue;
        }
        const Settings settings = postgres_settings(service);
        const Demand demand(service, settings);
        const std::vector<MemoryFlag> known = memory_flags(service);
        const bool advised = std::any_of(known.begin(), known.end(), [&](const MemoryFlag& flag) {
            return static_cast<double>(flag.bytes) >= flag.dangerous * static_cast<double>(*limit);
        });
        const Bytes worst = server::worst_case(demand.set());
        // Whoever lowered a value has the defaults to thank for the rest.
        const bool lowered = worst <= server::worst_case(Demand(service, {}).set());
        if (demand.flags().empty() || lowered || advised || server::fits(demand.set(), *limit)) {
            continue;
        }
        spots.push_back(
            {name,
             fmt::format("with {} it may need {} at worst and a twentieth for what is not counted, its memory limit "
                         "is {}",
                         fmt::join(demand.flags(), ", "), format_bytes(worst), format_bytes(*limit)),
             fmt::format("smaller ones (`docker pilotpros tune` works them out within the limit), or a memory limit of "
                         "at least {}",
                         compose_size(round_up(worst + worst / 19))),
             "",
             {"postgres-worst-case-over-limit"}});
    }
    return spots;
}

std::vector<Spot> look_cache_size(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto limit = declared_bounds(&service).memory;
        const auto cache = memory_setting(postgres_settings(service), "effective_cache_size", kBlock);
        if (limit && cache && runs_postgres(service) && *cache > *limit) {
            spots.push_back(
                {name,
                 fmt::format("effective_cache_size is {}, its memory limit {}, which is all that it and "
                             "its page cache ever have",
                             format_bytes(*cache), format_bytes(*limit)),
                 fmt::format("effective_cache_size={}MB, three quarters of the limit", *limit / 4 * 3 / kMiB)});
        }
    }
    return spots;
}

}  // namespace

LintRules postgres_memory_rules() {
    return {{"postgres-worst-case-over-limit", Finding::Severity::kWarning,
             "PostgreSQL's own settings may need more memory than its limit",
             "when as many sort at once as may connect, the kernel kills a server process, and PostgreSQL ends every "
             "connection and recovers",
             "https://www.postgresql.org/docs/current/runtime-config-resource.html#RUNTIME-CONFIG-RESOURCE-MEMORY",
             look_memory},
            {"postgres-cache-size-above-limit", Finding::Severity::kWarning,
             "PostgreSQL is told of more cache than its container may have",
             "a container's page cache counts against its limit: the planner prefers index scans for data that is "
             "read from the disk each time",
             "https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-EFFECTIVE-CACHE-SIZE",
             look_cache_size}};
}

}  // namespace pilotpros::linting
