#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/advise/compose_limits.h"
#include "core/lint/as_written.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/advice.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

using Settings = std::map<std::string, std::string>;

constexpr Bytes kDockerShm = 64 * kMiB;
/// PostgreSQL's defaults; that of hash_mem_multiplier was 1 until 14.
constexpr Bytes kWorkMem = 4 * kMiB;
constexpr Bytes kMaintenanceWorkMem = 64 * kMiB;
constexpr long kGatherWorkers = 2;
constexpr long kMaintenanceWorkers = 2;

/// What its flags, or the defaults, let one operation take of /dev/shm.
struct SharedNeed {
    Bytes bytes = 0;
    std::string why;
    bool by_default = false;  ///< PostgreSQL's own defaults ask for as much
};

/// What a parallel VACUUM may share: up to 16 it takes all of maintenance_work_mem at once for a large table, so that
/// the default of 64 MiB and what stands around it is more than Docker's 64 MiB (getodk/central #1147); from 17 on it
/// takes what it fills, which the default seldom lets become as much.
SharedNeed maintenance_need(const Service& service, const Settings& settings, int major) {
    const auto written = memory_setting(settings, "maintenance_work_mem");
    const bool assumed = !settings.contains("maintenance_work_mem") && shows_all_settings(service, settings);
    const long workers =
        std::min(count_setting(settings, "max_parallel_maintenance_workers").value_or(kMaintenanceWorkers),
                 count_setting(settings, "max_parallel_workers").value_or(kMaintenanceWorkers));
    const Bytes bytes = written.value_or(assumed ? kMaintenanceWorkMem : 0);
    const bool by_default = bytes == kMaintenanceWorkMem;
    const bool at_once = (major >= 13 && major < 17) || (major == 0 && written);
    if (workers <= 0 || (by_default && !at_once)) {
        return {};
    }
    return {
        bytes,
        fmt::format("maintenance_work_mem of {}{}", format_bytes(bytes), by_default ? ", PostgreSQL's default," : ""),
        by_default};
}

/// A parallel index build or vacuum shares up to maintenance_work_mem, a parallel hash join a table of work_mem times
/// hash_mem_multiplier for each of its processes. By default a join needs far less than 64 MiB.
SharedNeed shared_need(const Service& service, const Settings& settings) {
    const int major = postgres_major(service);
    SharedNeed need = maintenance_need(service, settings, major);
    const auto work = memory_setting(settings, "work_mem");
    const auto gather = count_setting(settings, "max_parallel_workers_per_gather");
    const long workers =
        std::min(gather.value_or(kGatherWorkers), count_setting(settings, "max_parallel_workers").value_or(1024));
    if ((work || gather) && workers > 0 && workers <= 1024) {
        const Bytes each = work.value_or(kWorkMem);
        const auto join = static_cast<Bytes>(static_cast<double>(each * (workers + 1)) * hash_factor(settings, major));
        if (join > need.bytes) {
            need = {join, fmt::format("work_mem of {} and {} parallel workers a query", format_bytes(each), workers),
                    false};
        }
    }
    return need;
}

/// Something else than Docker's own 64 MiB, or PostgreSQL does not use it.
bool has_other_shared_memory(const Service& service, const Settings& settings) {
    const std::vector<WrittenMount> mounts = mounts_of(service.resolved);
    const bool mounted =
        std::any_of(mounts.begin(), mounts.end(), [](const WrittenMount& mount) { return mount.target == "/dev/shm"; });
    const std::string tmpfs = member(service.resolved, "tmpfs").dump();
    const std::string ipc = text(service.resolved, "ipc");
    const bool of_others = !ipc.empty() && ipc != "private" && ipc != "shareable";
    const auto kind = settings.find("dynamic_shared_memory_type");
    return mounted || tmpfs.find("/dev/shm") != std::string::npos || of_others ||
           (kind != settings.end() && kind->second != "posix");
}

std::vector<Spot> look_shared_memory(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const Settings settings = postgres_settings(service);
        const Json& written = member(service.resolved, "shm_size");
        const DeclaredLimits declared = declared_bounds(&service);
        if (!runs_postgres(service) || has_other_shared_memory(service, settings) ||
            (!written.is_null() && !declared.shm_size)) {
            continue;
        }
        const Bytes present = declared.shm_size.value_or(kDockerShm);
        const SharedNeed need = shared_need(service, settings);
        if (need.bytes < present) {
            continue;
        }
        const Bytes wanted = round_up(need.bytes + kDockerShm);
        const bool fits = !declared.memory || wanted < *declared.memory;
        Spot spot{name,
                  fmt::format("{} may take {} of /dev/shm, which has {}{}", need.why, format_bytes(need.bytes),
                              format_bytes(present), need.bytes == present ? ", and not for it alone" : ""),
                  fits ? service_lines(name, {fmt::format("shm_size: {}", compose_size(wanted))})
                       : fmt::format("less of it in its command: its memory limit of {} has no room for a "
                                     "shm_size of {}",
                                     format_bytes(*declared.memory), format_bytes(wanted))};
        if (need.by_default) {
            spot.harm =
                "a VACUUM by hand of a large table with several indexes fails: could not resize shared memory segment, "
                "no space left on device";
            spot.severity = Finding::Severity::kNote;
        }
        spots.push_back(std::move(spot));
    }
    return spots;
}

}  // namespace

LintRules postgres_shared_memory_rules() {
    return {{"postgres-shm-too-small", Finding::Severity::kWarning,
             "PostgreSQL's parallel workers need more shared memory than /dev/shm has",
             "queries and index builds fail: could not resize shared memory segment, no space left on device",
             "https://github.com/docker-library/postgres/issues/416", look_shared_memory,
             "a note for PostgreSQL 13 to 16 with its defaults: only a VACUUM by hand of a large table asks for as "
             "much"}};
}

}  // namespace pilotpros::linting
