#include "core/advise/limits_cpu.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/model/json.h"

namespace pilotpros {

namespace {

constexpr const char* kQuotaSource = "https://docs.kernel.org/scheduler/sched-bwc.html";
constexpr const char* kWeightSource = "https://docs.docker.com/engine/containers/resource_constraints/#cpu";
constexpr double kHarmful = 0.05, kVisible = 0.01;
constexpr std::int64_t kEnoughPeriods = 100;
constexpr std::int64_t kPreferred = 2048;
constexpr double kUsesCpu = 0.1;

bool one_main_thread(const std::string& kind) {
    static const std::set<std::string> kKinds{"node", "n8n", "redis", "python"};
    return kKinds.contains(kind);
}

/// The quota in force: the container's, which may be one that an earlier Plan wrote.
double quota_in_force(const LimitsView& view) {
    double quota = view.declared.cpus.value_or(0);
    for (const Container& container : view.observed.containers) {
        quota = container.limits.cpus > 0 ? std::max(quota, container.limits.cpus) : quota;
    }
    return quota;
}

double most_used(const LimitsView& view) {
    return std::max(view.usage.cpu.histogram().max(), view.usage.start_cpu.max());
}

double better_quota(const LimitsView& view, double now) {
    const double least = one_main_thread(view.kind()) ? 1.0 : 0.0;
    const double wanted = std::max({now * 1.5, most_used(view) * 1.2, least});
    return std::min(std::ceil(wanted * 4) / 4, static_cast<double>(view.engine.cpus));
}

std::string throttled(const LimitsView& view) {
    return fmt::format("{:.0f} % of {} periods throttled", view.usage.throttled_share() * 100, view.usage.periods);
}

void raise_quota(const LimitsView& view, double own, double value, const std::string& reason, Advice& into) {
    Change change = view.change("cpus", limit_target(view.declared.dialect, "cpus"), own, value);
    change.reason = reason;
    change.rule =
        "a quota that throttles is raised: half as much again, at least 1.2 times the most that was used, one "
        "CPU for one main thread";
    change.source = kQuotaSource;
    change.inputs = {
        {"quota", fmt::format("{}", own), "the Compose files"},
        {"throttled periods", throttled(view), view.evidence.from()},
        {"most CPUs used, running or starting", fmt::format("{:.2f}", most_used(view)), view.evidence.from()}};
    into.changes.push_back(std::move(change));
}

void say_throttled(const LimitsView& view, double quota, Advice& into) {
    Finding finding = view.finding("cpu-throttled", Finding::Severity::kWarning);
    finding.what = fmt::format("its quota of {} CPUs cuts in: {}", quota, throttled(view));
    finding.harm = "every request that meets an exhausted quota waits for up to a tenth of a second more";
    const double better = better_quota(view, quota);
    if (view.declared.cpu_quota && !view.declared.cpus) {
        // Both together the Engine refuses.
        const auto period = static_cast<double>(view.declared.cpu_period.value_or(kCpuPeriod));
        finding.fix = lines_for(view.name(), {Target::Kind::kCompose, {"cpu_quota"}},
                                fmt::format("{}", std::llround(better * period))) +
                      "\n# or take cpu_quota and cpu_period out";
    } else {
        finding.fix = lines_for(view.name(), limit_target(view.declared.dialect, "cpus"), fmt::format("{}", better));
    }
    finding.source = kQuotaSource;
    into.findings.push_back(std::move(finding));
}

void say_below_one(const LimitsView& view, double quota, Advice& into) {
    Finding finding = view.finding("cpu-quota-below-one", Finding::Severity::kNote);
    finding.what = fmt::format("its quota of {} CPUs is less than its one main thread can use", quota);
    finding.harm =
        "a burst of work waits although the CPUs are idle; cpu_shares would bound it only when they are short";
    finding.fix = lines_for(view.name(), limit_target(view.declared.dialect, "cpus"), "1");
    finding.source = kQuotaSource;
    into.findings.push_back(std::move(finding));
}

bool take_quota_pin(const LimitsView& view, Advice& into) {
    const auto own = view.declared.cpus;
    return take_pin(view, "cpus", limit_target(view.declared.dialect, "cpus"),
                    own ? nlohmann::json(*own) : nlohmann::json(), into);
}

void advise_quota(const LimitsView& view, Advice& into) {
    const double own = view.declared.cpus.value_or(0);
    if (take_quota_pin(view, into)) {
        return;
    }
    const double quota = quota_in_force(view);
    const bool known = view.usage.periods >= kEnoughPeriods;
    const double share = known ? view.usage.throttled_share() : 0;
    if (own == 0) {
        if (view.declared.cpu_quota && share > kVisible) {
            say_throttled(view, quota, into);  // cpu_quota beside cpus: the Engine refuses both
        } else if (!view.usage.empty() && !view.declared.cpu_quota) {
            into.left_alone.push_back(view.left(
                "cpus",
                "no quota: it would make bursts wait while CPUs are idle; a weight decides when they are short"));
        }
        return;
    }
    const double before = view.written("cpus").value_or(0);
    const double better = better_quota(view, quota);
    if (share > kHarmful && better > quota) {
        raise_quota(view, own, better, throttled(view) + fmt::format(" below {} CPUs", quota), into);
    } else if (before > own) {
        // The container that the raised quota is for begins a new profile, in which nothing is throttled.
        raise_quota(view, own, before, fmt::format("{} CPUs were found too few before", own), into);
    } else if (share > kVisible) {
        say_throttled(view, quota, into);
    } else if (quota < 1 && one_main_thread(view.kind())) {
        say_below_one(view, quota, into);
    }
}

bool depended_on(const Case& input, const std::string& name) {
    return std::any_of(input.project.services.begin(), input.project.services.end(), [&](const auto& other) {
        return !other.second.profiled_out && member(other.second.resolved, "depends_on").contains(name);
    });
}

/// What was seen to take half of the machine's CPUs for a second, and may not have them before those that others depend
/// on; in words. Empty: nothing. `bar` is 1, less where a weight stands already.
std::string rival_of(const LimitsView& view, double bar) {
    for (const ServiceObservation& other : view.input.observation.services) {
        if (other.service == view.name() || view.input.service(other.service) == nullptr) {
            continue;
        }
        const Usage usage = usage_of(other);
        const double most = std::max(usage.cpu.histogram().max(), usage.start_cpu.max());
        const bool development = view.input.in_development(other.service);
        if (view.engine.cpus > 0 && most >= view.engine.cpus * 0.5 * bar &&
            (development || !depended_on(view.input, other.service))) {
            return fmt::format("{}, {}, took up to {:.2f} of {} CPUs", other.service,
                               development ? "a development server" : "on which nothing depends", most,
                               view.engine.cpus);
        }
    }
    return "";
}

Target weight_target() { return {Target::Kind::kCompose, {"cpu_shares"}}; }

bool take_weight_pin(const LimitsView& view, Advice& into) {
    const auto own = view.declared.cpu_shares;
    return take_pin(view, "cpu_shares", weight_target(), own ? nlohmann::json(*own) : nlohmann::json(), into);
}

void advise_weight(const LimitsView& view, Advice& into) {
    if (take_weight_pin(view, into)) {
        return;
    }
    // What was advised stands until the use is half of what brought it about.
    const double bar = view.earlier("cpu_shares") ? 0.5 : 1;
    const double uses = view.usage.cpu.histogram().quantile(0.95);
    if (uses < kUsesCpu * bar || !depended_on(view.input, view.name()) || view.input.in_development(view.name())) {
        return;
    }
    const std::string rival = rival_of(view, bar);
    if (rival.empty()) {
        return;
    }
    if (view.declared.cpu_shares) {
        into.left_alone.push_back(
            view.left("cpu_shares", fmt::format("yours, {}, is kept", *view.declared.cpu_shares)));
        return;
    }
    Change change = view.change("cpu_shares", weight_target(), nullptr, kPreferred);
    change.reason = fmt::format("others depend on it and it uses {:.2f} CPUs (p95); {}", uses, rival);
    change.rule =
        "twice the weight of the others where others depend on it and a rival could take the CPUs; it counts "
        "only while they are short";
    change.source = kWeightSource;
    change.inputs = {{"CPUs in 95 of 100 seconds", fmt::format("{:.2f}", uses), view.evidence.from()}};
    into.changes.push_back(std::move(change));
}

}  // namespace

void take_cpu_pins(const LimitsView& view, Advice& into) {
    take_quota_pin(view, into);
    take_weight_pin(view, into);
}

void advise_cpu(const LimitsView& view, Advice& into) {
    advise_quota(view, into);
    advise_weight(view, into);
}

}  // namespace pilotpros
