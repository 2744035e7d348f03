#include "core/advise/limits_processes.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/json.h"
#include "core/model/wish_units.h"

namespace pilotpros {

namespace {

constexpr std::int64_t kFewestPids = 512;
constexpr std::int64_t kFewestFiles = 1024;

std::int64_t power_of_two(std::int64_t at_least) {
    std::int64_t value = 1;
    while (value < at_least && value < (std::int64_t{1} << 40U)) {
        value *= 2;
    }
    return value;
}

std::int64_t connections_allowed(const LimitsView& view) {
    const nlohmann::json* const facts = view.facts("postgres");
    return facts == nullptr ? 0 : std::max<std::int64_t>(integer(*facts, "max_connections"), 0);
}

void change_pids(const LimitsView& view, std::int64_t value, const std::string& reason, Advice& into) {
    const auto own = view.declared.pids;
    Change change = view.change("pids", limit_target(view.declared.dialect, "pids"),
                                own ? nlohmann::json(*own) : nlohmann::json(), value);
    change.reason = reason;
    change.rule =
        "a power of two: at least 4 times the most processes and threads seen, twice the allowed connections "
        "where each has a process, 512";
    change.source = "https://docs.kernel.org/admin-guide/cgroup-v2.html (pids.max)";
    change.inputs = {{"most processes and threads seen",
                      fmt::format("{}", std::max(view.usage.pids_max, view.usage.pids_kernel_peak)),
                      view.evidence.from()}};
    if (connections_allowed(view) > 0) {
        change.inputs.push_back({"max_connections", fmt::format("{}", connections_allowed(view)), "PostgreSQL"});
    }
    into.changes.push_back(std::move(change));
}

bool take_pids_pin(const LimitsView& view, Advice& into) {
    if (!view.engine.pids_limit) {
        if (view.wish.pinned.contains("pids") || view.wish.least.contains("pids") || view.wish.most.contains("pids")) {
            into.left_alone.push_back(
                view.left("pids", "this engine's kernel counts no processes: the wish has no effect"));
        }
        return true;
    }
    const auto own = view.declared.pids;
    return take_pin(view, "pids", limit_target(view.declared.dialect, "pids"),
                    own ? nlohmann::json(*own) : nlohmann::json(), into);
}

/// Fewer than were seen would end what it does.
bool is_bound_below(const LimitsView& view, const char* key, std::int64_t needed, const std::string& why,
                    Advice& into) {
    const auto most = bounds_on(view.wish, key).most;
    if (!most || static_cast<double>(needed) <= *most) {
        return false;
    }
    into.left_alone.push_back(view.left(key, fmt::format("x-pilotpros allows at most {:.0f}, and {}", *most, why)));
    return true;
}

void advise_pids(const LimitsView& view, Advice& into) {
    const auto own = view.declared.pids;
    if (take_pids_pin(view, into)) {
        return;
    }
    if (own == std::int64_t{-1}) {
        into.left_alone.push_back(view.left("pids", "yours, without bound, is kept"));
        return;
    }
    const std::int64_t peak = std::max(view.usage.pids_max, view.usage.pids_kernel_peak);
    if (is_bound_below(view, "pids", peak, fmt::format("{} processes and threads were seen", peak), into)) {
        return;
    }
    const std::int64_t fresh = power_of_two(std::max({4 * peak, 2 * connections_allowed(view), kFewestPids}));
    const auto before = static_cast<std::int64_t>(view.earlier("pids").value_or(0));
    const auto written = static_cast<std::int64_t>(view.written("pids").value_or(0));
    const bool stands = before >= std::max(3 * peak, 2 * connections_allowed(view)) && before <= 4 * fresh;
    const std::string seen = fmt::format("at most {} processes and threads seen", peak);
    if (own) {
        if (peak * 10 >= *own * 9) {
            change_pids(view, fresh, fmt::format("{} of the {} that it may have", seen, *own), into);
        } else if (written > *own) {
            change_pids(view, written, fmt::format("{} were found too few before", *own), into);
        } else {
            into.left_alone.push_back(view.left("pids", fmt::format("yours, {}, is kept; {}", *own, seen)));
        }
    } else if (peak > 0 && (view.evidence.at_work || before > 0)) {
        change_pids(view, stands ? before : fresh, seen, into);
    } else if (before > 0) {
        change_pids(view, before, "advised before, and nothing measured since speaks against it", into);
    }
}

std::int64_t number_of(const nlohmann::json& facts, const char* key) {
    const auto number = number_in(text(facts, key));
    return number && *number > 0 && *number < 1e12 ? static_cast<std::int64_t>(*number) : 0;
}

/// Descriptors that the program itself says one of its processes may need, and from what.
std::pair<std::int64_t, std::string> files_needed(const LimitsView& view) {
    if (const nlohmann::json* const nginx = view.facts("nginx")) {
        const std::int64_t connections = number_of(*nginx, "worker_connections");
        if (connections > 0 && text(*nginx, "worker_rlimit_nofile").empty()) {
            return {2 * connections, fmt::format("worker_connections {}, two descriptors each", connections)};
        }
    }
    if (const nlohmann::json* const postgres = view.facts("postgres")) {
        for (const nlohmann::json& setting : member(*postgres, "settings")) {
            if (text(setting, "name") == "max_files_per_process") {
                const std::int64_t files = number_of(setting, "value");
                return {files, fmt::format("max_files_per_process {}", files)};
            }
        }
    }
    return {0, ""};
}

Target files_target() { return {Target::Kind::kCompose, {"ulimits", "nofile"}}; }

bool take_files_pin(const LimitsView& view, Advice& into) {
    const auto own = view.declared.files_soft;
    return take_pin(view, "nofile", files_target(), own ? nlohmann::json(*own) : nlohmann::json(), into);
}

void advise_files(const LimitsView& view, Advice& into) {
    const auto own = view.declared.files_soft;
    if (take_files_pin(view, into) || !own) {
        return;
    }
    const auto [needed, from] = files_needed(view);
    if (needed <= *own ||
        is_bound_below(view, "nofile", needed, fmt::format("it may need {}: {}", needed, from), into)) {
        return;
    }
    const std::int64_t value =
        power_of_two(std::max({needed + needed / 8, kFewestFiles, view.declared.files_hard.value_or(0)}));
    Change change = view.change("nofile", files_target(), *own, value);
    change.reason = fmt::format("its own limit of {} descriptors is less than {}", *own, from);
    change.rule = "a power of two above what the program's own settings may open";
    change.source = "https://nginx.org/en/docs/ngx_core_module.html#worker_connections";
    change.inputs = {{"descriptors needed by one process", fmt::format("{}", needed), from}};
    into.changes.push_back(std::move(change));
}

}  // namespace

void take_process_pins(const LimitsView& view, Advice& into) {
    take_pids_pin(view, into);
    take_files_pin(view, into);
}

void advise_processes(const LimitsView& view, Advice& into) {
    advise_pids(view, into);
    advise_files(view, into);
    if (view.facts("postgres") != nullptr && view.kind() == "postgres") {
        into.left_alone.push_back(
            view.left("memlock",
                      "the recipe's `ulimits: memlock: -1` does nothing: PostgreSQL locks no memory, and huge pages "
                      "are not counted against it"));
    }
}

}  // namespace pilotpros
