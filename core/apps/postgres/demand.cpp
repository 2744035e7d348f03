#include "core/apps/postgres/demand.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/postgres/draft.h"

namespace pilotpros::apps::postgres {

// The joint formula of memory.h over the present values, ours left out: so the Budget does not follow its own effects.
// Buffers are wished for up to the size of the data, coarsely rounded so that growth does not move it every day.
std::optional<Demand> demand(const Case& input, const ServiceObservation& service, const nlohmann::json& facts) {
    if (!facts.is_object() || !facts.contains("settings") || facts["settings"].empty()) {
        return std::nullopt;
    }
    const Situation situation = situation_of(input, service, facts, nullptr);
    const MemorySet& now = situation.now;
    Demand demand;
    demand.least = worst_case(now) * 20 / 19 + (Bytes{1} << 20U);  // so that usable() of it holds the worst case
    demand.why = fmt::format("shared_buffers {}, {} connections each sorting in {}, {} autovacuum workers in {}",
                             format_bytes(now.shared_buffers.value), now.connections, format_bytes(now.work_mem.value),
                             now.autovacuum_workers, format_bytes(now.autovacuum_work_mem.value));
    if (situation.data > 0) {
        const Bytes cached = step_above(situation.data + situation.data / 4);
        demand.wish = demand.least + std::max<Bytes>(0, cached - now.shared_buffers.value);
        demand.why += fmt::format("; about {} of data", format_bytes(step_above(situation.data)));
    }
    return demand;
}

}  // namespace pilotpros::apps::postgres
