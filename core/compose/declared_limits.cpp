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
    const nlohmann::json& deployed = member(member(member(resolved, "deploy"), "resources"), "limits");
    const auto either = [](const nlohmann::json& first, const nlohmann::json& second) {
        return first.is_null() ? number(second) : number(first);
    };
    Limits limits;
    limits.memory = static_cast<Bytes>(either(member(resolved, "mem_limit"), member(deployed, "memory")));
    limits.cpus = either(member(resolved, "cpus"), member(deployed, "cpus"));
    return limits;
}

}  // namespace pilotpros
