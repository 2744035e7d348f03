#include "core/advise/compose_limits.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "core/model/advice.h"
#include "core/model/json.h"
#include "core/model/yaml_key.h"

namespace pilotpros {

namespace {

using nlohmann::json;

std::optional<double> number(const json& value) {
    if (value.is_number()) {
        return value.get<double>();
    }
    double parsed = 0;
    if (!value.is_string()) {
        return std::nullopt;
    }
    const auto& text = value.get_ref<const std::string&>();
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    const bool whole = error == std::errc{} && rest == text.data() + text.size();
    return whole && std::isfinite(parsed) ? std::optional{parsed} : std::nullopt;
}

std::optional<double> positive(const json& value) {
    const auto read = number(value);
    return read && *read > 0 ? read : std::nullopt;
}

std::optional<std::int64_t> count(const json& value) {
    const auto read = positive(value);
    return read && *read < 9e18 ? std::optional{static_cast<std::int64_t>(*read)} : std::nullopt;
}

/// A count, or -1 where the user says "no bound".
std::optional<std::int64_t> count_or_boundless(const json& value) {
    const auto read = number(value);
    return read && *read < 0 ? std::optional{std::int64_t{-1}} : count(value);
}

/// Compose prints sizes as decimal text of bytes; a number, or a size as people write it, is as good.
std::optional<Bytes> size(const json& value) {
    if (!value.is_string()) {
        return count(value);
    }
    const auto read = parse_size(value.get_ref<const std::string&>());
    return read && *read > 0 ? read : std::nullopt;
}

template <typename Value>
std::optional<Value> either(const std::optional<Value>& first, const std::optional<Value>& second) {
    return first ? first : second;
}

}  // namespace

DeclaredLimits declared_bounds(const Service* service) {
    DeclaredLimits declared;
    if (service == nullptr || !service->resolved.is_object()) {
        return declared;
    }
    const json& all = service->resolved;
    const json& resources = member(member(all, "deploy"), "resources");
    const json& limits = member(resources, "limits");
    const json& reservations = member(resources, "reservations");
    const json& memory = member(all, "mem_limit");
    const json& cpus = member(all, "cpus");
    const json& pids = member(all, "pids_limit");
    const bool flat =
        !memory.is_null() || !cpus.is_null() || !pids.is_null() || !member(all, "mem_reservation").is_null();
    declared.dialect = limits.is_object() || (reservations.is_object() && !flat) ? Dialect::kDeploy : Dialect::kFlat;
    declared.memory = either(size(memory), size(member(limits, "memory")));
    declared.cpus = either(positive(cpus), positive(member(limits, "cpus")));
    declared.pids = either(count_or_boundless(pids), count_or_boundless(member(limits, "pids")));
    for (const auto& [key, one, other] :
         {std::tuple{"memory", &memory, &member(limits, "memory")}, std::tuple{"cpus", &cpus, &member(limits, "cpus")},
          std::tuple{"pids", &pids, &member(limits, "pids")}}) {
        if (!one->is_null() && !other->is_null()) {
            declared.in_both.emplace_back(key);
        }
    }
    declared.memory_reservation = either(size(member(all, "mem_reservation")), size(member(reservations, "memory")));
    const json& swap = member(all, "memswap_limit");
    declared.memory_swap = number(swap) == -1.0 ? std::optional{Bytes{-1}} : size(swap);
    declared.shm_size = size(member(all, "shm_size"));
    declared.reserved_cpus = positive(member(reservations, "cpus"));
    declared.cpu_quota = count(member(all, "cpu_quota"));
    declared.cpu_period = count(member(all, "cpu_period"));
    declared.cpu_shares = count(member(all, "cpu_shares"));
    const json& files = member(member(all, "ulimits"), "nofile");
    declared.files_soft = files.is_object() ? count(member(files, "soft")) : count(files);
    declared.files_hard = files.is_object() ? count(member(files, "hard")) : count(files);
    return declared;
}

Target limit_target(Dialect dialect, const std::string& key) {
    if (dialect == Dialect::kDeploy) {
        return {Target::Kind::kCompose, {"deploy", "resources", "limits", key}};
    }
    return {Target::Kind::kCompose, {key == "memory" ? "mem_limit" : key == "pids" ? "pids_limit" : key}};
}

std::string lines_for(const std::string& service, const Target& target, const std::string& value) {
    std::string lines = fmt::format("services:\n  {}:", yaml_key(service));
    std::string indent = "    ";
    for (const std::string& part : target.path) {
        lines += fmt::format("\n{}{}:", indent, part);
        indent += "  ";
    }
    return lines + " " + value;
}

}  // namespace pilotpros
