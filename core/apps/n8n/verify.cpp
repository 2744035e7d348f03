#include "core/apps/n8n/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/n8n/facts.h"

namespace pilotpros::apps::n8n {

namespace {

/// Nobody was asked: what is worked out is said as that, and a wish as the user's own.
std::string said_of_grace(const Change& change) {
    return is_pinned(change) ? "your pin, as it is; n8n was not asked whether it is long enough"
           : change.reason.starts_with(kBounded)
               ? "as far as your bound lets it; n8n was not asked whether it is enough"
               : "the time that n8n takes at most, and ten seconds";
}

}  // namespace

std::vector<Verdict> verify(Verifying& verifying) { return verify_with(verifying, {}); }

std::vector<Verdict> verify_with(Verifying& verifying, const NameChecks& checks) {
    const auto facts = verifying.application_facts.get<Facts>();
    std::vector<Verdict> verdicts;
    for (const Change* const change : verifying.changes) {
        if (change->advisor != "n8n") {
            continue;
        }
        Verdict verdict{verifying.service.service, change->key, Verdict::Outcome::kDerived, "docker pilotpros",
                        said_of_grace(*change),    {}};
        const auto& path = change->target.path;
        if (path.size() == 2 && path.front() == "environment") {
            const bool known = !checks.known || std::find(facts.configured.begin(), facts.configured.end(),
                                                          path.back()) != facts.configured.end();
            verdict.by = fmt::format("n8n {} of this image", facts.version);
            verdict.outcome = facts.configured.empty() ? Verdict::Outcome::kNotAsked
                              : known                  ? Verdict::Outcome::kAccepted
                                                       : Verdict::Outcome::kRefused;
            verdict.said = facts.configured.empty() ? "its configuration could not be loaded"
                           : known                  ? fmt::format("reads {}", path.back())
                                                    : fmt::format("does not read {}", path.back());
        }
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

}  // namespace pilotpros::apps::n8n
