#include "core/apps/postgres/memory.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace pilotpros::apps::postgres {

namespace {

constexpr Bytes kKiB = Bytes{1} << 10U;
constexpr Bytes kRest = 64 * kMiB;
constexpr int kHashTables = 2;  // of one statement at the same time

/// Lowers one part step by step until everything fits or the floor is reached.
bool lower(MemorySet& set, Part MemorySet::*part, Bytes floor, Bytes limit) {
    while (!fits(set, limit) && !(set.*part).fixed && (set.*part).value > floor) {
        (set.*part).value = std::max(floor, step_below((set.*part).value - 1));
    }
    return fits(set, limit);
}

}  // namespace

Bytes shared_memory(Bytes shared_buffers, int connections) {
    return shared_buffers + shared_buffers / 40 + 12 * kMiB + static_cast<Bytes>(connections) * 52 * kKiB;
}

Bytes connection_memory(long long tables) { return std::min<Bytes>(10, 3 + std::max<Bytes>(0, tables) / 100) * kMiB; }

Bytes worst_case(const MemorySet& set) {
    const int processes = set.connections + set.parallel_workers + set.autovacuum_workers;
    const Bytes sorts = static_cast<Bytes>(set.connections) * set.work_mem.value;
    const auto hashes =
        static_cast<Bytes>(std::ceil(static_cast<double>(set.work_mem.value) * set.hash_mem_multiplier * kHashTables *
                                     std::min(set.active, set.connections) * (set.gather + 1)));
    return shared_memory(set.shared_buffers.value, set.connections) + processes * set.connection +
           set.autovacuum_workers * set.autovacuum_work_mem.value + set.maintenance_work_mem.value +
           std::max(sorts, hashes) + kRest;
}

Bytes shared_segments(const MemorySet& set) {
    if (set.gather <= 0 || set.parallel_workers <= 0) {
        return 0;
    }
    const int queries = std::max(1, set.parallel_workers / set.gather);
    const auto hashes = static_cast<Bytes>(std::ceil(static_cast<double>(set.work_mem.value) * set.hash_mem_multiplier *
                                                     queries * kHashTables * (set.gather + 1)));
    return 32 * kMiB + hashes + set.maintenance_work_mem.value;
}

Bytes step_below(Bytes bytes) {
    Bytes step = kMiB;
    while (step * 2 <= bytes) {
        step *= 2;
    }
    return step + step / 2 <= bytes ? step + step / 2 : step;
}

Bytes step_above(Bytes bytes) {
    const Bytes below = step_below(bytes);
    if (below >= bytes) {
        return below;
    }
    const bool power = (below & (below - 1)) == 0;
    return power ? below + below / 2 : below / 3 * 4;
}

Bytes usable(Bytes limit) { return limit - limit / 20; }

bool fits(const MemorySet& set, Bytes limit) { return worst_case(set) <= usable(limit); }

std::optional<MemorySet> fit(MemorySet wanted, Bytes limit) {
    const Bytes half = step_below(wanted.shared_buffers.value / 2);
    // In the order in which giving way costs least.
    const std::array<std::pair<Part MemorySet::*, Bytes>, 5> steps{{{&MemorySet::autovacuum_work_mem, 16 * kMiB},
                                                                    {&MemorySet::maintenance_work_mem, 16 * kMiB},
                                                                    {&MemorySet::shared_buffers, half},
                                                                    {&MemorySet::work_mem, kMiB},
                                                                    {&MemorySet::shared_buffers, 32 * kMiB}}};
    for (const auto& [part, floor] : steps) {
        if (lower(wanted, part, floor, limit)) {
            return wanted;
        }
    }
    return std::nullopt;
}

}  // namespace pilotpros::apps::postgres
