#include "core/advise/compose_limits.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <set>
#include <tuple>

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

/// How many CPUs a set like "0-3,6" has; 0 for what is none.
int cpus_in(const std::string& set) {
    std::set<int> cpus;
    const char* at = set.data();
    const char* const end = at + set.size();
    while (at != end) {
        int first = 0;
        std::from_chars_result read = std::from_chars(at, end, first);
        int last = first;
        if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '-') {
            read = std::from_chars(read.ptr + 1, end, last);
        }
        if (read.ec != std::errc{} || first < 0 || last < first || last > 65'535 ||
            (read.ptr != end && *read.ptr != ',')) {
            return 0;
        }
        for (int cpu = first; cpu <= last; ++cpu) {
            cpus.insert(cpu);
        }
        at = read.ptr == end ? end : read.ptr + 1;
    }
    return static_cast<int>(cpus.size());
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
    declared.cpuset_cpus = cpus_in(text(all, "cpuset"));
    declared.cpu_shares = count(member(all, "cpu_shares"));
    const json& files = member(member(all, "ulimits"), "nofile");
    declared.files_soft = files.is_object() ? count(member(files, "soft")) : count(files);
    declared.files_hard = files.is_object() ? count(member(files, "hard")) : count(files);
    return declared;
}

double cpus_at_most(const DeclaredLimits& declared, std::optional<double> pinned, double machine) {
    double cpus = machine;
    if (pinned && *pinned > 0) {
        cpus = *pinned;
    } else if (declared.cpus) {
        cpus = *declared.cpus;
    } else if (declared.cpu_quota) {
        cpus = static_cast<double>(*declared.cpu_quota) / static_cast<double>(declared.cpu_period.value_or(kCpuPeriod));
    }
    const auto in_set = static_cast<double>(declared.cpuset_cpus);
    return in_set > 0 && (cpus <= 0 || in_set < cpus) ? in_set : cpus;
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
