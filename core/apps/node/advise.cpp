#include "core/apps/node/advise.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/apps/node/demand.h"
#include "core/apps/node/heap.h"
#include "core/apps/node/merge_options.h"
#include "core/apps/node/options.h"
#include "core/apps/words.h"
#include "core/model/wish_units.h"

namespace pilotpros::apps::node {

namespace {

constexpr Bytes kUsefulSemiSpace = 4 * kMiB;
constexpr const char* kSource = "https://nodejs.org/docs/latest/api/cli.html#node_optionsoptions";
constexpr const char* kRule =
    "old space, three semi-spaces, what node needs beside them and what else runs there stay below the memory limit; a "
    "semi-space of at least 4 MiB";

/// All that the decision rests on.
struct Situation {
    const Case& input;
    const ServiceObservation& service;
    Facts facts;
    OwnFlags own;
    Share share;
    int major = 0;
    Bytes beside = 0;   ///< measured, or known of the program
    HeapFlags user;     ///< of the environment
    HeapFlags earlier;  ///< what we wrote before
    Wish wish;
};

/// What is to be written, and why.
struct Decision {
    Bytes old_space = 0, semi_space = 0;  ///< 0: no flag of ours
    std::string why;
    bool argues = false;
};

LeftAlone leave(const Situation& at, std::string why) { return {at.service.service, "node", "heap", std::move(why)}; }

bool heap_fits(const Situation& at, const Heap& heap, Bytes spare = 0) {
    return least_limit(heap, at.beside) <= at.share.memory - spare;
}

std::optional<Bytes> pinned_heap(const Wish& wish) {
    const auto found = wish.pinned.find("heap");
    const auto bytes = found == wish.pinned.end() ? std::nullopt : wish_amount(WishUnit::kMebibytes, found->second);
    return bytes ? std::optional{static_cast<Bytes>(*bytes)} : std::nullopt;
}

/// The semi-space to aim at: the user's own, 4 MiB where V8 takes less, else V8's.
Bytes semi_space_for(const Situation& at, bool& ours) {
    const Bytes present = heap_in(at.share.memory, at.user, at.major).semi_space;
    // Before 20 NODE_OPTIONS does not take the flag in every release.
    ours = at.user.semi_space == 0 && present < kUsefulSemiSpace && at.major >= 20;
    return ours ? kUsefulSemiSpace : present;
}

/// A heap, and what a bound of the user's made of it, in words.
struct Fitting {
    Bytes old_space = 0;
    std::string bounded;
};

Fitting fitting(const Situation& at, Bytes semi_space) {
    const Bytes now = old_space_that_fits(at.share.memory, semi_space, at.beside);
    const bool stands = at.earlier.old_space > 0 && heap_fits(at, {at.earlier.old_space, semi_space});
    const Bytes free = settle(stands ? std::optional{at.earlier.old_space} : std::nullopt, now, 32 * kMiB, 0.25);
    const WishBounds bounds = bounds_on(at.wish, "heap");
    const Bytes least = static_cast<Bytes>(bounds.least.value_or(0));
    Fitting result{bounds.most ? std::min(free, static_cast<Bytes>(*bounds.most)) : free, ""};
    const bool too_small = result.old_space > 0 && least > result.old_space;
    if (too_small && heap_fits(at, {least, semi_space})) {
        result.old_space = least;
    } else if (too_small) {
        result.bounded =
            fmt::format("; x-pilotpros asks for at least {}, which the limit does not hold", format_bytes(least));
    }
    if (result.old_space != free) {
        result.bounded += fmt::format("; bounded by x-pilotpros, without it {}", format_bytes(free));
    }
    return result;
}

std::string numbers(const Situation& at, const Heap& heap) {
    return fmt::format("heap {} + {} beside it in a limit of {}", format_bytes(heap.ceiling()),
                       format_bytes(runtime_beside(heap.old_space) + at.beside), format_bytes(at.share.memory));
}

/// What the container held without what is known to lie beside the heap is three quarters of its ceiling.
bool nearly_full(const Situation& at) {
    const Bytes held = usage_of(at.service).need_peak() - at.beside;
    return at.facts.heap_limit > 0 && held >= at.facts.heap_limit / 4 * 3;
}

/// V8's own default is nearly full, or was, and leaves more than half of the limit to nobody.
bool wastes(const Situation& at, const Heap& heap) {
    const bool raised = at.earlier.old_space > heap.old_space;
    return least_limit(heap, at.beside) < at.share.memory / 2 && (raised || nearly_full(at));
}

Decision decide(const Situation& at) {
    Decision decision;
    bool ours = false;
    const Bytes semi = semi_space_for(at, ours);
    Heap present = heap_in(at.share.memory, at.user, at.major);
    const bool user_fixed = at.user.bounds_old_space();
    // What was written stays where V8's default fits by a hair only.
    const Bytes spare = !user_fixed && at.earlier.old_space > 0 ? at.share.memory / 8 : 0;
    if (!heap_fits(at, present, spare)) {
        const Fitting fits = fitting(at, semi);
        decision.old_space = fits.old_space;
        decision.semi_space = ours && decision.old_space > 0 ? semi : 0;
        decision.argues = user_fixed;
        decision.why = fmt::format("{}: {} is a kill before V8 collects{}", numbers(at, present),
                                   user_fixed ? "your own flag" : "V8's default", fits.bounded);
        return decision;
    }
    if (!user_fixed && wastes(at, present)) {
        const Fitting fits = fitting(at, semi);
        decision.old_space = fits.old_space;
        const std::string beside =
            at.beside > 0 ? fmt::format("less {} beside the heap ", format_bytes(at.beside)) : std::string{};
        const std::string held = nearly_full(at)
                                     ? fmt::format("the container held {}, {}three quarters of the heap's ceiling, and",
                                                   format_bytes(usage_of(at.service).need_peak()), beside)
                                     : fmt::format("{}:", kAsBefore);
        decision.why = fmt::format("{} V8's default of {} leaves more than half of {} unused{}", held,
                                   format_bytes(present.old_space), format_bytes(at.share.memory), fits.bounded);
        return decision;
    }
    present.semi_space = semi;
    if (ours && heap_fits(at, present)) {
        decision.semi_space = semi;
        decision.why = fmt::format("V8 takes a semi-space of 1 MiB in a container of {}; 4 MiB fit: {}",
                                   format_bytes(at.share.memory), numbers(at, present));
    }
    return decision;
}

std::vector<std::string> flags_of(const Decision& decision) {
    std::vector<std::string> flags;
    if (decision.old_space > 0) {
        flags.push_back(fmt::format("--max-old-space-size={}", decision.old_space / kMiB));
    }
    if (decision.semi_space > 0) {
        flags.push_back(fmt::format("--max-semi-space-size={}", decision.semi_space / kMiB));
    }
    return flags;
}

std::string recipe_of(const Situation& at) {
    return at.facts.package == "n8n"
               ? "NODE_OPTIONS=\"--max-old-space-size=1024 --optimize-for-size\": node refuses the "
                 "second option and ends with exit 9, so n8n never starts"
               : "NODE_OPTIONS=\"--max-old-space-size=384\", whatever the limit and whatever stood "
                 "there before";
}

Finding not_copied(const Situation& at, const std::string& option, const std::vector<std::string>& flags, bool argues) {
    return {at.service.service,
            "node-options-not-copied",
            argues ? Finding::Severity::kWarning : Finding::Severity::kNote,
            fmt::format("NODE_OPTIONS of {} holds {}, which may be confidential and is not copied into a file of ours",
                        at.own.where, option == "a value" ? option : "the value of " + option),
            "the heap does not follow the memory limit",
            fmt::format("in {}, add to the end of NODE_OPTIONS: {}", at.own.where, fmt::join(flags, " ")),
            kSource};
}

void write(const Situation& at, const Decision& decision, Advice& advice) {
    const std::vector<std::string> flags = flags_of(decision);
    if (const auto option = uncopiable_option(at.own.text, at.own.interpolated)) {
        advice.findings.push_back(not_copied(at, *option, flags, decision.argues));
        advice.left_alone.push_back(leave(at, "NODE_OPTIONS may hold something confidential: see the finding"));
        return;
    }
    Change change;
    change.service = at.service.service;
    change.advisor = "node";
    change.key = "heap";
    change.target.path = {"environment", "NODE_OPTIONS"};
    change.before =
        at.own.where.empty() || at.own.where == "the shell" ? nlohmann::json() : nlohmann::json(at.own.text);
    change.after = merge_options(at.own.text, flags, at.own.interpolated);
    if (change.before == change.after) {
        advice.left_alone.push_back(leave(at, "it is set as it would be advised"));
        return;
    }
    change.as_written = !at.own.interpolated;
    change.reason = decision.why;
    change.rule = kRule;
    change.source = kSource;
    change.recipe = recipe_of(at);
    change.risk = decision.old_space > 0 ? Risk::kMedium : Risk::kLow;
    change.cost = Cost::kRecreate;
    change.joint = at.share.advised ? "memory" : "";
    change.inputs = {{"memory limit", format_bytes(at.share.memory), at.share.why},
                     {"memory beside the heap", format_bytes(at.beside), "processes and usage, as measured"},
                     {"V8's default here", format_bytes(heap_in(at.share.memory, {}, at.major).ceiling()),
                      "Node.js " + at.facts.version}};
    if (!at.own.where.empty()) {
        change.inputs.push_back({"NODE_OPTIONS so far", at.own.text, at.own.where});
    }
    advice.changes.push_back(std::move(change));
}

/// The command line wins: only the user can change it.
void tell_of_command_line(const Situation& at, const HeapFlags& command, Advice& advice) {
    const Heap heap = heap_in(at.share.memory, command, at.major);
    if (heap_fits(at, heap)) {
        advice.left_alone.push_back(
            leave(at, fmt::format("set on the command line, which wins over NODE_OPTIONS, and it "
                                  "fits: {}",
                                  numbers(at, heap))));
        return;
    }
    const Bytes old_space = fitting(at, heap.semi_space).old_space;
    advice.left_alone.push_back(leave(at, "set on the command line, which wins over NODE_OPTIONS: see the finding"));
    advice.findings.push_back({at.service.service, "heap-on-command-line", Finding::Severity::kWarning,
                               fmt::format("{} on the command line is more than the memory limit holds: {}",
                                           fmt::join(at.own.command, " "), numbers(at, heap)),
                               "the kernel kills the service before V8 has collected what it could",
                               old_space > 0 ? fmt::format("in the command: --max-old-space-size={}", old_space / kMiB)
                                             : fmt::format("raise the memory limit to {}",
                                                           compose_size(round_up(least_limit(heap, at.beside)))),
                               kSource});
}

/// Why nothing can be advised at all, or nothing.
std::optional<std::string> obstacle(const Situation& at) {
    if (at.input.service(at.service.service) == nullptr) {
        return "no Compose file has this service";
    }
    if (at.facts.version.empty()) {
        return "insufficient evidence: node's version is not known";
    }
    if (at.own.by_entrypoint) {
        return "a script in the container sets NODE_OPTIONS when it starts; what Compose gives may not arrive: set the "
               "heap "
               "there";
    }
    if (at.facts.package != "n8n" && at.facts.servers > 1) {
        return fmt::format("insufficient evidence: {} node processes share the container, each with a heap of its own",
                           at.facts.servers);
    }
    return std::nullopt;
}

/// Why a pin is not written, or nothing.
std::optional<std::string> why_not_pinned(std::optional<Bytes> size, const HeapFlags& command) {
    if (!size) {
        return "the pin cannot be read: see the finding";
    }
    if (*size < kMiB) {
        return "pinned by x-pilotpros to less than a MiB, which node takes for no bound: none is written";
    }
    return command.bounds_old_space() ? std::optional<std::string>{"pinned by x-pilotpros, but the command line says "
                                                                   "another, and wins over NODE_OPTIONS"}
                                      : std::nullopt;
}

Decision pinned(Bytes size) { return {size, 0, kPinned, false}; }

/// A pin is written as it is; where the limit does not hold it, that is said.
void tell_of_pin(const Situation& at, Bytes size, Advice& advice) {
    HeapFlags flags = at.user;
    flags.old_space = size;
    const Heap heap = heap_in(at.share.memory, flags, at.major);
    if (at.share.memory == 0 || heap_fits(at, heap)) {
        return;
    }
    advice.findings.push_back(
        {at.service.service, "memory-flag-above-limit", Finding::Severity::kError,
         fmt::format("x-pilotpros pins a heap that its limit does not hold: {}", numbers(at, heap)),
         "a full heap is a kill before V8 collects",
         fmt::format("pin at most {}m, or a memory limit of at least {}",
                     old_space_that_fits(at.share.memory, heap.semi_space, at.beside) / kMiB,
                     compose_size(round_up(least_limit(heap, at.beside)))),
         kSource});
}

}  // namespace

Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts_json) {
    Advice advice;
    const auto wish = input.wishes.find(service.service);
    Situation at{input, service, facts_json.get<Facts>(), {}, {}, 0, 0, {}, {}, {}};
    at.wish = wish == input.wishes.end() ? Wish{} : wish->second;
    if (at.wish.excludes("node")) {
        return advice;
    }
    at.own = own_flags(input, service, at.facts);
    at.major = major_of(at.facts.version);
    at.beside = std::max(measured_beside(service, at.facts), known_beside(at.facts));
    at.user = heap_flags(at.own.environment);
    at.earlier =
        heap_flags(read_options(split_node_options(input.earlier_value(service.service, "heap").value_or(""))).heap);
    if (const auto share = input.budget.shares.find(service.service); share != input.budget.shares.end()) {
        at.share = share->second;
    }
    const HeapFlags command = heap_flags(at.own.command);
    const auto pin = pinned_heap(at.wish);
    if (const auto why = obstacle(at)) {
        advice.left_alone.push_back(leave(at, *why));
    } else if (at.wish.pinned.contains("heap")) {
        if (const auto why_not = why_not_pinned(pin, command)) {
            advice.left_alone.push_back(leave(at, *why_not));
        } else {
            write(at, pinned(*pin), advice);
            tell_of_pin(at, *pin, advice);
        }
    } else if (at.share.memory == 0) {
        advice.left_alone.push_back(leave(at, "the service has no memory limit that a heap could follow"));
    } else if (command.bounds_old_space()) {
        tell_of_command_line(at, command, advice);
    } else if (const Decision decision = decide(at); !decision.why.empty() && flags_of(decision).empty()) {
        advice.left_alone.push_back(leave(at, decision.why + "; not even 32 MiB of heap fit"));
    } else if (decision.why.empty()) {
        const Heap heap = heap_in(at.share.memory, at.user, at.major);
        advice.left_alone.push_back(leave(
            at,
            fmt::format("{} fits: {}", at.user.bounds_old_space() ? "your own" : "V8's default", numbers(at, heap))));
    } else {
        write(at, decision, advice);
    }
    return advice;
}

}  // namespace pilotpros::apps::node
