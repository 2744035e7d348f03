#include "core/apps/postgres/advise.h"

namespace pilotpros::apps::postgres {

// Order: CPUs bound the workers, workers and connections the memory, memory the planner's idea of the cache. A value
// changes only where a rule or evidence asks for it; what the user set is kept, and a mistake in it is a Finding.
Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts) {
    const auto share = input.budget.shares.find(service.service);
    Situation situation =
        situation_of(input, service, facts, share == input.budget.shares.end() ? nullptr : &share->second);
    Draft draft{input, service.service, situation};
    if (const auto wish = input.wishes.find(service.service);
        wish != input.wishes.end() && wish->second.excludes("postgres")) {
        return draft.advice;
    }
    if (find_lost_data(service, situation, draft)) {
        draft.leave("", "nothing that makes a new container is advised before the data is safe, see the finding");
        return draft.advice;
    }
    if (situation.facts.settings.empty()) {
        draft.leave("", "insufficient evidence: the server did not tell its settings");
        advise_container(input, service, situation, nullptr, draft);
        return draft.advice;
    }
    advise_parallel(situation, draft);
    const auto set = advise_memory(situation, draft);
    advise_planner(situation, draft);
    advise_wal(situation, draft);
    advise_rest(situation, draft);
    draft.add_pins();
    advise_container(input, service, situation, set ? &*set : nullptr, draft);
    add_carriers(input, service, situation, draft);
    return draft.advice;
}

}  // namespace pilotpros::apps::postgres
