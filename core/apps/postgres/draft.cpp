#include "core/apps/postgres/draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace pilotpros::apps::postgres {

namespace {

constexpr const char* kSource = "https://www.postgresql.org/docs/current/runtime-config.html";

/// Trading these away loses or corrupts data; nothing that we measure can justify it.
bool is_durability(const std::string& name) {
    static const std::set<std::string> kNames{"fsync",
                                              "full_page_writes",
                                              "synchronous_commit",
                                              "wal_level",
                                              "wal_sync_method",
                                              "synchronous_standby_names",
                                              "wal_log_hints",
                                              "ignore_checksum_failure",
                                              "zero_damaged_pages",
                                              "ignore_invalid_pages"};
    return kNames.contains(name);
}

/// Compares "256MB" with "1GB" and "3" with "10"; nothing when one of them is no number.
std::optional<double> magnitude(const std::string& text) {
    if (const auto size = parse_size(text)) {
        return static_cast<double>(*size);
    }
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} ? std::optional{value} : std::nullopt;
}

/// What one of PostgreSQL's units is worth, in bytes or milliseconds; nothing for what is none.
struct Worth {
    double factor = 0;
    bool time = false;
};

std::optional<Worth> worth_of(const std::string& unit) {
    static const std::map<std::string, Worth> kUnits{
        {"B", {1, false}},         {"kB", {1024, false}},   {"8kB", {8192, false}},  {"MB", {0x1p20, false}},
        {"16MB", {0x1p24, false}}, {"GB", {0x1p30, false}}, {"TB", {0x1p40, false}}, {"us", {1e-3, true}},
        {"ms", {1, true}},         {"s", {1000, true}},     {"min", {60'000, true}}, {"h", {3'600'000, true}},
        {"d", {86'400'000, true}}};
    const auto found = kUnits.find(unit);
    return found == kUnits.end() ? std::nullopt : std::optional{found->second};
}

/// A text as postgresql.conf takes it for a setting of that unit, so that two of them compare.
std::optional<double> amount(const std::string& text, const std::string& unit) {
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    std::string suffix(rest, end);
    suffix.erase(0, std::min(suffix.find_first_not_of(' '), suffix.size()));
    if (unit.empty() || number < 0) {
        return suffix.empty() ? std::optional{number} : std::nullopt;
    }
    const auto own = worth_of(unit);
    const auto given = suffix.empty() ? own : worth_of(suffix);
    return own && given && own->time == given->time ? std::optional{number * given->factor} : std::nullopt;
}

/// Whether a bound would move the value from what is there now away from what is wanted.
bool leads_away(const Present& now, const std::string& wanted, const std::string& bounded) {
    const auto is = amount(now.value, now.unit);
    const auto to = amount(wanted, now.unit);
    const auto held = amount(bounded, now.unit);
    return is && to && held && *held != *to && (*to > *is ? *held <= *is : *held >= *is);
}

Part part_of(const Facts& facts, const std::string& name, Bytes otherwise) {
    const Present value = present(facts, name);
    const Bytes size = value.exists ? size_of(value) : -1;
    return {size >= 0 ? size : otherwise, value.exists && value.whose != Whose::kNobody && size >= 0};
}

int setting_as_count(const Facts& facts, const std::string& name, int otherwise) {
    return static_cast<int>(number_of(present(facts, name), otherwise));
}

/// Pins count as the user's own values.
void take_pins(const Wish& wish, const Facts& facts, MemorySet& set) {
    const auto size = [&](const char* name, Part& part) {
        const auto pin = wish.pinned.find(name);
        if (const auto value = pin == wish.pinned.end() ? std::nullopt : size_in(facts, name, pin->second)) {
            part = {*value, true};
        }
    };
    const auto number = [&](const char* name, int& value) {
        const auto pin = wish.pinned.find(name);
        if (const auto pinned = pin == wish.pinned.end() ? std::nullopt : magnitude(pin->second)) {
            value = static_cast<int>(std::clamp(*pinned, 0.0, 1e6));
        }
    };
    size("shared_buffers", set.shared_buffers);
    size("work_mem", set.work_mem);
    size("maintenance_work_mem", set.maintenance_work_mem);
    size("autovacuum_work_mem", set.autovacuum_work_mem);
    number("max_connections", set.connections);
    number("max_parallel_workers", set.parallel_workers);
    number("max_parallel_workers_per_gather", set.gather);
    number("autovacuum_max_workers", set.autovacuum_workers);
}

}  // namespace

std::optional<Bytes> size_in(const Facts& facts, const std::string& name, const std::string& value) {
    constexpr double kMost = 0x1p62;
    const Present now = present(facts, name);
    const auto size = now.exists ? amount(value, now.unit) : std::nullopt;
    return size && *size >= 0 && *size < kMost ? std::optional{static_cast<Bytes>(*size)} : parse_size(value);
}

Situation situation_of(const Case& input, const ServiceObservation& service, const nlohmann::json& facts,
                       const Share* share) {
    Situation result;
    result.facts = facts.get<Facts>();
    if (facts.contains("watched") && facts["watched"].is_object()) {
        result.watched = facts["watched"].get<Watched>();
    }
    const Facts& known = result.facts;
    result.data = std::accumulate(known.database_sizes.begin(), known.database_sizes.end(), Bytes{0});
    result.connections_seen = std::max(known.connections_now, result.watched.connections_max);
    const Budget& budget = input.budget;
    const double cpus = share != nullptr && share->cpus > 0 ? share->cpus : budget.cpus;
    result.cpus = static_cast<int>(std::ceil(cpus - 1e-9));
    if (result.cpus == 0 && input.observation.engine) {
        result.cpus = input.observation.engine->cpus;
    }
    if (share != nullptr && share->memory > 0) {
        result.limit = share->memory;
        result.limit_from = share->why;
        result.limited = true;
    } else if (share != nullptr && budget.total > 0) {
        result.limit = std::max<Bytes>(0, budget.total - budget.reserved - budget.others - budget.granted) / 2;
        result.limit_from = "no limit: half of what the machine has beyond the other containers";
    }

    MemorySet& set = result.now;
    set.connections = std::max(1, setting_as_count(known, "max_connections", 100));
    set.autovacuum_workers = std::max(0, setting_as_count(known, "autovacuum_max_workers", 3));
    set.parallel_workers = std::max(0, setting_as_count(known, "max_parallel_workers", 8));
    set.gather = std::max(0, setting_as_count(known, "max_parallel_workers_per_gather", 2));
    set.hash_mem_multiplier = std::max(1.0, number_of(present(known, "hash_mem_multiplier"), 1));
    set.shared_buffers = part_of(known, "shared_buffers", 128 * kMiB);
    set.work_mem = part_of(known, "work_mem", 4 * kMiB);
    set.maintenance_work_mem = part_of(known, "maintenance_work_mem", 64 * kMiB);
    set.autovacuum_work_mem = part_of(known, "autovacuum_work_mem", set.maintenance_work_mem.value);
    set.connection = connection_memory(known.tables);
    if (const auto wish = input.wishes.find(service.service); wish != input.wishes.end()) {
        take_pins(wish->second, known, set);
    }
    // Twice the CPUs are as many statements as make progress. More counts only where a tenth of the looks had more than
    // twice that, and in fours: what queues for a moment differs from one profile to the next.
    const int makes_progress = 2 * std::max(1, result.cpus);
    const int often = result.watched.active_often;
    set.active = often > 2 * makes_progress ? (often + 3) / 4 * 4 : makes_progress;
    return result;
}

std::string limit_words(const Situation& situation) {
    return fmt::format("{} is {}", situation.limited ? "the limit" : "half of what the machine has free",
                       format_bytes(situation.limit));
}

Draft::Draft(const Case& input, std::string service, const Situation& situation)
    : input_(input), service_(std::move(service)), situation_(situation) {
    if (const auto wish = input.wishes.find(service_); wish != input.wishes.end()) {
        wish_ = wish->second;
    }
}

bool Draft::is_free(const std::string& name) const {
    const Present now = present(situation_.facts, name);
    return now.exists && now.whose == Whose::kNobody && !wish_.pinned.contains(name);
}

std::optional<std::string> Draft::pinned(const std::string& name) const {
    const auto pin = wish_.pinned.find(name);
    return pin == wish_.pinned.end() ? std::nullopt : std::optional{pin->second};
}

std::optional<std::string> Draft::written(const std::string& name) const {
    return input_.written_value(service_, name);
}

std::optional<std::string> Draft::earlier(const std::string& name) const {
    return input_.earlier_value(service_, name);
}

void Draft::refuse(const char* id, const std::string& name, std::string what) {
    const bool told = std::any_of(advice.findings.begin(), advice.findings.end(),
                                  [&](const Finding& finding) { return finding.id == id && finding.what == what; });
    if (!told) {
        find({{},
              id,
              Finding::Severity::kError,
              std::move(what),
              "it is not used",
              fmt::format("give {} a value as postgresql.conf takes it", name),
              kWishSource});
    }
}

std::string Draft::bounded(const Present& now, const std::string& key, const std::string& value) {
    const auto is = amount(value, now.unit);
    const auto bound = [&](const std::map<std::string, std::string>& bounds) {
        const auto found = bounds.find(key);
        const auto read = found == bounds.end() ? std::nullopt : amount(found->second, now.unit);
        if (found != bounds.end() && !read) {
            refuse("bound-unreadable", key,
                   fmt::format("x-pilotpros bounds {} by what postgresql.conf would not take for it", key));
        }
        return std::pair{read, found};
    };
    const auto least = bound(wish_.least);
    const auto most = bound(wish_.most);
    if (!is || *is < 0) {
        return value;  // -1 is PostgreSQL's word for something else
    }
    if (least.first && *least.first > *is) {
        return least.second->second;
    }
    return most.first && *most.first < *is ? most.second->second : value;
}

/// A file of PostgreSQL's has no variables, so a value stands there in clear: a number or a word of truth is no secret.
bool Draft::may_be_written(const std::string& name, const std::string& value) {
    static const std::set<std::string> kWords{"on", "off", "true", "false", "yes", "no"};
    const auto unit = std::find_if(value.begin(), value.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    const bool number = !value.empty() && unit != value.begin() &&
                        value.find_first_not_of("0123456789.-") >= static_cast<std::size_t>(unit - value.begin()) &&
                        std::all_of(unit, value.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
    if (wish_.as_written.contains(name) && !number && !kWords.contains(value)) {
        refuse("pin-unreadable", name,
               fmt::format("x-pilotpros pins {} to a variable that is no number: it would stand in clear in a file of "
                           "PostgreSQL's, which has no variables",
                           name));
        leave(name, "the pin is no number: see the finding");
        return false;
    }
    return true;
}

Cost Draft::cost_of(const Present& present) const {
    if (!carries_ours(situation_.facts)) {
        return Cost::kRecreate;  // the directory has to be mounted first
    }
    return present.restart ? Cost::kRestart : Cost::kReload;
}

void Draft::want(Wanted wanted) {
    const Present now = present(situation_.facts, wanted.name);
    if (!now.exists || pinned(wanted.name)) {
        return;  // this version does not know it, or add_pins() speaks
    }
    if (now.whose != Whose::kNobody) {
        leave(wanted.name, fmt::format("{} sets it to {}: kept", now.set_by, shown(now)));
        return;
    }
    const std::string value = bounded(now, wanted.name, wanted.value);
    if (value == shown(now) || leads_away(now, wanted.value, value)) {
        if (value != wanted.value) {
            leave(wanted.name, fmt::format("what is there stays: bounded by x-pilotpros; without it {}", wanted.value));
        }
        return;
    }
    Change change;
    change.service = service_;
    change.advisor = "postgres";
    change.key = wanted.name;
    change.target = {Target::Kind::kPostgres, {wanted.name}};
    change.before = shown(now);
    change.after = value;
    change.reason = value == wanted.value ? std::move(wanted.reason)
                                          : fmt::format("bounded by x-pilotpros; without it {}", wanted.value);
    change.rule = std::move(wanted.rule);
    change.source = wanted.source.empty() ? kSource : std::move(wanted.source);
    change.inputs = std::move(wanted.inputs);
    change.recipe = recipe_on(wanted.name);
    change.risk = wanted.risk;
    change.cost = cost_of(now);
    change.joint = std::move(wanted.joint);
    advice.changes.push_back(std::move(change));
}

void Draft::want(Change change) {
    change.service = service_;
    change.advisor = "postgres";
    change.recipe = recipe_on(change.key);
    if (const auto pin = pinned(change.key)) {
        change.after = *pin;
        change.reason = kPinned;
    }
    advice.changes.push_back(std::move(change));
}

void Draft::leave(const std::string& key, std::string why) {
    advice.left_alone.push_back({service_, "postgres", key, std::move(why)});
}

void Draft::find(Finding finding) {
    finding.service = service_;
    advice.findings.push_back(std::move(finding));
}

void Draft::add_pins() {
    for (const auto& [name, value] : wish_.pinned) {
        const Present now = present(situation_.facts, name);
        if (!now.exists) {
            continue;  // another advisor's key
        }
        if (is_durability(name)) {
            leave(name, "it decides over the durability of data: no file of ours sets it, pinned or not");
        } else if (now.whose != Whose::kNobody && now.whose != Whose::kFile) {
            leave(name, fmt::format("pinned by x-pilotpros, but {} wins", now.set_by));
        } else if (may_be_written(name, value)) {
            Change change;
            change.service = service_;
            change.advisor = "postgres";
            change.key = name;
            change.target = {Target::Kind::kPostgres, {name}};
            change.before = shown(now);
            change.after = value;
            change.reason = kPinned;
            change.rule = kPinned;
            change.source = kWishSource;
            change.recipe = recipe_on(name);
            change.cost = cost_of(now);
            advice.changes.push_back(std::move(change));
        }
    }
}

std::vector<const Change*> Draft::settings() const {
    std::vector<const Change*> result;
    for (const Change& change : advice.changes) {
        if (change.target.kind == Target::Kind::kPostgres && !change.carrier) {
            result.push_back(&change);
        }
    }
    return result;
}

void Draft::drop_settings(const std::string& joint, const std::string& why) {
    const auto goes = [&](const Change& change) {
        return change.target.kind == Target::Kind::kPostgres && (joint.empty() || change.joint == joint);
    };
    for (const Change& change : advice.changes) {
        if (goes(change)) {
            leave(change.key, fmt::format("{} instead of {} would be advised, but {}", change.after.get<std::string>(),
                                          change.before.get<std::string>(), why));
        }
    }
    std::erase_if(advice.changes, goes);
}

std::string recipe_on(const std::string& key) {
    const auto unread = [](const char* value) {
        return fmt::format("{}, in a file that it mounts and never names as config_file: nobody reads it", value);
    };
    static const std::map<std::string, std::string> kLines{
        {"shared_buffers",
         "1GB whatever the limit: twice as much as a limit of 512 MiB, and never touched by 40 MiB of data"},
        {"effective_cache_size", "4GB within a limit of 2 GB: the planner counts on cache that cannot be there"},
        {"work_mem",
         "16MB without counting connections: 100 sorts are 1.6 GB of a limit of 2 GB that holds 1 GB of buffers"},
        {"maintenance_work_mem", "512MB for each of three autovacuum workers, too"},
        {"max_connections", "100, which is the default"},
        {"random_page_cost", "1.1, for any disk and any size of data"},
        {"max_wal_size", "2GB without a look at the WAL rate or the disk"},
        {"max_parallel_workers", "8 on two CPUs"},
        {"max_parallel_workers_per_gather", "2, which is the default"},
        {"max_parallel_maintenance_workers", "2, which is the default"},
        {"seq_page_cost", "1, which is the default"},
        {"effective_io_concurrency", "200, for any disk"},
        {"checkpoint_completion_target", "0.9, which is the default from 14 on"},
        {"wal_buffers", "16MB, which is what the server takes by itself beside its shared_buffers"},
        {"default_statistics_target", "100, which is the default"},
        {"min_wal_size", "512MB, kept on the disk whatever is written"},
        {"superuser_reserved_connections", unread("3, which is the default")},
        {"log_destination", unread("stderr, which is the default")},
        {"log_statement", unread("mod")},
        {"log_min_duration_statement", unread("1000")},
        {"log_checkpoints", unread("on")},
        {"log_connections", unread("on")},
        {"log_disconnections", unread("on")},
        {"log_lock_waits", unread("on")},
        {"shared_preload_libraries", unread("pg_stat_statements")},
        {"track_activity_query_size", unread("2048")},
        {"configuration", "mounts a single file that no config_file names: nobody reads it"},
        {"include", "none: its file would stand in place of the server's own, if it were read"},
        {"shm_size", "nothing: with its work_mem a parallel hash join fails in Docker's 64 MB of /dev/shm"},
        {"command", "replaces the service's command, the user's own flags with it"}};
    const auto line = kLines.find(key);
    return line == kLines.end() ? std::string{} : line->second;
}

}  // namespace pilotpros::apps::postgres
