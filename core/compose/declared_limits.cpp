#include "core/compose/declared_limits.h"

#include <charconv>
#include <string>

#include "core/docker/json.h"

namespace pilotpros {

namespace {

/// A number, or the text of one; 0 for anything else.
double number(const nlohmann::json& value) {
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

}  // namespace

Limits declared_limits(const nlohmann::json& resolved) {
    const nlohmann::json& resources = member(member(resolved, "deploy"), "resources");
    const nlohmann::json& most = member(resources, "limits");
    const auto either = [](const nlohmann::json& first, const nlohmann::json& second) {
        return first.is_null() ? number(second) : number(first);
    };
    const auto size = [](double bytes) { return static_cast<Bytes>(bytes); };
    Limits limits;
    limits.memory = size(either(member(resolved, "mem_limit"), member(most, "memory")));
    limits.memory_swap = size(number(member(resolved, "memswap_limit")));
    limits.memory_reservation =
        size(either(member(resolved, "mem_reservation"), member(member(resources, "reservations"), "memory")));
    limits.shm_size = size(number(member(resolved, "shm_size")));
    limits.cpus = either(member(resolved, "cpus"), member(most, "cpus"));
    limits.cpu_shares = static_cast<std::int64_t>(number(member(resolved, "cpu_shares")));
    limits.pids = static_cast<std::int64_t>(either(member(resolved, "pids_limit"), member(most, "pids")));
    return limits;
}

}  // namespace pilotpros
