#include "core/apps/postgres/in_force.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/apps/postgres/facts.h"
#include "core/apps/postgres/origin.h"
#include "core/model/advice.h"
#include "core/model/json.h"

namespace pilotpros::apps::postgres {

namespace {

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/// "1GB" and "1024MB", "1.1" and "1.10", "on" and "ON" are the same.
bool same(const std::string& asked, const std::string& there) {
    const auto size = parse_size(asked);
    const auto other = parse_size(there);
    return in_lower_case(asked) == in_lower_case(there) || (size && other && *size == *other);
}

}  // namespace

std::vector<std::string> not_in_force(const nlohmann::json& facts, const std::vector<const Change*>& changes) {
    const Facts known = facts.get<Facts>();
    std::vector<std::string> complaints;
    for (const Change* const change : changes) {
        const Setting* const row = known.setting(change->key);
        if (change->target.kind != Target::Kind::kPostgres || change->carrier || row == nullptr || row->hidden) {
            continue;
        }
        const std::string asked = as_text(change->after);
        Present now;
        now.value = row->value;
        now.unit = row->unit;
        if (!same(asked, shown(now)) && !same(asked, row->value)) {
            complaints.push_back(fmt::format("{} is {}, not {}{}", change->key, shown(now), asked,
                                             row->pending_restart ? ": it takes a restart" : ""));
        }
    }
    return complaints;
}

}  // namespace pilotpros::apps::postgres
