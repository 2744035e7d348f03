#include "core/apply/coupling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

#include "core/model/advice.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

struct Values {
    Json before, after;
};

std::string limit_in_words(const Json& value) {
    return value.is_null() ? "no limit" : value.is_string() ? value.get<std::string>() : value.dump();
}

std::optional<double> bytes_of(const Json& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    const auto size = value.is_string() ? parse_size(value.get<std::string>()) : std::nullopt;
    return size ? std::optional<double>{static_cast<double>(*size)} : std::nullopt;
}

bool gave_up_memory(const Values& memory) {
    const auto before = bytes_of(memory.before);
    const auto after = bytes_of(memory.after);
    return after && (!before || *before > *after);
}

bool grew(const Values& memory) {
    const auto before = bytes_of(memory.before);
    const auto after = bytes_of(memory.after);
    return before && after && *before < *after;
}

bool is_pool(const std::string& key) {
    std::string lower = key;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return lower.find("pool_size") != std::string::npos || lower.find("pool_max") != std::string::npos;
}

std::string named(const std::string& service, const Values& values) {
    return fmt::format("{} ({} to {})", service, limit_in_words(values.before), limit_in_words(values.after));
}

}  // namespace

std::vector<Coupling> couplings_of(const Json& changes, const std::set<std::string>& taken_back) {
    std::map<std::pair<std::string, std::string>, Values> all;  // by service and key
    for (const Json& change : changes) {
        const auto [place, fresh] = all.emplace(std::pair{text(change, "service"), text(change, "key")},
                                                Values{member(change, "before"), member(change, "after")});
        if (!fresh) {
            place->second.after = member(change, "after");
        }
    }
    std::vector<Coupling> couplings;
    for (const auto& [back, values] : all) {
        for (const auto& [stays, others] : all) {
            if (!taken_back.contains(back.first) || taken_back.contains(stays.first)) {
                continue;
            }
            if (back.second == "memory" && stays.second == "memory" && gave_up_memory(values) && grew(others)) {
                couplings.push_back({back.first, stays.first,
                                     fmt::format("the memory of {} has what {} gave up: the machine's memory would be "
                                                 "promised twice",
                                                 named(stays.first, others), named(back.first, values))});
            }
            const bool pools = (back.second == "max_connections" && is_pool(stays.second)) ||
                               (stays.second == "max_connections" && is_pool(back.second));
            if (pools) {
                couplings.push_back(
                    {back.first, stays.first,
                     fmt::format("{} of {} and {} of {} belong together: a pool must not open more "
                                 "connections than the database takes",
                                 back.second, named(back.first, values), stays.second, named(stays.first, others))});
            }
        }
    }
    return couplings;
}

}  // namespace pilotpros
