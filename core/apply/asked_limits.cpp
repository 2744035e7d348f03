#include "core/apply/asked_limits.h"

#include <charconv>
#include <string>

#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// A number, or the text of one, as Compose prints sizes; 0 for anything else.
double number(const Json& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    double parsed = 0;
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        std::from_chars(text.data(), text.data() + text.size(), parsed);
    }
    return parsed;
}

double either(const Json& first, const Json& second) { return first.is_null() ? number(second) : number(first); }

}  // namespace

Limits asked_limits(const Json& resolved) {
    const Json& resources = member(member(resolved, "deploy"), "resources");
    const Json& most = member(resources, "limits");
    Limits limits;
    limits.memory = static_cast<Bytes>(either(member(resolved, "mem_limit"), member(most, "memory")));
    limits.memory_swap = static_cast<Bytes>(number(member(resolved, "memswap_limit")));
    limits.memory_reservation = static_cast<Bytes>(
        either(member(resolved, "mem_reservation"), member(member(resources, "reservations"), "memory")));
    limits.shm_size = static_cast<Bytes>(number(member(resolved, "shm_size")));
    limits.cpus = either(member(resolved, "cpus"), member(most, "cpus"));
    limits.cpu_shares = static_cast<std::int64_t>(number(member(resolved, "cpu_shares")));
    limits.pids = static_cast<std::int64_t>(either(member(resolved, "pids_limit"), member(most, "pids")));
    return limits;
}

}  // namespace pilotpros
