#include "core/advise/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/advise/budget.h"
#include "core/advise/check_limits.h"
#include "core/advise/limits_cpu.h"
#include "core/advise/limits_processes.h"
#include "core/advise/limits_service.h"
#include "core/advise/restart_policy.h"
#include "core/advise/service_state.h"
#include "core/model/wish_units.h"

namespace pilotpros {

namespace {

constexpr const char* kMemorySource = "https://docs.docker.com/engine/containers/resource_constraints/#memory";
constexpr const char* kSwapSource =
    "https://docs.docker.com/engine/containers/resource_constraints/#--memory-swap-details";
constexpr const char* kMemoryRule =
    "the most it needs, starting included, plus a margin that shrinks with the evidence; page cache and wishes while "
    "the machine has room, and in the first hour twice the need, 256 MiB at least where nobody knows what the "
    "program's "
    "memory follows";

nlohmann::json size_or_null(std::optional<Bytes> bytes) {
    return bytes ? nlohmann::json(compose_size(*bytes)) : nlohmann::json();
}

std::vector<Input> memory_inputs(const LimitsView& view) {
    const MemoryEvidence& evidence = view.evidence;
    if (!evidence.measured) {
        return {};
    }
    std::vector<Input> inputs{
        {"most memory that could not be reclaimed", format_bytes(evidence.need), evidence.from()},
        {"margin", fmt::format("{:.0f} %", evidence.margin * 100), evidence.from()},
        {"page cache, 95 of 100 samples", format_bytes(evidence.page_cache), evidence.from()},
        {fmt::format("what it did; {} CPUs or {}/s are work", MemoryEvidence::kBusyCores,
                     format_bytes(static_cast<Bytes>(MemoryEvidence::kBusyNetwork))),
         work_of(view.usage), evidence.from()},
    };
    if (evidence.kernel_peak > 0) {
        inputs.push_back(
            {"kernel's peak, page cache included", format_bytes(evidence.kernel_peak), view.usage.kernel_peak_source});
    }
    return inputs;
}

/// What helps against the kill, by what this plan does about it.
std::string fix_of_kill(const LimitsView& view, const Share& share, Bytes limit, const Advice& into) {
    if (limit == 0) {
        return "find what uses the machine's memory: docker pilotpros profile";
    }
    const bool changes = std::any_of(into.changes.begin(), into.changes.end(), [&](const Change& change) {
        return change.service == view.name() && change.key == "memory";
    });
    const bool pinned = share.why == kPinned;
    constexpr const char* kLeak = "; with a leak no limit helps for long";
    if (changes && share.memory > limit) {
        return fmt::format("the higher memory limit {}{}", pinned ? "that x-pilotpros pins" : "of this plan", kLeak);
    }
    return fmt::format("a memory limit above {}, which this plan does not give{}{}", format_bytes(limit),
                       pinned ? ": x-pilotpros pins " + format_bytes(share.memory) : std::string{}, kLeak);
}

void say_killed(const LimitsView& view, const Share& share, Advice& into) {
    Finding finding = view.finding("oom-killed", Finding::Severity::kError);
    const Bytes limit = limit_of_oom_kill(view.observed);
    finding.what = limit > 0
                       ? fmt::format("a process of it was killed for lack of memory, below {}", format_bytes(limit))
                       : "a process of it was killed for lack of memory, and it has no limit: the machine ran out";
    finding.harm = "what it was doing is lost, and the container may run on without the process";
    finding.fix = fix_of_kill(view, share, limit, into);
    finding.source = "https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.events)";
    into.findings.push_back(std::move(finding));
}

/// A pin of memory and swap together, as far as the Engine takes it beside the memory limit.
void take_swap_pin(const LimitsView& view, const Share& share, const std::string& pin, Advice& into) {
    const bool boundless = pin == "-1";
    const auto size = parse_size(pin);
    if (!boundless && !size) {
        return;  // told with all that cannot be read
    }
    if (!view.engine.swap_limit || share.memory == 0) {
        into.left_alone.push_back(
            view.left("memory_swap", view.engine.swap_limit
                                         ? "pinned by x-pilotpros, but without a memory limit the Engine refuses it"
                                         : "pinned by x-pilotpros, but this engine's kernel does not count swap"));
        return;
    }
    if (size && *size < share.memory) {
        Finding finding = view.finding("pin-below-memory", Finding::Severity::kError);
        finding.what = fmt::format("x-pilotpros pins memory_swap to {}, and the memory limit alone is {}",
                                   format_bytes(*size), format_bytes(share.memory));
        finding.harm = "the Engine refuses such a container, so the pin is not used";
        finding.fix = fmt::format("pin memory_swap, which is memory and swap together, to at least {}",
                                  compose_size(share.memory));
        finding.source = kSwapSource;
        into.findings.push_back(std::move(finding));
        into.left_alone.push_back(view.left("memory_swap", "pinned below the memory limit: see the finding"));
        return;
    }
    const auto own = view.declared.memory_swap;
    Change change =
        view.change("memory_swap", {Target::Kind::kCompose, {"memswap_limit"}},
                    own == Bytes{-1} ? nlohmann::json("-1") : size_or_null(own), boundless ? pin : compose_size(*size));
    change.reason = kPinned;
    change.rule = kPinned;
    change.source = kWishSource;
    change.risk = Risk::kMedium;
    change.joint = share.advised ? "memory" : "";
    into.changes.push_back(std::move(change));
}

bool is_swap_pin_usable(const std::string& pin, Bytes memory) {
    return pin == "-1" || parse_size(pin).value_or(-1) >= memory;
}

/// Memory and swap together: the Engine doubles the limit for swap when nothing is said.
void advise_swap(const LimitsView& view, Bytes memory, Advice& into) {
    if (const auto pin = view.pinned("memory_swap"); pin && is_swap_pin_usable(*pin, memory)) {
        return;
    }
    const auto own = view.declared.memory_swap;
    if (!view.engine.swap_limit) {
        if (own && *own != -1 && *own < memory) {
            into.left_alone.push_back(
                view.left("memory_swap", "this engine's kernel does not count swap: memswap_limit does nothing"));
        }
        return;
    }
    if (own && (*own == -1 || *own >= memory)) {
        into.left_alone.push_back(
            view.left("memory_swap", *own == -1 ? "yours, without bound, is kept"
                                                : fmt::format("yours, {}, is kept", format_bytes(*own))));
        return;
    }
    const WishBounds bounds = bounds_on(view.wish, "memory_swap");
    if (bounds.most && *bounds.most < static_cast<double>(memory)) {
        into.left_alone.push_back(
            view.left("memory_swap", fmt::format("x-pilotpros allows at most {}, which is less than the memory limit: "
                                                 "the Engine would refuse it; bound memory, too",
                                                 format_bytes(static_cast<Bytes>(*bounds.most)))));
        return;
    }
    const Bytes both = std::max(memory, static_cast<Bytes>(bounds.least.value_or(0)));
    Change change =
        view.change("memory_swap", {Target::Kind::kCompose, {"memswap_limit"}}, size_or_null(own), compose_size(both));
    change.reason =
        both > memory ? why_bounded(compose_size(memory))
        : own ? fmt::format("yours, {}, is less than the memory limit: the Engine would refuse it", format_bytes(*own))
              : "equal to the memory limit: else as much swap again is allowed";
    change.rule = "memory and swap together, equal to the memory limit: a service at its limit must not swap";
    change.source = kSwapSource;
    change.risk = Risk::kMedium;
    change.joint = "memory";
    into.changes.push_back(std::move(change));
}

void change_memory(const LimitsView& view, const Share& share, Advice& into) {
    Change change = view.change("memory", limit_target(view.declared.dialect, "memory"),
                                size_or_null(view.declared.memory), compose_size(share.memory));
    const auto pin = view.pinned("memory");
    const bool pinned = pin && parse_size(*pin);
    change.reason = share.why;
    change.rule = pinned ? kPinned : kMemoryRule;
    change.source = pinned ? kWishSource : kMemorySource;
    change.inputs = memory_inputs(view);
    change.risk = Risk::kMedium;
    change.joint = "memory";
    into.changes.push_back(std::move(change));
    advise_swap(view, share.memory, into);
    if (!view.declared.memory) {
        if (auto finding = no_restart_policy(view.input, view.observed)) {
            into.findings.push_back(std::move(*finding));
        }
    }
}

/// A pin is the user's word, but a deadly one is said.
void check_pin(const LimitsView& view, Advice& into) {
    const auto pin = view.pinned("memory");
    if (!pin) {
        return;
    }
    const auto size = parse_size(*pin);
    if (size && (*size == 0 || *size >= view.evidence.need)) {
        return;
    }
    Finding finding = view.finding(size ? "pin-below-need" : "pin-unreadable", Finding::Severity::kError);
    finding.what =
        size ? fmt::format("x-pilotpros pins memory to {}, and it {}", format_bytes(*size), view.evidence.words())
             : "x-pilotpros pins memory to what is no size";
    finding.harm = size ? "it will be killed for lack of memory" : "the pin is not used";
    finding.fix = size ? fmt::format("pin at least {}, or nothing", compose_size(round_up(view.evidence.need)))
                       : "a size as Compose reads it, e.g. 512m";
    finding.source = kWishSource;
    into.findings.push_back(std::move(finding));
}

void advise_memory(const LimitsView& view, const Share& share, Advice& into) {
    const auto own = view.declared.memory;
    const auto& both = view.declared.in_both;
    const bool in_both = std::find(both.begin(), both.end(), "memory") != both.end();
    check_pin(view, into);
    if (!view.engine.memory_limit) {
        into.left_alone.push_back(view.left("memory", "this engine's kernel enforces no memory limit"));
    } else if (in_both && (view.pinned("memory") || share.why != kOwnLimit)) {
        into.left_alone.push_back(view.left(
            "memory",
            fmt::format("the files give mem_limit and deploy.resources.limits.memory, which have to be equal, and a "
                        "change moves one of them: keep one of them; {}",
                        view.pinned("memory") ? "x-pilotpros pins it" : share.why)));
    } else if (share.advised) {
        change_memory(view, share, into);
    } else if (own && parse_size(view.pinned("memory").value_or("")) == Bytes{0}) {
        into.left_alone.push_back(
            view.left("memory", fmt::format("pinned to no limit by x-pilotpros, but yours, {}, stands in the files: "
                                            "take it out there",
                                            format_bytes(*own))));
    } else if (own) {
        const std::string need = view.evidence.measured ? "; it " + view.evidence.words() : std::string{};
        into.left_alone.push_back(view.left("memory", fmt::format("yours, {}, is kept{}", format_bytes(*own), need)));
    } else {
        into.left_alone.push_back(view.left("memory", share.why));
    }
    if (was_oom_killed(view.observed)) {
        say_killed(view, share, into);
    }
}

/// What services without a share were seen to need.
Bytes unlimited_need(const Case& input) {
    Bytes sum = 0;
    for (const ServiceObservation& observed : input.observation.services) {
        const auto share = input.budget.shares.find(observed.service);
        if (share == input.budget.shares.end() || share->second.memory == 0) {
            sum += usage_of(observed).need_peak() * replicas_of(input, &observed, observed.service);
        }
    }
    return sum;
}

void check_fit(const Case& input, Advice& into) {
    const Budget& budget = input.budget;
    const Bytes unlimited = unlimited_need(input);
    if (fits(budget, unlimited)) {
        return;
    }
    Finding finding;
    finding.id = "memory-does-not-fit";
    finding.severity = Finding::Severity::kWarning;
    finding.what = fmt::format(
        "the limits of all services add up to {}{}; the machine has {}, of which {} are kept back and {} are other "
        "containers'",
        format_bytes(budget.granted),
        unlimited > 0 ? fmt::format(", and those without one use {}", format_bytes(unlimited)) : "",
        format_bytes(budget.total), format_bytes(budget.reserved), format_bytes(budget.others));
    finding.harm = "when all of them use what they may, the kernel kills whichever it chooses, limits or not";
    finding.fix = "fewer replicas or services, lower limits of your own, or more memory";
    finding.source = "https://docs.docker.com/engine/containers/resource_constraints/#memory";
    into.findings.push_back(std::move(finding));
}

/// One override cannot move a value that the files give twice, and Compose wants the two to be equal.
void leave_doubled(const LimitsView& view, Advice& into) {
    for (const std::string& key : view.declared.in_both) {
        const auto taken = std::erase_if(
            into.changes, [&](const Change& change) { return change.service == view.name() && change.key == key; });
        if (taken > 0 && key != "memory") {
            into.left_alone.push_back(view.left(key, "the files give it in two places: keep one of them"));
        }
    }
}

void advise_service(const LimitsView& view, Advice& into) {
    const auto share = view.input.budget.shares.find(view.name());
    if (share == view.input.budget.shares.end()) {
        return;
    }
    advise_memory(view, share->second, into);
    if (const auto pin = view.pinned("memory_swap")) {
        take_swap_pin(view, share->second, *pin, into);
    }
    if (not_running(&view.observed).empty() || !view.usage.empty()) {
        advise_cpu(view, into);
        advise_processes(view, into);
    } else {
        take_cpu_pins(view, into);
        take_process_pins(view, into);
    }
    leave_doubled(view, into);
}

}  // namespace

Advice advise_limits(const Case& input) {
    Advice advice;
    for (const ServiceObservation& observed : input.observation.services) {
        const LimitsView view = view_of(input, observed);
        if (view.wish.excludes("limits")) {
            continue;
        }
        if (input.service(observed.service) == nullptr) {
            advice.left_alone.push_back(view.left("memory", "the Compose files do not have it"));
            continue;
        }
        if (input.observation.engine) {
            advise_service(view, advice);
        }
    }
    check_fit(input, advice);
    std::vector<Finding> findings = inconsistent_limits(input);
    advice.add({{}, std::move(findings), {}});
    return advice;
}

}  // namespace pilotpros
