// Memory: one budget within the share.
//
// Rule. The worst case (memory.h) has to fit into 95 % of the limit. Where the present values do not fit, they give way
// in the order of fit(): maintenance first, then buffers, then work_mem. Where there is room, shared_buffers goes up to
// a quarter of the limit but not beyond the data and a quarter more; maintenance_work_mem up to a sixteenth of the
// limit where a table is large enough to use it; work_mem only where statements were seen to spill, up to what would
// have kept them in memory and at most 64 MiB. max_connections is raised when the connections seen come near it, and
// never lowered: how many come at other times is not known. Values move in steps of a third to a half, and a written
// value within one step stands. Source: PostgreSQL documentation, 20.4 Resource Consumption (a quarter of the memory
// for shared_buffers; work_mem counts for each sort, hash_mem_multiplier and worker), 20.7.2 (effective_cache_size).

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/apps/postgres/advise.h"
#include "core/apps/words.h"

namespace pilotpros::apps::postgres {

namespace {

constexpr Bytes kMostWorkMemory = 64 * kMiB;
constexpr const char* kResources = "https://www.postgresql.org/docs/current/runtime-config-resource.html";
constexpr const char* kJoint = "postgres memory";

/// Raises a part to the highest step up to `target` that still fits; leaves it when even the next step does not.
void raise(MemorySet& set, Part MemorySet::*part, Bytes target, Bytes limit) {
    if ((set.*part).fixed) {
        return;
    }
    for (Bytes step = step_below(target); step > (set.*part).value; step = step_below(step - 1)) {
        MemorySet higher = set;
        (higher.*part).value = step;
        if (fits(higher, limit)) {
            set = higher;
            return;
        }
    }
}

/// A value that was advised before stands when it is one step away and still fits.
void keep_what_was_advised(const Draft& draft, const char* name, MemorySet& set, Part MemorySet::*part, Bytes limit) {
    const auto text = draft.earlier(name);
    const auto before = text ? parse_size(*text) : std::nullopt;
    if ((set.*part).fixed || !before) {
        return;
    }
    MemorySet kept = set;
    (kept.*part).value = settle(before, (set.*part).value, 0, 0.5);
    if (fits(kept, limit)) {
        set = kept;
    }
}

/// What one sort would have needed to stay in memory: twice the file that it wrote.
Bytes spill_of(const Watched& watched) {
    const bool spilled = watched.rates && watched.rates->temp_files > 0 && watched.rates->temp_bytes > 0;
    return spilled ? 2 * watched.rates->temp_bytes / watched.rates->temp_files : 0;
}

Bytes work_memory_for(Bytes spill, Bytes now) {
    return spill > now && spill <= kMostWorkMemory ? step_above(spill) : now;
}

Bytes wanted_work_memory(const Situation& situation, Draft& draft) {
    const Bytes now = situation.now.work_mem.value;
    const Bytes written = parse_size(draft.written("work_mem").value_or("")).value_or(0);
    const Bytes spill = spill_of(situation.watched);
    if (spill > kMostWorkMemory) {
        draft.leave("work_mem",
                    fmt::format("statements spilled files of {} on average: more than work_mem may safely hold for "
                                "every connection; set it for that role or statement",
                                format_bytes(spill / 2)));
        return std::max(now, written);
    }
    // That nothing spills any more is what the written value is for.
    return std::max({now, written, work_memory_for(spill, now)});
}

void advise_connections(Situation& situation, Draft& draft) {
    const int now = situation.now.connections;
    const int reserved = std::max(3, situation.facts.superuser_reserved_connections);
    const int seen = situation.connections_seen;
    const int need = static_cast<int>(std::ceil(1.2 * seen)) + reserved;
    const int before = static_cast<int>(
        std::min<Bytes>(1'000'000, parse_size(draft.written("max_connections").value_or("")).value_or(0)));
    const int wanted = std::max(before, need > now ? (need + 24) / 25 * 25 : now);
    if (wanted > now && draft.is_free("max_connections")) {
        draft.want(
            {"max_connections",
             std::to_string(wanted),
             need > now ? fmt::format("{} of {} connections were in use at once", seen, now) : std::string{kAsBefore},
             "a fifth more than the most connections seen, and the reserved ones, in steps of 25",
             "https://www.postgresql.org/docs/current/runtime-config-connection.html",
             {{"most connections seen", std::to_string(seen),
               fmt::format("{} looks", situation.watched.connection_samples)}},
             kJoint,
             Risk::kMedium});
        situation.now.connections = wanted;
    } else {
        draft.leave("max_connections",
                    situation.watched.connection_samples > 0
                        ? fmt::format("at most {} of {} in use in {} looks; how many come at other times is not known",
                                      seen, now, situation.watched.connection_samples)
                        : std::string{"insufficient evidence: nobody counted the connections"});
    }
}

/// No set of sizes fits: what is the user's, and what they can do.
void find_too_small(const Situation& situation, Draft& draft) {
    const MemorySet& now = situation.now;
    MemorySet least = now;
    for (Part MemorySet::*part : {&MemorySet::shared_buffers, &MemorySet::work_mem, &MemorySet::maintenance_work_mem,
                                  &MemorySet::autovacuum_work_mem}) {
        if (!(least.*part).fixed) {
            (least.*part).value = part == &MemorySet::shared_buffers ? 32 * kMiB
                                  : part == &MemorySet::work_mem     ? kMiB
                                                                     : 16 * kMiB;
        }
    }
    const Bytes needed = round_up(worst_case(least) * 20 / 19);
    MemorySet fewer = least;
    while (fewer.connections > 10 && !fits(fewer, situation.limit)) {
        --fewer.connections;
    }
    const std::string other = fits(fewer, situation.limit)
                                  ? fmt::format(", or max_connections = {} if that many are enough", fewer.connections)
                                  : std::string{};
    draft.find(
        {{},
         "postgres-worst-case-over-limit",
         Finding::Severity::kWarning,
         fmt::format("{} connections and shared_buffers {} can need {} at worst, {}", now.connections,
                     format_bytes(now.shared_buffers.value), format_bytes(worst_case(now)), limit_words(situation)),
         "when they are used the kernel kills a server process, and every connection is cut for a recovery",
         fmt::format("a memory limit of at least {}{}", compose_size(needed), other),
         kResources});
    for (const char* key : {"shared_buffers", "work_mem", "maintenance_work_mem"}) {
        draft.leave(key, fmt::format("no set of sizes holds {} connections within {}", now.connections,
                                     format_bytes(situation.limit)));
    }
}

/// `fresh`: what this profile alone asks for, without what was written before.
void want_sizes(const Situation& situation, const MemorySet& fresh, const MemorySet& set, Draft& draft) {
    const MemorySet& now = situation.now;
    const std::string fit =
        fmt::format("worst case {} of {}", format_bytes(worst_case(set)), format_bytes(situation.limit));
    const std::vector<Input> inputs{
        {"memory to fit into", format_bytes(situation.limit), situation.limit_from},
        {"max_connections", std::to_string(set.connections), "pg_settings"},
        {"statements at the same time", std::to_string(set.active),
         "twice the CPUs, or what a tenth of the looks had where that is more than twice as many"},
        {"memory of a connection of its own", format_bytes(set.connection), "3 MiB, and 1 for each 100 tables"},
        {"data", situation.data > 0 ? format_bytes(situation.data) : "unknown", "pg_database_size"},
        {"worst case before", format_bytes(worst_case(now)), "the joint formula"},
        {"worst case after", format_bytes(worst_case(set)), "the joint formula"}};
    const auto want = [&](const char* name, Part MemorySet::*part, const std::string& why_more, const char* rule) {
        const Bytes was = (now.*part).value;
        const Bytes is = (set.*part).value;
        const Present present_value = present(situation.facts, name);
        if (is == was) {
            if (present_value.whose == Whose::kNobody && !draft.pinned(name)) {
                draft.leave(name, fmt::format("{} stays: {}", shown(present_value), fit));
                return;
            }
        }
        const Bytes asked = (fresh.*part).value;
        const bool only_before = asked == was || (asked > was) != (is > was);
        draft.want({name, postgres_size(is),
                    only_before ? fmt::format("{}; {}", kAsBefore, fit)
                    : is > was  ? fmt::format("{}; {}", why_more, fit)
                                : fmt::format("with {} the worst case is {} of {}", postgres_size(was),
                                              format_bytes(worst_case(now)), format_bytes(situation.limit)),
                    rule, kResources, inputs, kJoint});
    };
    want("shared_buffers", &MemorySet::shared_buffers, fmt::format("{} of data", format_bytes(situation.data)),
         situation.limited
             ? "up to a quarter of the memory limit and not beyond the data, within the joint budget"
             : "up to an eighth of what the machine has free and not beyond the data, within the joint budget");
    want("work_mem", &MemorySet::work_mem,
         fmt::format("statements spilled {} a time", format_bytes(spill_of(situation.watched) / 2)),
         "what keeps the sorts that spilled in memory, if every connection may do so within the joint budget");
    want("maintenance_work_mem", &MemorySet::maintenance_work_mem, "the largest table is large enough to use it",
         situation.limited
             ? "up to a sixteenth of the memory limit and a quarter of the largest table, within the joint budget"
             : "up to a 32nd of what the machine has free and a quarter of the largest table, within the joint budget");
    // -1 follows maintenance_work_mem, which suits as long as both are the same.
    if (!now.autovacuum_work_mem.fixed && set.autovacuum_work_mem.value != set.maintenance_work_mem.value) {
        draft.want({"autovacuum_work_mem", postgres_size(set.autovacuum_work_mem.value),
                    fmt::format("{} workers may each take it; {}", set.autovacuum_workers, fit),
                    "each autovacuum worker may take it, so it counts by their number in the joint budget", kResources,
                    inputs, kJoint});
    }
}

}  // namespace

std::optional<MemorySet> advise_memory(const Situation& given, Draft& draft) {
    Situation situation = given;
    if (situation.limit <= 0) {
        draft.leave("shared_buffers", "insufficient evidence: the memory that it may use is not known");
        return std::nullopt;
    }
    advise_connections(situation, draft);
    const Bytes limit = situation.limit;
    MemorySet set = situation.now;
    const Bytes sort = wanted_work_memory(situation, draft);
    if (!fits(set, limit)) {
        const auto fitted = fit(set, limit);
        if (!fitted) {
            find_too_small(situation, draft);
            draft.drop_settings(
                kJoint, situation.limited ? "no set of sizes fits the limit" : "no set of sizes fits what is free");
            return std::nullopt;
        }
        set = *fitted;
    } else {
        const Bytes data = situation.data;
        const Bytes buffers = std::min(limit / 4, data > 0 ? step_above(data + data / 4) : 0);
        // A quarter more is within the tolerance of what stands there.
        if (buffers > set.shared_buffers.value * 5 / 4) {
            raise(set, &MemorySet::shared_buffers, buffers, limit);
        }
        const auto& tables = situation.facts.largest_tables;
        const Bytes upkeep = std::min({limit / 16, tables.empty() ? 0 : tables.front() / 4, Bytes{1} << 30U});
        if (upkeep > set.maintenance_work_mem.value * 5 / 4) {
            raise(set, &MemorySet::maintenance_work_mem, upkeep, limit);
        }
    }
    MemorySet fresh = set;
    raise(fresh, &MemorySet::work_mem, work_memory_for(spill_of(situation.watched), situation.now.work_mem.value),
          limit);
    raise(set, &MemorySet::work_mem, sort, limit);
    keep_what_was_advised(draft, "shared_buffers", set, &MemorySet::shared_buffers, limit);
    keep_what_was_advised(draft, "work_mem", set, &MemorySet::work_mem, limit);
    keep_what_was_advised(draft, "maintenance_work_mem", set, &MemorySet::maintenance_work_mem, limit);
    keep_what_was_advised(draft, "autovacuum_work_mem", set, &MemorySet::autovacuum_work_mem, limit);
    want_sizes(situation, fresh, set, draft);

    const Bytes step = limit < 2048 * kMiB ? 64 * kMiB : 256 * kMiB;
    const Present cache = present(situation.facts, "effective_cache_size");
    const Bytes three_quarters = std::max(step, limit / 4 * 3 / step * step);
    const Bytes cached =
        settle(parse_size(draft.earlier("effective_cache_size").value_or("")), three_quarters, 0, 0.25);
    const Bytes was = std::max<Bytes>(0, size_of(cache));
    if (std::abs(static_cast<double>(cached - was)) > 0.25 * static_cast<double>(was)) {
        draft.want({"effective_cache_size",
                    postgres_size(cached),
                    fmt::format("the planner counts on {} of cache, {}", format_bytes(was), limit_words(situation)),
                    situation.limited
                        ? "three quarters of the memory limit: buffers and page cache lie within it"
                        : "three quarters of half of what the machine has free: without a limit others take of it, too",
                    "https://www.postgresql.org/docs/current/runtime-config-query.html",
                    {{"memory to fit into", format_bytes(limit), situation.limit_from}},
                    {}});
    } else {
        draft.leave("effective_cache_size",
                    fmt::format("{} is within a quarter of three quarters of {}", shown(cache),
                                situation.limited ? "the limit" : "half of what the machine has free"));
    }
    return set;
}

}  // namespace pilotpros::apps::postgres
