#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/apps/postgres/advise.h"
#include "core/apps/postgres/command_line.h"
#include "core/apps/postgres/demand.h"
#include "core/apps/postgres/draft.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"

using namespace pilotpros;
using namespace pilotpros::apps::postgres;

namespace {

constexpr Bytes kGiB = Bytes{1} << 30U;

/// A server of the official image, as it says itself, in a service with a share of the machine.
struct Server {
    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written, advised;
    ServiceObservation service;
    Facts facts;
    Watched watched;

    explicit Server(Bytes limit = 2 * kGiB, double cpus = 2) {
        budget.cpus = 4;
        budget.total = 16 * kGiB;
        budget.shares["base"] = {limit, true, cpus, "measured"};
        project.services["base"].name = "base";
        project.services["base"].resolved = {{"command", nullptr}, {"entrypoint", nullptr}};
        service.service = "base";
        service.image_id = "sha256:aa";
        Image image;
        image.command = {Secret{"postgres"}};
        observation.images["sha256:aa"] = image;
        Container container;
        container.id = "c";
        container.environment["PGDATA"] = Secret{"/data/pg"};
        container.mounts.push_back({"volume", "named", "", "/data/pg", true, false});
        service.containers.push_back(container);
        facts.version_number = 170002;
        facts.version = "17.2";
        facts.data_directory = "/data/pg";
        facts.database_sizes = {40 * kMiB};
        facts.tables = 20;
        facts.largest_tables = {20 * kMiB};
        facts.statements_preloaded = false;
        const auto row = [&](const char* name, const char* value, const char* unit, const char* type,
                             const char* context = "user") {
            facts.settings.push_back({name, value, unit, "default", "", context, type, value, value});
        };
        row("max_connections", "100", "", "integer", "postmaster");
        row("shared_buffers", "16384", "8kB", "integer", "postmaster");
        row("work_mem", "4096", "kB", "integer");
        row("hash_mem_multiplier", "2", "", "real");
        row("maintenance_work_mem", "65536", "kB", "integer");
        row("autovacuum_work_mem", "-1", "kB", "integer", "sighup");
        row("autovacuum_max_workers", "3", "", "integer", "postmaster");
        row("effective_cache_size", "524288", "8kB", "integer");
        row("max_wal_size", "1024", "MB", "integer", "sighup");
        row("checkpoint_timeout", "300", "s", "integer", "sighup");
        row("checkpoint_completion_target", "0.9", "", "real", "sighup");
        row("random_page_cost", "4", "", "real");
        row("max_parallel_workers", "8", "", "integer");
        row("max_parallel_workers_per_gather", "2", "", "integer");
        row("max_parallel_maintenance_workers", "2", "", "integer");
        row("wal_compression", "off", "", "enum", "superuser");
        row("fsync", "on", "", "bool", "sighup");
        row("jit", "on", "", "bool");
        row("log_temp_files", "-1", "kB", "integer", "superuser");
        row("config_file", "/data/pg/postgresql.conf", "", "string", "postmaster");
        row("dynamic_shared_memory_type", "posix", "", "enum", "postmaster");
        for (const char* name : {"max_connections", "shared_buffers", "max_wal_size", "dynamic_shared_memory_type"}) {
            setting(name).source = "configuration file";
            setting(name).source_file = "/data/pg/postgresql.conf";
        }
        watched.connections_max = 8;
        watched.connection_samples = 60;
        watched.rates = Rates{};
        watched.rates->seconds = 60;
        watched.rates->wal_bytes_per_second = 1000;
        watched.rates->temp_files = 0;
        watched.rates->temp_bytes = 0;
    }
    Setting& setting(const std::string& name) {
        return *std::find_if(facts.settings.begin(), facts.settings.end(),
                             [&](const Setting& one) { return one.name == name; });
    }
    void set(const std::string& name, const std::string& value, const std::string& source,
             const std::string& file = {}) {
        setting(name).value = value;
        setting(name).source = source;
        setting(name).source_file = file;
    }
    [[nodiscard]] nlohmann::json said() const {
        nlohmann::json json = facts;
        json["watched"] = watched;
        return json;
    }
    [[nodiscard]] Case input() const { return {project, observation, budget, wishes, written, advised, {}}; }
    [[nodiscard]] Advice advice() const { return advise(input(), service, said()); }
    [[nodiscard]] Bytes least() const { return demand(input(), service, said())->least; }
};

const Change* change_of(const Advice& advice, const std::string& key) {
    const auto found = std::find_if(advice.changes.begin(), advice.changes.end(),
                                    [&](const Change& change) { return change.key == key; });
    return found == advice.changes.end() ? nullptr : &*found;
}
std::string value_of(const Advice& advice, const std::string& key) {
    const Change* const change = change_of(advice, key);
    return change == nullptr ? std::string{} : change->after.get<std::string>();
}
std::string left(const Advice& advice, const std::string& key) {
    for (const LeftAlone& one : advice.left_alone) {
        if (one.key == key) {
            return one.why;
        }
    }
    return {};
}
const Finding* finding_of(const Advice& advice, const std::string& id) {
    for (const Finding& one : advice.findings) {
        if (one.id == id) {
            return &one;
        }
    }
    return nullptr;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The set that is in force when the advice is.
MemorySet as_advised(const Server& server, const Advice& advice) {
    const auto share = server.budget.shares.at("base");
    MemorySet set = situation_of(server.input(), server.service, server.said(), &share).now;
    const auto size = [&](const char* key, Part& part) {
        if (const auto value = parse_size(value_of(advice, key))) {
            part.value = *value;
            return true;
        }
        return false;
    };
    size("shared_buffers", set.shared_buffers);
    size("work_mem", set.work_mem);
    size("maintenance_work_mem", set.maintenance_work_mem);
    if (!size("autovacuum_work_mem", set.autovacuum_work_mem) && !set.autovacuum_work_mem.fixed) {
        set.autovacuum_work_mem.value = set.maintenance_work_mem.value;
    }
    if (const std::string value = value_of(advice, "max_parallel_workers_per_gather"); !value.empty()) {
        set.gather = std::stoi(value);
    }
    if (const std::string value = value_of(advice, "max_parallel_workers"); !value.empty()) {
        set.parallel_workers = std::stoi(value);
    }
    return set;
}

}  // namespace

TEST_CASE("postgres: whatever is advised fits into the limit at worst, or it says that nothing does", "[postgres]") {
    int fitted = 0;
    int refused = 0;
    for (Bytes limit = 256 * kMiB; limit <= 8 * kGiB; limit = limit * 5 / 4) {
        for (const char* connections : {"20", "60", "100", "300"}) {
            for (const double cpus : {0.5, 2.0, 16.0}) {
                for (const Bytes data : {Bytes{0}, 40 * kMiB, 700 * kMiB, 90 * kGiB}) {
                    for (const Bytes spill : {Bytes{0}, 3 * kMiB, 20 * kMiB}) {
                        Server server{limit, cpus};
                        server.set("max_connections", connections, "command line");
                        server.facts.database_sizes = {data};
                        server.facts.largest_tables = {data / 2};
                        server.watched.rates->temp_files = spill > 0 ? 4 : 0;
                        server.watched.rates->temp_bytes = 4 * spill;
                        const Advice advice = server.advice();
                        if (finding_of(advice, "postgres-worst-case-over-limit") != nullptr) {
                            ++refused;
                            CHECK(change_of(advice, "shared_buffers") == nullptr);
                            CHECK(change_of(advice, "work_mem") == nullptr);
                            continue;
                        }
                        ++fitted;
                        INFO(limit << " " << connections << " " << cpus << " " << data << " " << spill);
                        REQUIRE(worst_case(as_advised(server, advice)) <= limit);
                        const auto cache = parse_size(value_of(advice, "effective_cache_size"));
                        CHECK(cache.value_or(0) <= limit);
                    }
                }
            }
        }
    }
    CHECK(fitted > 500);
    CHECK(refused > 50);
}

TEST_CASE("postgres: what the present configuration can need at worst is what it says before", "[postgres]") {
    Server server;
    const Bytes usual = server.least();
    CHECK(usual > 900 * kMiB);
    CHECK(usual < 1500 * kMiB);
    server.set("work_mem", "65536", "command line");
    CHECK(server.least() > 6 * kGiB);
    server.facts.settings.clear();
    CHECK_FALSE(demand(server.input(), server.service, server.said()));
}

TEST_CASE("postgres: a small database keeps its buffers, a larger one gets a quarter of the limit", "[postgres]") {
    Server server{8 * kGiB};
    CHECK(change_of(server.advice(), "shared_buffers") == nullptr);
    CHECK(has(left(server.advice(), "shared_buffers"), "stays"));
    server.facts.database_sizes = {90 * kGiB};
    CHECK(value_of(server.advice(), "shared_buffers") == "2048MB");
    server.facts.database_sizes = {600 * kMiB};
    CHECK(value_of(server.advice(), "shared_buffers") == "768MB");
}

TEST_CASE("postgres: maintenance gives way before buffers, buffers before sorts", "[postgres]") {
    const Advice advice = Server{1100 * kMiB}.advice();
    CHECK(change_of(advice, "autovacuum_work_mem") != nullptr);
    CHECK(change_of(advice, "shared_buffers") == nullptr);
    CHECK(change_of(advice, "work_mem") == nullptr);
    const Advice tight = Server{900 * kMiB}.advice();
    CHECK(value_of(tight, "shared_buffers") == "64MB");
    CHECK(parse_size(value_of(tight, "work_mem")).value_or(4 * kMiB) <= 4 * kMiB);
}

TEST_CASE("postgres: work_mem goes up only where statements spilled, and not for what no bound would hold",
          "[postgres]") {
    Server server{4 * kGiB};
    CHECK(change_of(server.advice(), "work_mem") == nullptr);
    server.watched.rates->temp_files = 10;
    server.watched.rates->temp_bytes = 50 * kMiB;
    CHECK(value_of(server.advice(), "work_mem") == "12MB");
    CHECK(value_of(server.advice(), "log_temp_files") == "10MB");
    server.watched.rates->temp_bytes = 10 * kGiB;
    CHECK(change_of(server.advice(), "work_mem") == nullptr);
    CHECK(has(left(server.advice(), "work_mem"), "more than work_mem may safely hold"));
}

TEST_CASE("postgres: what evidence raised stays when the evidence is gone because of it", "[postgres]") {
    Server server{4 * kGiB};
    server.written["base"] = {{"work_mem", "12MB"}, {"max_wal_size", "4096MB"}, {"random_page_cost", "1.1"}};
    const Advice advice = server.advice();
    CHECK(value_of(advice, "work_mem") == "12MB");
    CHECK(value_of(advice, "max_wal_size") == "4096MB");
    SECTION("unless it no longer fits") {
        server.budget.shares["base"].memory = 1200 * kMiB;
        CHECK(change_of(server.advice(), "work_mem") == nullptr);
    }
}

TEST_CASE("postgres: what was only shown cured nothing, so evidence that is gone takes it back", "[postgres]") {
    Server server{4 * kGiB};
    server.advised["base"] = {{"work_mem", "12MB"}, {"max_wal_size", "4096MB"}};
    CHECK(change_of(server.advice(), "work_mem") == nullptr);
    server.written = server.advised;
    CHECK(value_of(server.advice(), "work_mem") == "12MB");
}

TEST_CASE("postgres: a pinned number without a unit is in the setting's own", "[postgres][wishes]") {
    Server server;
    server.wishes["base"].pinned["shared_buffers"] = "1GB";
    const Bytes by_unit = server.least();
    server.wishes["base"].pinned["shared_buffers"] = "131072";  // of 8 kB each
    CHECK(server.least() == by_unit);
    CHECK(value_of(server.advice(), "shared_buffers") == "131072");
    server.wishes["base"].pinned["shared_buffers"] = "128kB";
    CHECK(server.least() < by_unit);
}

TEST_CASE("postgres: a second look at the same load moves no value", "[postgres]") {
    Server server{3 * kGiB};
    server.facts.database_sizes = {600 * kMiB};
    const Advice first = server.advice();
    for (const Change& change : first.changes) {
        if (change.after.is_string()) {
            server.written["base"][change.key] = change.after.get<std::string>();
        }
    }
    server.budget.shares["base"].memory = 3 * kGiB - 128 * kMiB;
    server.facts.database_sizes = {660 * kMiB};
    server.watched.connections_max = 11;
    server.watched.rates->wal_bytes_per_second = 4000;
    const Advice second = server.advice();
    REQUIRE(first.changes.size() == second.changes.size());
    for (const Change& change : first.changes) {
        INFO(change.key);
        REQUIRE(change_of(second, change.key) != nullptr);
        CHECK(change_of(second, change.key)->after == change.after);
        CHECK(change_of(second, change.key)->rule == change.rule);
    }
}

TEST_CASE("postgres: settings of the user stay, wherever they come from", "[postgres]") {
    Server server;
    server.set("random_page_cost", "1.5", "command line");
    server.set("effective_cache_size", "100000", "configuration file", "/data/pg/postgresql.conf");
    server.set("max_parallel_workers", "8", "configuration file", "/data/pg/postgresql.auto.conf");
    server.set("max_parallel_workers_per_gather", "2", "database");
    const Advice advice = server.advice();
    for (const char* key :
         {"random_page_cost", "effective_cache_size", "max_parallel_workers", "max_parallel_workers_per_gather"}) {
        CHECK(change_of(advice, key) == nullptr);
    }
    CHECK(has(left(advice, "random_page_cost"), "command line"));
    CHECK(has(left(advice, "max_parallel_workers"), "ALTER SYSTEM"));
    CHECK(has(left(advice, "max_parallel_workers_per_gather"), "ALTER ROLE"));
}

TEST_CASE("postgres: what initdb writes of itself is nobody's", "[postgres]") {
    Server server;
    CHECK(present(server.facts, "shared_buffers").whose == Whose::kNobody);
    server.set("shared_buffers", "8192", "configuration file", "/data/pg/postgresql.conf");
    CHECK(present(server.facts, "shared_buffers").whose == Whose::kFile);
}

TEST_CASE("postgres: our own values in a running server are never taken for the user's", "[postgres]") {
    Server server;
    const std::string ours = std::string{kPostgresDirectory} + "/pilotpros.conf";
    server.set("shared_buffers", "65536", "configuration file", ours);
    server.set("random_page_cost", "1.1", "configuration file", ours);
    server.set("config_file", std::string{kPostgresDirectory} + "/postgresql.conf", "override");
    CHECK(shown(present(server.facts, "shared_buffers")) == "128MB");
    CHECK(present(server.facts, "shared_buffers").whose == Whose::kNobody);
    const Advice advice = server.advice();
    CHECK(change_of(advice, "random_page_cost")->before == "4");
    CHECK(value_of(advice, "include") == "/data/pg/postgresql.conf");
    CHECK(change_of(advice, "random_page_cost")->cost == Cost::kReload);
    SECTION("and what they hide is found") {
        server.facts.own_values["shared_buffers"] = "1GB";
        CHECK(shown(present(server.facts, "shared_buffers")) == "1024MB");
        CHECK(present(server.facts, "shared_buffers").whose == Whose::kFile);
    }
}

TEST_CASE("postgres: pins are written as they are, bounds hold, durability is not for sale", "[postgres]") {
    Server server;
    server.wishes["base"].pinned = {{"work_mem", "7MB"}, {"fsync", "off"}, {"memory", "1g"}};
    server.wishes["base"].least["effective_cache_size"] = "2GB";
    const Advice advice = server.advice();
    CHECK(value_of(advice, "work_mem") == "7MB");
    CHECK(change_of(advice, "work_mem")->reason == "pinned by x-pilotpros");
    CHECK(change_of(advice, "fsync") == nullptr);
    CHECK(has(left(advice, "fsync"), "durability"));
    CHECK(change_of(advice, "memory") == nullptr);
    CHECK(value_of(advice, "effective_cache_size") == "2GB");
    server.wishes["base"].excluded = {"postgres"};
    CHECK(server.advice().changes.empty());
}

TEST_CASE("postgres: bounds of settings compare by the setting's unit", "[postgres][wishes]") {
    Server server;
    server.watched.rates->wal_bytes_per_second = 2e6;
    CHECK(value_of(server.advice(), "max_wal_size") == "1536MB");
    auto& most = server.wishes["base"].most;
    SECTION("a larger unit with a smaller number is more") {
        most["max_wal_size"] = "2GB";
        CHECK(value_of(server.advice(), "max_wal_size") == "1536MB");
        most["max_wal_size"] = "1200000kB";
        CHECK(value_of(server.advice(), "max_wal_size") == "1200000kB");
        CHECK(change_of(server.advice(), "max_wal_size")->reason == "bounded by x-pilotpros; without it 1536MB");
    }
    SECTION("a bare number is in the server's own unit") {
        most["max_wal_size"] = "1280";
        CHECK(value_of(server.advice(), "max_wal_size") == "1280");
        most["max_wal_size"] = "1600";
        CHECK(value_of(server.advice(), "max_wal_size") == "1536MB");
    }
    SECTION("what would lead the other way leaves what is there") {
        for (const char* bound : {"512MB", "1GB"}) {
            most["max_wal_size"] = bound;
            CHECK(change_of(server.advice(), "max_wal_size") == nullptr);
            CHECK(has(left(server.advice(), "max_wal_size"), "bounded by x-pilotpros; without it 1536MB"));
        }
    }
    SECTION("one that PostgreSQL would not read is told once, and not used") {
        for (const char* bound : {"lots", "2g", "5min"}) {
            most["max_wal_size"] = bound;
            const Advice advice = server.advice();
            CHECK(value_of(advice, "max_wal_size") == "1536MB");
            CHECK(std::count_if(advice.findings.begin(), advice.findings.end(), [](const Finding& finding) {
                      return finding.id == "bound-unreadable" && has(finding.what, "max_wal_size");
                  }) == 1);
        }
    }
}

TEST_CASE("postgres: a pin by a variable is written as its value, if that can be no secret", "[postgres][wishes]") {
    Server server;
    server.wishes["base"].as_written["work_mem"] = "${WORK_MEM}";
    for (const char* value : {"7MB", "7168", "-1", "on"}) {
        server.wishes["base"].pinned["work_mem"] = value;
        CHECK(value_of(server.advice(), "work_mem") == value);
    }
    for (const char* value : {"", "${WORK_MEM}", "s3cret", "host=a password=b", "7 MB; x", "12ab34"}) {
        server.wishes["base"].pinned["work_mem"] = value;
        const Advice advice = server.advice();
        CAPTURE(value);
        CHECK(change_of(advice, "work_mem") == nullptr);
        CHECK(std::any_of(advice.findings.begin(), advice.findings.end(),
                          [](const Finding& finding) { return finding.id == "pin-unreadable"; }));
        CHECK(std::none_of(advice.findings.begin(), advice.findings.end(),
                           [](const Finding& finding) { return has(finding.what, "s3cret"); }));
    }
    SECTION("and one that is no variable is the user's own text") {
        server.wishes["base"].as_written.clear();
        server.wishes["base"].pinned["work_mem"] = "s3cret";
        CHECK(value_of(server.advice(), "work_mem") == "s3cret");
    }
}

TEST_CASE("postgres: names that the version does not have are not written", "[postgres]") {
    Server server;
    server.facts.settings.erase(server.facts.settings.begin() +
                                (&server.setting("max_parallel_maintenance_workers") - server.facts.settings.data()));
    CHECK(change_of(server.advice(), "max_parallel_maintenance_workers") == nullptr);
    CHECK(value_of(server.advice(), "max_parallel_workers") == "2");
}

TEST_CASE("postgres: statements at the same time are what was seen while it was measured, not at one moment",
          "[postgres]") {
    Server server;
    const auto active = [&] {
        const Share& share = server.budget.shares.at("base");
        return situation_of(server.input(), server.service, server.said(), &share).now.active;
    };
    const int of_cpus = active();
    server.facts.connections["active"] = 40;
    CHECK(active() == of_cpus);
    server.watched.active_often = 2 * of_cpus;
    CHECK(active() == of_cpus);
    server.watched.active_often = 37;
    CHECK(active() == 40);
}

TEST_CASE("postgres: max_connections follows need upwards, and is never lowered", "[postgres]") {
    Server server{8 * kGiB};
    CHECK(has(left(server.advice(), "max_connections"), "how many come at other times is not known"));
    server.watched.connections_max = 95;
    CHECK(value_of(server.advice(), "max_connections") == "125");
    server.watched.connections_max = 8;
    server.watched.connection_samples = 7 * 86'400;
    CHECK(change_of(server.advice(), "max_connections") == nullptr);
}

TEST_CASE("postgres: what only an earlier profile asked for states no evidence of this one", "[postgres]") {
    Server server{8 * kGiB};
    server.facts.database_sizes.clear();
    const auto row = [&](const char* name, const char* value, const char* type) {
        server.facts.settings.push_back({name, value, "", "default", "", "sighup", type, value, value});
    };
    row("log_lock_waits", "off", "bool");
    row("autovacuum_vacuum_scale_factor", "0.2", "real");
    const std::map<std::string, std::string> before{{"shared_buffers", "192MB"},
                                                    {"work_mem", "8MB"},
                                                    {"maintenance_work_mem", "96MB"},
                                                    {"max_connections", "125"},
                                                    {"checkpoint_timeout", "900s"},
                                                    {"max_wal_size", "2048MB"},
                                                    {"wal_compression", "lz4"},
                                                    {"jit", "off"},
                                                    {"log_lock_waits", "on"},
                                                    {"log_temp_files", "10MB"},
                                                    {"autovacuum_vacuum_scale_factor", "0.1"}};
    server.written["base"] = before;
    const Advice advice = server.advice();
    for (const auto& [name, value] : before) {
        INFO(name);
        const Change* const change = change_of(advice, name);
        REQUIRE(change != nullptr);
        CHECK(change->after == value);
        CHECK(has(change->reason, "as an earlier profile asked; this one says nothing against it"));
        for (const char* const claim : {"0 B", "deadlocks", "spilled", "0 dead"}) {
            CHECK_FALSE(has(change->reason, claim));
        }
    }
}

TEST_CASE("postgres: a random page's cost stays for a reason that is so", "[postgres]") {
    Server server;  // 1.5 GiB of cache
    const auto why = [&] { return left(server.advice(), "random_page_cost"); };
    SECTION("data beyond the cache") {
        server.facts.database_sizes = {2 * kGiB};
        CHECK(has(why(), "2.00 GiB of data do not fit into 1.50 GiB of cache"));
    }
    SECTION("data that fit, but could not grow") {
        server.facts.database_sizes = {1200 * kMiB};
        CHECK(has(why(), "of data fit into 1.50 GiB of cache, but half as much again would not"));
    }
    SECTION("memory that is not known") {
        server.budget.shares.clear();
        CHECK(has(why(), "the memory that it may use is not known"));
    }
    SECTION("it is there already") {
        server.setting("random_page_cost").value = "1.1";
        CHECK(has(why(), "1.1 stays: 40.0 MiB of data fit into"));
    }
}

TEST_CASE("postgres: without a memory limit none is spoken of", "[postgres]") {
    Server server{0};
    server.budget.reserved = kGiB;
    const auto words = [&] {
        const Advice advice = server.advice();
        std::string all;
        for (const Change& change : advice.changes) {
            if (change.target.kind == Target::Kind::kPostgres && !change.carrier) {
                all += change.reason + "\n" + change.rule + "\n";
            }
        }
        for (const LeftAlone& one : advice.left_alone) {
            all += one.key == "effective_cache_size" ? one.why + "\n" : "";
        }
        const Finding* const worst = finding_of(advice, "postgres-worst-case-over-limit");
        return worst == nullptr ? all : all + worst->what;
    };
    CHECK(has(words(), "half of what the machine has free is 7.50 GiB"));
    CHECK_FALSE((has(words(), "the limit") || has(words(), "memory limit")));
    SECTION("nor where the value is near") {
        server.setting("effective_cache_size").value = "720896";  // 5.5 GiB
        CHECK(has(words(), "three quarters of half of what the machine has free"));
        CHECK_FALSE((has(words(), "the limit") || has(words(), "memory limit")));
    }
    SECTION("nor where no sizes fit") {
        server.setting("max_connections").value = "9000";
        CHECK(has(words(), "half of what the machine has free is"));
        CHECK_FALSE((has(words(), "the limit") || has(words(), "memory limit")));
    }
    SECTION("a limit is one") {
        server.budget.shares["base"].memory = kGiB;
        CHECK(has(words(), "the limit is 1.00 GiB"));
    }
}

TEST_CASE("postgres: WAL gets the room that the measured rate fills, never without measuring", "[postgres]") {
    Server server;
    CHECK(change_of(server.advice(), "max_wal_size") == nullptr);
    server.watched.rates->wal_bytes_per_second = 2e6;
    CHECK(value_of(server.advice(), "max_wal_size") == "1536MB");
    server.watched.rates->seconds = 5;
    CHECK(change_of(server.advice(), "max_wal_size") == nullptr);
    CHECK(has(left(server.advice(), "max_wal_size"), "insufficient evidence"));
}

TEST_CASE("postgres: full page images are compressed where they are most of a lively WAL", "[postgres]") {
    Server server;
    server.watched.rates->wal_bytes_per_second = 3e6;
    server.facts.reading.wal_bytes = 100 * kMiB;
    server.facts.reading.wal_full_page_images = 100 * kMiB / 8192 * 6 / 10;
    server.watched.rates->wal_image_share = 0.7;
    const auto advised = [&] { return value_of(server.advice(), "wal_compression"); };
    CHECK(advised() == "lz4");
    CHECK(has(change_of(server.advice(), "wal_compression")->reason, "60 % of 2.86 MiB/s"));
    SECTION("as the version knows it") {
        server.facts.version_number = 140010;
        CHECK(advised() == "on");
    }
    SECTION("not where they were few while it was measured, or before") {
        server.watched.rates->wal_image_share = 0.4;
        CHECK(advised().empty());
        server.watched.rates->wal_image_share = -1;  // nobody counted them
        CHECK(advised().empty());
    }
    SECTION("not a WAL of few images, not a quiet one, not the user's own choice") {
        server.facts.reading.wal_full_page_images /= 2;
        CHECK(advised().empty());
        server.facts.reading.wal_full_page_images *= 2;
        server.watched.rates->wal_bytes_per_second = 3e5;
        CHECK(advised().empty());
        server.watched.rates->wal_bytes_per_second = 3e6;
        server.set("wal_compression", "pglz", "command line");
        CHECK(advised().empty());
    }
    SECTION("and stays when compression has made them few, or nothing was measured") {
        server.written["base"]["wal_compression"] = "lz4";
        server.facts.reading.wal_full_page_images = 0;
        CHECK(advised() == "lz4");
        server.watched.rates.reset();
        CHECK(advised() == "lz4");
    }
}

TEST_CASE("postgres: jit goes off where compiling is seen to take too much, and is no topic where nobody knows",
          "[postgres]") {
    Server server;
    CHECK(change_of(server.advice(), "jit") == nullptr);
    CHECK(left(server.advice(), "jit").empty());
    server.facts.statements_ms = 120'000;
    server.facts.jit_ms = 9'000;
    CHECK(value_of(server.advice(), "jit") == "off");
    CHECK(has(change_of(server.advice(), "jit")->reason, "7.5 %"));
    SECTION("not where it takes little") {
        server.facts.jit_ms = 1'200;
        CHECK(change_of(server.advice(), "jit") == nullptr);
        CHECK(has(left(server.advice(), "jit"), "1.0 %"));
    }
    SECTION("not after a few statements") {
        server.facts.statements_ms = 1'000;
        server.facts.jit_ms = 900;
        CHECK(change_of(server.advice(), "jit") == nullptr);
    }
    SECTION("off, it compiles no more, and stays off") {
        server.written["base"]["jit"] = "off";
        server.facts.jit_ms = 0;
        CHECK(value_of(server.advice(), "jit") == "off");
        server.facts.statements_ms = 0;
        CHECK(value_of(server.advice(), "jit") == "off");
    }
    SECTION("the user's own choice stands") {
        server.set("jit", "on", "command line");
        CHECK(change_of(server.advice(), "jit") == nullptr);
    }
}

TEST_CASE("postgres: the command keeps every flag of the user and names our file last", "[postgres]") {
    Server server;
    auto& resolved = server.project.services["base"].resolved;
    const std::string flag = std::string{"config_file="} + kPostgresDirectory + "/postgresql.conf";
    SECTION("the image's own") {
        const Advice advice = server.advice();
        const Change* const command = change_of(advice, "command");
        CHECK(command->after == nlohmann::json({"postgres", "-c", flag}));
        CHECK(command->before.is_null());
        CHECK(command->carrier);
        CHECK(value_of(server.advice(), "include") == "/data/pg/postgresql.conf");
        CHECK(change_of(server.advice(), "configuration")->after[0] ==
              "./.pilotpros/postgres/base:/etc/pilotpros/postgres:ro");
    }
    SECTION("flags, with ${…} as written") {
        resolved["command"] = {"postgres", "-c", "random_page_cost=1.5", "--max-connections=60"};
        server.project.uninterpolated = {
            {"services", {{"base", {{"command", "postgres -c random_page_cost=${COST:-1.5} --max-connections=60"}}}}}};
        const Advice advice = server.advice();
        const Change* const command = change_of(advice, "command");
        CHECK(command->as_written);
        CHECK(command->after ==
              nlohmann::json({"postgres", "-c", "random_page_cost=${COST:-1.5}", "--max-connections=60", "-c", flag}));
    }
    SECTION("the user's own config_file is what ours includes") {
        resolved["command"] = {"postgres", "-c", "config_file=/etc/postgresql/mine.conf"};
        server.set("config_file", std::string{kPostgresDirectory} + "/postgresql.conf", "override");
        CHECK(value_of(server.advice(), "include") == "/etc/postgresql/mine.conf");
    }
    SECTION("what may hold a secret is not repeated, and the lines are told") {
        resolved["command"] = {"postgres", "-c", "primary_conninfo=host=x password=hunter2"};
        const Advice advice = server.advice();
        CHECK(change_of(advice, "command") == nullptr);
        CHECK(change_of(advice, "effective_cache_size") == nullptr);
        const Finding* const finding = finding_of(advice, "postgres-settings-by-hand");
        REQUIRE(finding != nullptr);
        CHECK(has(finding->fix, "effective_cache_size = "));
        CHECK_FALSE(has(finding->what + left(advice, "command"), "hunter2"));
    }
    SECTION("a shell or an entrypoint of the user's own is left alone") {
        resolved["command"] = {"sh", "-c", "exec postgres"};
        CHECK(change_of(server.advice(), "command") == nullptr);
        resolved["command"] = {"postgres"};
        resolved["entrypoint"] = {"/wrap.sh"};
        CHECK(change_of(server.advice(), "command") == nullptr);
        CHECK(has(left(server.advice(), "command"), "entrypoint"));
    }
}

TEST_CASE("postgres recipe: each key for which it has a line says what that would have done", "[postgres][recipe]") {
    for (const char* key : {"shared_buffers",
                            "effective_cache_size",
                            "work_mem",
                            "maintenance_work_mem",
                            "max_connections",
                            "random_page_cost",
                            "seq_page_cost",
                            "effective_io_concurrency",
                            "checkpoint_completion_target",
                            "wal_buffers",
                            "default_statistics_target",
                            "max_wal_size",
                            "min_wal_size",
                            "max_parallel_workers_per_gather",
                            "max_parallel_workers",
                            "max_parallel_maintenance_workers",
                            "superuser_reserved_connections",
                            "log_destination",
                            "log_statement",
                            "log_min_duration_statement",
                            "log_checkpoints",
                            "log_connections",
                            "log_disconnections",
                            "log_lock_waits",
                            "shared_preload_libraries",
                            "track_activity_query_size",
                            "command",
                            "configuration",
                            "include"}) {
        CAPTURE(key);
        CHECK_FALSE(recipe_on(key).empty());
    }
    for (const char* key : {"jit", "wal_compression", "checkpoint_timeout", "log_temp_files", "autovacuum_work_mem",
                            "stop_grace_period", "restart"}) {
        CAPTURE(key);
        CHECK(recipe_on(key).empty());
    }
    Server server;
    server.wishes["base"].pinned["work_mem"] = "8MB";
    const Advice advice = server.advice();
    REQUIRE(change_of(advice, "include") != nullptr);
    for (const Change& change : advice.changes) {
        CHECK(change.recipe == recipe_on(change.key));
    }
}

TEST_CASE("postgres: without a setting to carry nothing is mounted", "[postgres]") {
    Plan plan;
    plan.changes = Server{}.advice().changes;
    REQUIRE(change_of({plan.changes, {}, {}}, "command") != nullptr);
    for (const Change& change : std::vector<Change>{plan.changes}) {
        if (change.target.kind == Target::Kind::kPostgres && !change.carrier) {
            plan.verdicts.push_back({"base", change.key, Verdict::Outcome::kRefused, "PostgreSQL", "no"});
        }
    }
    drop_refused(plan);
    CHECK(change_of({plan.changes, {}, {}}, "command") == nullptr);
    CHECK(change_of({plan.changes, {}, {}}, "stop_grace_period") != nullptr);
}

TEST_CASE(
    "postgres: /dev/shm holds the parallel statements, and the user's own size is argued with only if it does not",
    "[postgres]") {
    Server server{4 * kGiB, 4};
    CHECK(value_of(server.advice(), "shm_size") == "256m");
    auto& resolved = server.project.services["base"].resolved;
    resolved["shm_size"] = "268435456";
    CHECK(change_of(server.advice(), "shm_size") == nullptr);
    resolved["shm_size"] = "33554432";
    CHECK(value_of(server.advice(), "shm_size") == "256m");
    CHECK(has(change_of(server.advice(), "shm_size")->reason, "as you set it"));
    server.set("max_parallel_workers_per_gather", "0", "command line");
    CHECK(change_of(server.advice(), "shm_size") == nullptr);
    CHECK(value_of(server.advice(), "stop_grace_period") == "60s");
    resolved["stop_grace_period"] = "45s";
    CHECK(change_of(server.advice(), "stop_grace_period") == nullptr);
    server.wishes["base"].pinned["stop_grace_period"] = "70s";
    CHECK(change_of(server.advice(), "stop_grace_period")->before == "45s");
}

TEST_CASE("postgres: data that the next container would not find stops everything else", "[postgres]") {
    Server server;
    server.service.containers.front().mounts = {{"volume", "named", "", "/data", true, false},
                                                {"volume", "", "", "/data/pg", true, true}};
    const Advice advice = server.advice();
    CHECK(advice.changes.empty());
    const Finding* const finding = finding_of(advice, "postgres-data-not-on-a-named-volume");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Finding::Severity::kError);
    CHECK(has(finding->what, "one level above"));
}
