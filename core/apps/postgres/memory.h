#pragma once

#include <optional>

#include "core/model/units.h"

namespace pilotpros::apps::postgres {

/// One size of the joint budget, and whether it may be moved.
struct Part {
    Bytes value = 0;
    bool fixed = false;  ///< the user's: kept, and counted
};

/// What PostgreSQL's memory inside a container is made of. Source: PostgreSQL documentation, "20.4. Resource
/// Consumption"; the formula was checked against real servers 15 and 17.
struct MemorySet {
    Part shared_buffers, work_mem, maintenance_work_mem, autovacuum_work_mem;
    double hash_mem_multiplier = 2;
    int connections = 100;       ///< max_connections
    int autovacuum_workers = 3;  ///< autovacuum_max_workers
    int parallel_workers = 8;    ///< max_parallel_workers
    int gather = 2;              ///< max_parallel_workers_per_gather
    int active = 4;              ///< statements that run at the same time
    Bytes connection = 0;        ///< of its own, each server process, before the first sort
};

/// Size of the server's main shared memory: shared_buffers, their headers, and the slots of connections. Measured with
/// `postgres -C shared_memory_size` on 15: 128 MiB gives 143, 1 GiB 1074, 4 GiB 4213, 8 GiB with 200 connections 8404.
Bytes shared_memory(Bytes shared_buffers, int connections);

/// What a connection's process needs of its own: 3 MiB (measured 1.9 fresh), and 1 more for each 100 tables whose
/// catalogue entries it may keep, at most 10 in all.
Bytes connection_memory(long long tables);

/// The most that cannot be reclaimed: everything shared, each possible process, every autovacuum worker and one
/// maintenance command at its bound, and, whichever is more, one sort in each connection, or two hash tables with their
/// parallel workers in each active statement; 64 MiB for WAL, the server's own processes and the kernel.
Bytes worst_case(const MemorySet& set);

/// What concurrent parallel hash joins may want of /dev/shm, without the floor; 0 without parallel workers.
Bytes shared_segments(const MemorySet& set);

/// The largest of the steps 1, 1.5, 2, 3, 4, 6, 8 … MiB that is not above `bytes`; at least 1 MiB.
Bytes step_below(Bytes bytes);
/// The smallest of those steps that is not below `bytes`.
Bytes step_above(Bytes bytes);

/// What of a limit the worst case may use: 95 %.
Bytes usable(Bytes limit);

/// The worst case is within usable(limit).
bool fits(const MemorySet& set, Bytes limit);

/// Moves the parts that may be moved, as little as possible, until the worst case fits into usable(limit): first
/// autovacuum's and maintenance's memory down to 16 MiB, then shared_buffers down to half of what was wanted, then
/// work_mem down to 1 MiB, then shared_buffers down to 32 MiB. Nothing when even that does not fit.
std::optional<MemorySet> fit(MemorySet wanted, Bytes limit);

}  // namespace pilotpros::apps::postgres
