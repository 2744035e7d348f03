#pragma once

#include <map>
#include <string>

#include "core/model/advice.h"

namespace pilotpros {

/// Why a share is what it is where the user's own limit is kept and nothing speaks against it.
inline constexpr const char* kOwnLimit = "its own limit";

/// Divides the machine's memory over the project's services: what each was measured to need with a margin that follows
/// from the evidence, what its application demands, the user's own limits, pins and bounds; all together within the
/// machine less the kernel's part and what other projects use. `case_without_budget.budget` is not looked at.
///
/// `demands` by service: one that is there says that the application's module knows what its memory follows, also with
/// nothing in it; where it names no least, what a flag in the files lets the program take counts (memory_flags.h).
///
/// A share, each replica (the highest of the replicas counts, never a percentile of all):
/// 1. `x-pilotpros` pins "memory": that.
/// 2. The user's own limit, in either dialect: that, kept. It is argued with only when the OOM killer struck below it,
///    when it is less than the service was seen to need, or when an apply raised it.
/// 3. Not enough evidence (MemoryEvidence::enough_with says what that is), no container, a job that ended: what was
///    advised before, if anything, else no limit.
/// 4. Otherwise at least comfort = max(need (1 + margin), need + 48 MiB, 64 MiB, Demand::least), where need is
///    Usage::need_peak(). The 48 MiB: a probe or `docker exec` runs inside the limit, too, and one in Node.js takes up
///    to 49 MiB (measured). While the machine has room, more: comfort + page cache (a wish, at most as large as the
///    need: a limit without it makes a database read its disk), Demand::wish, and twice the need while less than an
///    hour was seen, because room costs nothing and a kill does (a week's peak + 30 % was later passed on 37 of 100
///    virtual machines, twice the peak on 21). For the same hour 256 MiB at least, where no application's module says
///    what its memory follows: half a minute of flat memory tells of no cache that fills later and of no worker that a
///    busier minute starts (250 MiB are the least that Kubernetes' VPA ever recommends for a pod).
/// 5. After an OOM kill at limit L: at least max(L + 100 MiB, 1.2 L), the rule of Kubernetes' VPA, but from the limit
///    in force when this container was made, so that one kill counts once. Never below what the files reserve.
/// 6. Within the bounds of `x-pilotpros`; none at all when its highest bound is below the need.
/// 7. What an earlier Plan said stands while it is no less than the need and within a quarter of the new value; a lower
///    one replaces it only when an hour was observed. Needs rise at once and go down slowly, and the container that a
///    value is for begins a new profile, which knows nothing yet of the load or the kill that the value came from.
///
/// The machine: reserved = 10 % of its memory, 512 MiB at least (kernel, engine, the rest of the system), 4 GiB at
/// most. Room = total - reserved - others; what services without an advised share were seen to need is set aside. Too
/// little room: page cache and wishes shrink first, all by the same proportion; then margins, down to a tenth of the
/// need (16 MiB at least), never below the need; then it does not fit (fits() says so). A total of 0 (no engine): only
/// the user's limits and pins are shares.
/// `advises_limits`: whether the Plan may come to set a memory limit at all. Where it does not, or the kernel enforces
/// none, or the files give one in two places, a share is what is in force: nothing may follow a limit that nobody sets.
Budget divide_memory(const Case& case_without_budget, const std::map<std::string, Demand>& demands,
                     bool advises_limits = true);

/// Whether the granted shares, together with `unlimited` (what services without a share use), find room.
bool fits(const Budget& budget, Bytes unlimited);

}  // namespace pilotpros
