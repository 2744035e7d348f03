#include "core/advise/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/advise/compose_limits.h"
#include "core/advise/evidence.h"
#include "core/advise/limits_service.h"
#include "core/advise/memory_flags.h"
#include "core/advise/service_state.h"
#include "core/model/wish_units.h"

namespace pilotpros {

namespace {

constexpr Bytes kLeastLimit = 64 * kMiB;
constexpr Bytes kProbe = 48 * kMiB;
constexpr double kTightMargin = 0.10;
constexpr Bytes kTightLeast = 16 * kMiB;
constexpr double kStands = 0.25;
constexpr double kHour = 3600;
constexpr Bytes kFirstHour = 256 * kMiB;

/// One service on its way to a share. `tight` <= `comfort` <= `target`, each a possible limit.
struct Part {
    std::string service;
    int replicas = 1;
    bool free = false;    ///< its share is ours to choose
    Bytes set_aside = 0;  ///< what it takes of the room when it is not, each replica
    Bytes tight = 0, comfort = 0, target = 0;
    Bytes at_least = 0;                ///< below this no earlier value stands
    Bytes least = 0, most = 0;         ///< bounds of `x-pilotpros`; 0: none
    bool raised = false, cut = false;  ///< a bound moved what the rule gave
    std::optional<Bytes> earlier;
    MemoryEvidence evidence;
    Share share;
    std::string basis;  ///< what made comfort as large as it is
    std::string extra;  ///< why more than comfort
};

std::optional<Bytes> size_of(const std::map<std::string, std::string>& texts) {
    const auto found = texts.find("memory");
    return found == texts.end() ? std::nullopt : parse_size(found->second);
}

Bytes with_margin(Bytes need, double margin) {
    return static_cast<Bytes>(std::ceil(static_cast<double>(need) * (1 + margin)));
}

std::string why_of(const Demand& demand) { return demand.why.empty() ? "what its application would use" : demand.why; }

/// What a flag in the files lets the program take, where no application's module said more: a cache that a short
/// profile sees all but empty fills up later.
Demand with_flags(Demand demand, const Service* service) {
    if (service != nullptr && demand.least == 0) {
        for (const MemoryFlag& flag : memory_flags(*service)) {
            if (const Bytes least = least_limit(flag); least > demand.least) {
                demand.least = least;
                demand.why = fmt::format("{} {} in its {}", flag.flag, format_bytes(flag.bytes), flag.where);
            }
        }
    }
    return demand;
}

/// What the rule gives with room and without, before the machine is divided.
void size_up(Part& part, const Demand& demand, Bytes after_oom, Bytes reserved, bool known) {
    const MemoryEvidence& evidence = part.evidence;
    const Bytes floor = std::max({kLeastLimit, demand.least, after_oom, reserved});
    part.tight = round_up(std::max({with_margin(evidence.need, kTightMargin), evidence.need + kTightLeast, floor}));
    const Bytes by_margin = with_margin(evidence.need, evidence.margin);
    const Bytes measured = std::max(by_margin, evidence.need + kProbe);
    part.comfort = round_up(std::max(measured, floor));
    part.basis =
        measured < floor
            ? (floor == reserved       ? fmt::format("; {} that the files reserve", format_bytes(reserved))
               : floor == after_oom    ? fmt::format("; {} after that", format_bytes(after_oom))
               : floor == demand.least ? fmt::format("; at least {} for {}", format_bytes(demand.least), why_of(demand))
                                       : fmt::format("; {} at least", format_bytes(floor)))
        : by_margin < measured ? fmt::format(": + {}, room for a probe", format_bytes(kProbe))
                               : fmt::format(": + {:.0f} %", evidence.margin * 100);
    const Bytes with_cache = round_up(part.comfort + evidence.page_cache);
    const Bytes wished = demand.wish > 0 ? round_up(demand.wish) : 0;
    const Bytes doubled = evidence.seconds < kHour ? round_up(2 * evidence.need) : 0;
    const Bytes first_hour = evidence.seconds < kHour && !known ? kFirstHour : 0;
    part.target = std::max({with_cache, wished, doubled, first_hour});
    if (part.target == part.comfort) {
        part.extra.clear();
    } else if (part.target == first_hour) {
        part.extra =
            fmt::format(", {} at least in the first hour, since nobody knows what its program's memory follows",
                        format_bytes(kFirstHour));
    } else if (part.target == wished) {
        part.extra = fmt::format(", more for {}", why_of(demand));
    } else if (part.target == doubled) {
        part.extra = ", twice the need while so little was seen and there is room";
    } else {
        part.extra = ", + page cache";
    }
    part.at_least = std::max({evidence.need, demand.least, after_oom, reserved});
}

/// False when no value is both within the bounds and enough.
bool bound(Part& part, const Wish& wish) {
    const WishBounds bounds = bounds_on(wish, "memory");
    const Bytes least = static_cast<Bytes>(bounds.least.value_or(0));
    part.least = least;
    part.most = static_cast<Bytes>(bounds.most.value_or(0));
    part.raised = part.tight < least;
    part.cut = part.most > 0 && part.target > part.most;
    for (Bytes* const value : {&part.tight, &part.comfort, &part.target}) {
        *value = std::max(*value, least);
        *value = part.most > 0 ? std::min(*value, part.most) : *value;
    }
    part.at_least = std::max(part.at_least, least);
    return part.most == 0 || part.most >= part.evidence.need;
}

void take_fixed(Part& part, Bytes memory, bool advised, std::string why) {
    part.share.memory = memory;
    part.share.advised = advised;
    part.share.why = std::move(why);
    part.set_aside = memory;
}

/// Why more than what is in force now is needed whatever the evidence, in words; empty: nothing says so.
std::string alarm(const Part& part, Bytes own, Bytes oom) {
    if (oom > 0) {
        return fmt::format("the OOM killer struck below {}", format_bytes(oom));
    }
    if (own > 0 && part.evidence.need > own) {
        return fmt::format("its own limit of {} is less than that", format_bytes(own));
    }
    return "";
}

/// Given in both dialects: Compose wants them equal, and a Change has one place.
bool is_given_twice(const DeclaredLimits& declared) {
    return std::find(declared.in_both.begin(), declared.in_both.end(), "memory") != declared.in_both.end();
}

Part begin_part(const Case& input, const std::string& service, const std::optional<Demand>& of_application,
                bool advises_limits) {
    Part part;
    part.service = service;
    const ServiceObservation* const observed = input.observation.service(service);
    const Service* const of_files = input.service(service);
    const DeclaredLimits declared = declared_bounds(of_files);
    const auto found = input.wishes.find(service);
    const Wish wish = found == input.wishes.end() ? Wish{} : found->second;
    const EngineFacts engine = input.observation.engine.value_or(EngineFacts{});
    part.replicas = replicas_of(input, observed, service);
    const auto pinned_cpus = wish.pinned.find("cpus");
    part.share.cpus = cpus_at_most(
        declared, pinned_cpus == wish.pinned.end() ? std::nullopt : number_in(pinned_cpus->second), engine.cpus);
    part.evidence = weigh_memory(observed == nullptr ? Usage{} : usage_of(*observed));
    if (const auto earlier = input.earlier_value(service, "memory")) {
        part.earlier = parse_size(*earlier);
    }
    const Bytes written = parse_size(input.written_value(service, "memory").value_or("")).value_or(0);
    // What an earlier apply wrote stays in force where nobody is asked about limits now.
    const Bytes own = advises_limits || written == 0 ? declared.memory.value_or(0) : written;
    const Bytes oom = observed == nullptr ? 0 : limit_of_oom_kill(*observed);
    const Bytes after_oom = oom == 0 ? 0 : std::max(oom + 100 * kMiB, with_margin(oom, 0.2));
    const Demand demand = with_flags(of_application.value_or(Demand{}), of_files);
    size_up(part, demand, after_oom, declared.memory_reservation.value_or(0), of_application.has_value());
    const Bytes uses = std::max(part.evidence.measured ? part.comfort : 0, demand.least);

    const bool given_twice = is_given_twice(declared);
    const bool enforced = advises_limits && (input.observation.engine ? engine.memory_limit : true);
    if (const auto pinned = size_of(wish.pinned); pinned && enforced && !given_twice) {
        take_fixed(part, *pinned, *pinned > 0, kPinned);
        part.set_aside = *pinned > 0 ? *pinned : uses;
        return part;
    }
    const bool hands_off = !enforced || wish.excludes("limits") || of_files == nullptr || engine.memory == 0;
    const std::string alarmed = alarm(part, own, after_oom > own ? oom : 0);
    const bool argued_before = written > own;
    if (own > 0 && (hands_off || given_twice || (alarmed.empty() && !argued_before))) {
        take_fixed(part, own, false, given_twice && !alarmed.empty() ? alarmed : kOwnLimit);
        part.set_aside = uses > 0 ? std::min(own, uses) : own;
        return part;
    }
    const auto none = [&](std::string why) {
        take_fixed(part, 0, false, std::move(why));
        part.set_aside = uses;
    };
    if (hands_off) {
        none(wish.excludes("limits") ? "x-pilotpros keeps limits away from it"
             : of_files == nullptr   ? "the Compose files do not have it"
             : engine.memory == 0    ? "no engine was asked"
             : advises_limits        ? "this engine's kernel enforces no memory limit"
                                     : "nobody is asked about limits, so none is set");
        return part;
    }
    const bool fits_bounds = bound(part, wish);
    const std::string absent = not_running(observed);
    const bool kept_before = part.earlier && (part.most == 0 || *part.earlier <= part.most);
    if (!fits_bounds) {
        none(fmt::format("x-pilotpros allows at most {}, and it {}", format_bytes(part.most), part.evidence.words()));
    } else if (absent.empty() && (!alarmed.empty() || (part.evidence.enough_with(demand.least) && own == 0))) {
        part.free = true;
        part.share.why = part.evidence.words() + (alarmed.empty() ? "" : "; " + alarmed);
    } else if (kept_before) {
        // A recreated container begins a new profile, without the kill or the load that the value came from: that
        // neither lowers a value nor takes it back.
        const bool stands = *part.earlier >= part.at_least;
        take_fixed(part, stands ? *part.earlier : std::max(*part.earlier, part.tight), true,
                   stands ? "advised before, and nothing measured since speaks against it"
                          : "more than was advised before: " + part.evidence.words());
    } else if (own > 0) {
        take_fixed(part, own, false, kOwnLimit);
    } else {
        none(absent.empty() ? "insufficient evidence: " + part.evidence.lacking : absent);
    }
    return part;
}

Bytes round_down(Bytes bytes) {
    const Bytes step = bytes < 256 * kMiB ? 8 * kMiB : bytes < 1024 * kMiB ? 32 * kMiB : 128 * kMiB;
    return bytes / step * step;
}

struct Sums {
    Bytes fixed = 0, tight = 0, comfort = 0, target = 0;
};

Sums sum_up(const std::vector<Part>& parts) {
    Sums sums;
    for (const Part& part : parts) {
        sums.fixed += part.free ? 0 : part.set_aside * part.replicas;
        sums.tight += part.free ? part.tight * part.replicas : 0;
        sums.comfort += part.free ? part.comfort * part.replicas : 0;
        sums.target += part.free ? part.target * part.replicas : 0;
    }
    return sums;
}

/// From `low` by a share of the way to `high`, on a coarse step, never below `low`.
Bytes on_the_way(Bytes low, Bytes high, double share) {
    const Bytes value = low + static_cast<Bytes>(static_cast<double>(high - low) * share);
    return share >= 1 ? high : std::max(low, round_down(value));
}

void divide(std::vector<Part>& parts, Bytes room) {
    const Sums sums = sum_up(parts);
    const auto share_of = [&](Bytes low, Bytes high) {
        const Bytes left = room - sums.fixed - low;
        return high <= low ? 1.0 : std::clamp(static_cast<double>(left) / static_cast<double>(high - low), 0.0, 1.0);
    };
    const bool comfortable = sums.fixed + sums.comfort <= room;
    const double share = comfortable ? share_of(sums.comfort, sums.target) : share_of(sums.tight, sums.comfort);
    for (Part& part : parts) {
        if (!part.free) {
            continue;
        }
        part.share.memory =
            comfortable ? on_the_way(part.comfort, part.target, share) : on_the_way(part.tight, part.comfort, share);
        part.share.advised = true;
        const double margin = kTightMargin + (part.evidence.margin - kTightMargin) * share;
        part.share.why += comfortable ? part.basis + (part.share.memory > part.comfort ? part.extra : "")
                                      : fmt::format(": + {:.0f} %", margin * 100);
        if (!comfortable || share < 1) {
            part.share.why += "; less than it could use, for lack of room";
        }
        if (part.cut && part.share.memory == part.most) {
            part.share.why += fmt::format("; x-pilotpros allows at most {}", format_bytes(part.most));
        } else if (part.raised && part.share.memory == part.least) {
            part.share.why += fmt::format("; x-pilotpros asks for at least {}", format_bytes(part.least));
        }
    }
}

/// Up when it has to, down only after an hour, as Borg gives back what a job does not use: slowly (Verma et al.,
/// EuroSys 2015, 5.5).
Bytes settled_value(const Part& part) {
    const Bytes now = part.share.memory;
    if (!part.earlier || (part.most > 0 && *part.earlier > part.most)) {
        return now;
    }
    const bool too_early = now < *part.earlier && part.evidence.seconds < kHour && *part.earlier >= part.at_least;
    return too_early ? *part.earlier : settle(part.earlier, now, part.at_least, kStands);
}

/// Earlier values stand, unless all of them together find no room where the new ones do.
void let_stand(std::vector<Part>& parts, Bytes room) {
    Bytes fresh = 0;
    Bytes settled = 0;
    std::map<std::string, Bytes> values;
    for (const Part& part : parts) {
        const Bytes value = part.free ? settled_value(part) : part.share.memory;
        values[part.service] = value;
        fresh += (part.free ? part.share.memory : part.set_aside) * part.replicas;
        settled += (part.free ? value : part.set_aside) * part.replicas;
    }
    if (settled > room && settled > fresh) {
        return;
    }
    for (Part& part : parts) {
        if (part.share.memory != values[part.service]) {
            part.share.why += fmt::format("; {} by that, the earlier value stands", format_bytes(part.share.memory));
            part.share.memory = values[part.service];
        }
    }
}

}  // namespace

bool fits(const Budget& budget, Bytes unlimited) {
    return budget.total == 0 || budget.granted + unlimited + budget.reserved + budget.others <= budget.total;
}

Budget divide_memory(const Case& case_without_budget, const std::map<std::string, Demand>& demands,
                     bool advises_limits) {
    const Case& input = case_without_budget;
    Budget budget;
    if (input.observation.engine) {
        budget.total = input.observation.engine->memory;
        budget.others = input.observation.engine->others_memory;
        budget.reserved = std::clamp<Bytes>(budget.total / 10, 512 * kMiB, 4096 * kMiB);
    }
    std::set<std::string> names;
    for (const auto& [name, service] : input.project.services) {
        if (!service.profiled_out) {
            names.insert(name);
        }
    }
    for (const ServiceObservation& service : input.observation.services) {
        names.insert(service.service);
    }
    std::vector<Part> parts;
    for (const std::string& name : names) {
        const auto demand = demands.find(name);
        parts.push_back(begin_part(input, name, demand == demands.end() ? std::nullopt : std::optional{demand->second},
                                   advises_limits));
    }
    const Bytes room = budget.total - budget.reserved - budget.others;
    divide(parts, room);
    let_stand(parts, room);
    for (const Part& part : parts) {
        budget.granted += part.share.memory * part.replicas;
        budget.shares[part.service] = part.share;
    }
    return budget;
}

}  // namespace pilotpros
