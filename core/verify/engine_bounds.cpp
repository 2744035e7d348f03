#include "core/verify/engine_bounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/advise/check_limits.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

/// What the Engine refuses, and the keys of the Changes that may have brought it about, the likeliest first.
const std::map<std::string, std::vector<std::string>>& keys_of_refusals() {
    static const std::map<std::string, std::vector<std::string>> kKeys{
        {"memory-limit-too-small", {"memory"}},
        {"reservation-above-limit", {"memory"}},
        {"memswap-without-memory", {"memory_swap"}},
        {"memswap-below-memory", {"memory_swap", "memory"}},
        {"cpus-negative", {"cpus"}},
        {"cpus-above-machine", {"cpus"}},
        {"cpus-and-quota", {"cpus"}}};
    return kKeys;
}

Project as_merged(const Project& project, const nlohmann::json& merged) {
    Project result = project;
    const nlohmann::json& services = member(merged, "services");
    for (auto& [name, service] : result.services) {
        if (const nlohmann::json& resolved = member(services, name.c_str()); resolved.is_object()) {
            service.resolved = resolved;
        }
    }
    return result;
}

}  // namespace

std::vector<Verdict> refused_bounds(const Plan& plan, const Case& input, const nlohmann::json& merged) {
    std::vector<Verdict> verdicts;
    if (!member(merged, "services").is_object()) {
        return verdicts;
    }
    std::set<std::pair<std::string, std::string>> before;
    for (const Finding& finding : inconsistent_limits(input)) {
        before.emplace(finding.service, finding.id);
    }
    // Without counting swap the Engine takes any memswap_limit beside a memory limit.
    const bool counts_swap = !input.observation.engine || input.observation.engine->swap_limit;
    const Project project = as_merged(input.project, merged);
    const Case after{project,       input.observation, input.budget,     input.wishes,
                     input.written, input.advised,     input.development};
    for (const Finding& finding : inconsistent_limits(after)) {
        const auto keys = keys_of_refusals().find(finding.id);
        const bool of_swap = finding.id == "memswap-below-memory";
        if (keys == keys_of_refusals().end() || before.contains({finding.service, finding.id}) ||
            (of_swap && !counts_swap)) {
            continue;
        }
        for (const std::string& key : keys->second) {
            const bool ours = std::any_of(plan.changes.begin(), plan.changes.end(), [&](const Change& change) {
                return change.service == finding.service && change.key == key;
            });
            if (ours) {
                verdicts.push_back({finding.service, key, Verdict::Outcome::kRefused, "the Engine's own rule",
                                    fmt::format("{}; {}", finding.what, finding.harm), Seconds{0}});
                break;
            }
        }
    }
    return verdicts;
}

}  // namespace pilotpros
