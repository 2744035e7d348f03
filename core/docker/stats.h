#pragma once

#include <string>
#include <string_view>

#include "core/docker/engine.h"
#include "core/model/usage.h"

namespace pilotpros {

/// What one line of a statistics stream was.
enum class StatsLine {
    kSample,    ///< a sample
    kNoSample,  ///< the engine had nothing to say: the container does not run
    kNonsense,  ///< not the JSON of a sample
};

/// The stream of a container's statistics: about one line a second, as long as the container exists.
Request stats_request(const std::string& container);

/// Reads one line of the stream, of an engine on cgroup v1 or v2. `sample` is only meaningful when the answer is
/// kSample. Made for being called hundreds of times a second: one pass, nothing is built that is not read.
///
/// unreclaimable = usage - file pages (active and inactive) - reclaimable slab (v2; v1 does not tell it apart, so there
/// it counts as needed), and at least anonymous + shared + kernel stacks + unreclaimable slab + sockets. By
/// subtraction, because the engine's answer lacks shared memory and the kernel's own on v1, and page tables and per-CPU
/// memory on v2. The kernel charges in batches of 64 pages for each CPU and refreshes memory.stat when it is as far
/// behind (mm/memcontrol.c, MEMCG_CHARGE_BATCH), so that the value is within 64 pages x CPUs x 2 of the truth: 1 MiB on
/// two CPUs.
StatsLine parse_stats(std::string_view line, StatsSample& sample);

}  // namespace pilotpros
