#include "core/model/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "core/model/sha256.h"

namespace pilotpros {

namespace {

bool concerns(const Verdict& verdict, const Change& change) {
    return (verdict.service.empty() || verdict.service == change.service) &&
           (verdict.key.empty() || verdict.key == change.key);
}

/// Refused before not asked before derived before accepted: the weakest assurance is what is shown.
int strictness(Verdict::Outcome outcome) {
    switch (outcome) {
        case Verdict::Outcome::kRefused:
            return 3;
        case Verdict::Outcome::kNotAsked:
            return 2;
        case Verdict::Outcome::kDerived:
            return 1;
        case Verdict::Outcome::kAccepted:
            return 0;
    }
    return 0;
}

int drop_idle_carriers(std::vector<Change>& changes) {
    using Place = std::pair<std::string, std::string>;
    // Who mounts a directory for settings carries settings, and not what its advisor writes elsewhere.
    std::set<Place> for_settings;
    for (const Change& change : changes) {
        if (change.carrier && change.target.kind == Target::Kind::kPostgres) {
            for_settings.emplace(change.service, change.advisor);
        }
    }
    std::set<Place> loads;
    for (const Change& change : changes) {
        const Place place{change.service, change.advisor};
        if (!change.carrier && (!for_settings.contains(place) || change.target.kind == Target::Kind::kPostgres)) {
            loads.insert(place);
        }
    }
    return static_cast<int>(std::erase_if(changes, [&](const Change& change) {
        return change.carrier && !loads.contains({change.service, change.advisor});
    }));
}

/// How closely a verdict speaks of the Change.
int closeness(const Verdict& verdict) { return verdict.key.empty() ? (verdict.service.empty() ? 0 : 1) : 2; }

}  // namespace

const Verdict* Plan::verdict_on(const Change& change) const {
    const Verdict* best = nullptr;
    const auto rank = [](const Verdict& verdict) {
        // A refusal counts wherever it comes from; otherwise who was asked about this very value speaks.
        const bool refused = verdict.outcome == Verdict::Outcome::kRefused;
        return std::make_tuple(refused, closeness(verdict), strictness(verdict.outcome));
    };
    for (const Verdict& verdict : verdicts) {
        if (concerns(verdict, change) && (best == nullptr || rank(verdict) > rank(*best))) {
            best = &verdict;
        }
    }
    return best;
}

std::string hash_of(const Plan& plan) {
    nlohmann::json written = nlohmann::json::array();
    for (const Change& change : plan.changes) {
        written.push_back(
            {change.service, change.key, change.target.kind, change.target.path, change.before, change.in_file()});
    }
    const nlohmann::json all{{"project", plan.project}, {"changes", written}};
    return sha256_hex(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void put_in_order(Plan& plan) {
    std::erase_if(plan.changes, [](const Change& change) { return change.before == change.after; });
    drop_idle_carriers(plan.changes);
    std::stable_sort(plan.changes.begin(), plan.changes.end(), [](const Change& left, const Change& right) {
        return std::tie(left.service, left.advisor) < std::tie(right.service, right.advisor);
    });
}

int drop_refused(Plan& plan) {
    std::set<std::pair<std::string, std::string>> joints;
    std::set<std::pair<std::string, std::string>> keys;
    for (const Change& change : plan.changes) {
        const Verdict* const verdict = plan.verdict_on(change);
        if (verdict == nullptr || verdict->outcome != Verdict::Outcome::kRefused) {
            continue;
        }
        plan.left_alone.push_back(
            {change.service, change.advisor, change.key, fmt::format("{} refused it: {}", verdict->by, verdict->said)});
        keys.emplace(change.service, change.key);
        if (!change.joint.empty()) {
            joints.emplace(change.service, change.joint);
        }
    }
    const auto goes = [&](const Change& change) {
        const bool refused = keys.contains({change.service, change.key});
        const bool joint = !change.joint.empty() && joints.contains({change.service, change.joint});
        if (joint && !refused) {
            plan.left_alone.push_back({change.service, change.advisor, change.key,
                                       "it goes together with a change of this service that was refused"});
        }
        return refused || joint;
    };
    const auto gone = static_cast<int>(std::erase_if(plan.changes, goes));
    return gone + drop_idle_carriers(plan.changes);
}

}  // namespace pilotpros
