// What is not memory: workers, planner, WAL, autovacuum, the log.
//
// Rules. PostgreSQL never reads a CPU quota: a statement gets one worker less than there are CPUs, all together as many
// as CPUs; never more than PostgreSQL's own defaults without evidence. random_page_cost 1.1 where one and a half times
// the data fit into the cache that the limit leaves: then a random page costs what the next one does. max_wal_size from
// the measured WAL rate: a checkpoint is forced after about max_wal_size / (1 + checkpoint_completion_target), so it
// holds what checkpoint_timeout's worth of WAL needs, and a quarter more; checkpoint_timeout goes up only where full
// page images are most of a lively WAL, and they are compressed there. jit goes off where pg_stat_statements shows that
// compiling takes more than a twentieth of the statements' time. The rest is left as it is without evidence, and said.
// Source: PostgreSQL documentation, 20.4.6, 20.5.2, 20.7.2, 28.5 "WAL Configuration".

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/apps/postgres/advise.h"
#include "core/apps/words.h"

namespace pilotpros::apps::postgres {

namespace {

constexpr const char* kQuery = "https://www.postgresql.org/docs/current/runtime-config-query.html";
constexpr const char* kWal = "https://www.postgresql.org/docs/current/wal-configuration.html";
constexpr const char* kLog = "https://www.postgresql.org/docs/current/runtime-config-logging.html";
constexpr const char* kJit = "https://www.postgresql.org/docs/current/jit-decision.html";
constexpr const char* kWalCompression =
    "https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-WAL-COMPRESSION";
constexpr double kLivelyWal = 1 << 20;  // bytes a second

constexpr double kEnoughStatementsMs = 60'000;
constexpr double kCompilesTooMuch = 0.05;

std::string seconds_text(int seconds) { return std::to_string(seconds) + "s"; }

/// Why it is left as it is.
std::string why_random_page_cost(const Situation& situation, const Present& now, Bytes cache) {
    if (situation.data <= 0) {
        return "insufficient evidence: the size of the data is not known";
    }
    if (cache <= 0) {
        return "insufficient evidence: the memory that it may use is not known";
    }
    const std::string data = format_bytes(situation.data);
    if (situation.data > cache) {
        return fmt::format("{} of data do not fit into {} of cache, and the disk was not measured", data,
                           format_bytes(cache));
    }
    if (situation.data + situation.data / 2 > cache) {
        return fmt::format(
            "{} of data fit into {} of cache, but half as much again would not, and the disk was not "
            "measured",
            data, format_bytes(cache));
    }
    return fmt::format("{} stays: {} of data fit into {} of cache", shown(now), data, format_bytes(cache));
}

/// Only pg_stat_statements knows; without it nothing is said. What was switched off compiles no more, so it stays off.
void advise_jit(const Situation& situation, Draft& draft) {
    const Facts& facts = situation.facts;
    const Present now = present(facts, "jit");
    const bool known = facts.statements_ms >= kEnoughStatementsMs;
    const double share = known ? facts.jit_ms / facts.statements_ms : 0;
    const std::string measured =
        fmt::format("{:.1f} % of the time of all statements goes into compiling them", 100 * share);
    if (!now.exists || !(known || draft.written("jit"))) {
        return;
    }
    if (share <= kCompilesTooMuch && !draft.written("jit")) {
        draft.leave("jit", measured);
        return;
    }
    Wanted wanted{
        "jit", "off", kAsBefore, "off where more than a twentieth of the statements' time goes into compiling them",
        kJit,  {},    {}};
    if (share > kCompilesTooMuch) {
        wanted.reason = measured;
        wanted.inputs = {
            {"execution of all statements", format_duration(Seconds{facts.statements_ms / 1000}), "pg_stat_statements"},
            {"compiling", format_duration(Seconds{facts.jit_ms / 1000}), "pg_stat_statements"}};
    }
    draft.want(std::move(wanted));
}

/// `images`: the share of WAL that full page images are, before any compression of ours.
void advise_wal_compression(const Situation& situation, double rate, double images, Draft& draft) {
    const Present now = present(situation.facts, "wal_compression");
    const bool asked = rate >= kLivelyWal && images >= 0.5;
    if (!now.exists || (now.value != "off" && now.whose == Whose::kNobody) ||
        !(asked || draft.written("wal_compression"))) {
        return;
    }
    Wanted wanted{
        "wal_compression",
        situation.facts.version_number >= 150000 ? "lz4" : "on",
        kAsBefore,
        "on where full page images, all that it compresses, are most of more than 1 MiB/s of WAL, while measured "
        "and since statistics began",
        kWalCompression,
        {},
        {}};
    if (asked) {
        const std::string a_second = format_bytes(static_cast<Bytes>(rate)) + "/s";
        wanted.reason =
            fmt::format("at least {:.0f} % of {} of WAL are full page images", 100 * std::min(1.0, images), a_second);
        wanted.inputs = {{"WAL rate", a_second,
                          fmt::format("{} measured", format_duration(Seconds{situation.watched.rates->seconds}))}};
    }
    draft.want(std::move(wanted));
}

}  // namespace

void advise_parallel(Situation& situation, Draft& draft) {
    if (situation.cpus <= 0) {
        draft.leave("max_parallel_workers_per_gather", "insufficient evidence: the CPUs that it may use are not known");
        return;
    }
    const int cpus = situation.cpus;
    const auto lower = [&](const char* name, int target, const char* rule) {
        const Present now = present(situation.facts, name);
        const int was = static_cast<int>(number_of(now, 0));
        if (!now.exists || (now.whose == Whose::kNobody && was <= target)) {
            return was;
        }
        draft.want({name,
                    std::to_string(target),
                    fmt::format("{} workers for {} CPUs", was, cpus),
                    rule,
                    "https://www.postgresql.org/docs/current/runtime-config-resource.html",
                    {{"CPUs that it may use", std::to_string(cpus), "its quota, else the machine's"}},
                    {}});
        return draft.is_free(name) ? target : was;
    };
    const int gather = lower("max_parallel_workers_per_gather", std::max(0, cpus - 1),
                             "one worker less than there are CPUs: PostgreSQL does not see the quota");
    const int workers =
        lower("max_parallel_workers", cpus, "as many as there are CPUs: PostgreSQL does not see the quota");
    lower("max_parallel_maintenance_workers", std::max(0, cpus - 1),
          "one worker less than there are CPUs: PostgreSQL does not see the quota");
    if (!draft.pinned("max_parallel_workers_per_gather")) {
        situation.now.gather = gather;
    }
    if (!draft.pinned("max_parallel_workers")) {
        situation.now.parallel_workers = workers;
    }
}

void advise_planner(const Situation& situation, Draft& draft) {
    const Bytes cache = situation.limit / 4 * 3;
    const bool before = draft.written("random_page_cost").has_value();
    const Bytes room = before ? situation.data : situation.data + situation.data / 2;
    const Present now = present(situation.facts, "random_page_cost");
    if (situation.data > 0 && cache > 0 && room <= cache && (number_of(now, 4) > 1.1 || now.whose != Whose::kNobody)) {
        draft.want({"random_page_cost",
                    "1.1",
                    fmt::format("{} of data within {} of cache", format_bytes(situation.data), format_bytes(cache)),
                    situation.limited ? "1.1 where one and a half times the data fit into the cache within the limit"
                                      : "1.1 where one and a half times the data fit into the cache that is expected",
                    kQuery,
                    {{"data", format_bytes(situation.data), "pg_database_size"},
                     {"cache", format_bytes(cache),
                      situation.limited ? "three quarters of the limit"
                                        : "three quarters of half of what the machine has free"}},
                    {}});
    } else if (now.exists) {
        draft.leave("random_page_cost", why_random_page_cost(situation, now, cache));
    }
    advise_jit(situation, draft);
}

void advise_wal(const Situation& situation, Draft& draft) {
    const Present now = present(situation.facts, "max_wal_size");
    const Present timeout = present(situation.facts, "checkpoint_timeout");
    const auto& rates = situation.watched.rates;
    const Bytes was = size_of(now);
    const Bytes written = parse_size(draft.written("max_wal_size").value_or("")).value_or(0);
    if (!rates || rates->seconds < 30 || rates->wal_bytes_per_second < 0 || was < 0) {
        draft.leave("max_wal_size", "insufficient evidence: the WAL rate takes half a minute of measuring");
        advise_wal_compression(situation, 0, 0, draft);
        if (written > was && was >= 0) {
            draft.want({"max_wal_size",
                        postgres_size(written),
                        kAsBefore,
                        "what was written before stands until a profile says otherwise",
                        kWal,
                        {},
                        {}});
        }
        return;
    }
    const double rate = rates->wal_bytes_per_second;
    const Reading& reading = situation.facts.reading;
    // Images come after a checkpoint, and a bulk load has few: the share of a minute alone says as little of the rule
    // as that of a year.
    const double images =
        std::max(0.0, std::min(rates->wal_image_share, image_share(reading.wal_full_page_images, reading.wal_bytes)));
    advise_wal_compression(situation, rate, images, draft);
    double interval = number_of(timeout, 300);
    const bool longer = rate >= kLivelyWal && images >= 0.5 && interval < 900;
    if ((longer || draft.written("checkpoint_timeout")) && draft.is_free("checkpoint_timeout")) {
        draft.want({"checkpoint_timeout",
                    seconds_text(900),
                    longer ? fmt::format("at least {:.0f} % of {}/s of WAL are full page images",
                                         100 * std::min(1.0, images), format_bytes(static_cast<Bytes>(rate)))
                           : std::string{kAsBefore},
                    "15 minutes where full page images are most of more than 1 MiB/s of WAL, while measured and since "
                    "statistics began; a recovery takes longer",
                    kWal,
                    {{"WAL rate", format_bytes(static_cast<Bytes>(rate)) + "/s",
                      fmt::format("{} measured", format_duration(Seconds{rates->seconds}))}},
                    {},
                    Risk::kMedium});
        interval = 900;
    } else if (timeout.exists) {
        draft.leave("checkpoint_timeout",
                    fmt::format("{} stays: a longer one makes recovery longer, and {}/s of WAL do not ask for it",
                                shown(timeout), format_bytes(static_cast<Bytes>(rate))));
    }
    const double completion = number_of(present(situation.facts, "checkpoint_completion_target"), 0.5);
    const auto need = static_cast<Bytes>(std::min(1e15, rate * interval * (1 + completion) * 1.25));
    // What it may fill of the disk is not known, so not more than 8 GiB.
    const Bytes target = std::min(std::max(written, need > was ? step_above(need) : was), std::max(was, 8192 * kMiB));
    if (target > was) {
        draft.want({"max_wal_size",
                    postgres_size(target),
                    need > was ? fmt::format("{}/s of WAL fill {} within {}", format_bytes(static_cast<Bytes>(rate)),
                                             format_bytes(need), seconds_text(static_cast<int>(interval)))
                               : std::string{kAsBefore},
                    "the WAL of one checkpoint_timeout at the measured rate, and a quarter more; at most 8 GiB of disk",
                    kWal,
                    {{"WAL rate", format_bytes(static_cast<Bytes>(rate)) + "/s",
                      fmt::format("{} measured", format_duration(Seconds{rates->seconds}))},
                     {"checkpoint_completion_target", fmt::format("{}", completion), "pg_settings"}},
                    {}});
    } else {
        draft.leave("max_wal_size",
                    fmt::format("{} holds {}/s of WAL", shown(now), format_bytes(static_cast<Bytes>(rate))));
    }
}

void advise_rest(const Situation& situation, Draft& draft) {
    const Facts& facts = situation.facts;
    const auto& rates = situation.watched.rates;
    const bool bloated = facts.live_rows >= 1'000'000 && facts.dead_rows > facts.live_rows / 4;
    if ((bloated || draft.written("autovacuum_vacuum_scale_factor")) &&
        number_of(present(facts, "autovacuum_vacuum_scale_factor"), 0.2) > 0.1) {
        Wanted wanted{"autovacuum_vacuum_scale_factor",
                      "0.1",
                      kAsBefore,
                      "half of the default where more than a fifth of many rows are dead",
                      "https://www.postgresql.org/docs/current/routine-vacuuming.html",
                      {},
                      {}};
        if (bloated) {
            wanted.reason = fmt::format("{} dead rows beside {} live ones", facts.dead_rows, facts.live_rows);
            wanted.inputs = {{"dead rows", std::to_string(facts.dead_rows), "pg_stat_user_tables"}};
        }
        draft.want(std::move(wanted));
    }
    if (present(facts, "log_checkpoints").value == "off") {
        draft.want({"log_checkpoints",
                    "on",
                    "a line for each checkpoint tells whether max_wal_size is enough",
                    "on, as PostgreSQL does by default from 15 on",
                    kLog,
                    {},
                    {}});
    }
    const bool deadlocks = rates && rates->deadlocks > 0;
    if (deadlocks || draft.written("log_lock_waits")) {
        draft.want({"log_lock_waits",
                    "on",
                    deadlocks ? "there were deadlocks while measuring" : kAsBefore,
                    "on where there are deadlocks",
                    kLog,
                    {},
                    {}});
    }
    const bool spilled = rates && rates->temp_files > 0;
    if (spilled || draft.written("log_temp_files")) {
        draft.want({"log_temp_files",
                    "10MB",
                    spilled ? "statements spilled to disk while measuring" : kAsBefore,
                    "files of 10 MiB and more, where statements spill: the log names the statement",
                    kLog,
                    {},
                    {}});
    }
    // What the recipe sets on top, and why it is not advised.
    draft.leave("wal_buffers", "PostgreSQL itself takes a 32nd of shared_buffers, up to one WAL segment");
    draft.leave("effective_io_concurrency",
                "nothing that is measured here tells how many requests the disk takes at once");
    draft.leave("default_statistics_target",
                "a larger sample slows ANALYZE and planning; per column where a plan is wrong");
    if (!facts.statements_preloaded) {
        draft.leave("shared_preload_libraries",
                    "pg_stat_statements, which would tell whether jit pays, needs CREATE EXTENSION in your database, "
                    "which is yours to decide");
    }
}

}  // namespace pilotpros::apps::postgres
