#include <catch2/catch.hpp>

#include "core/apps/asking.h"
#include "core/apps/postgres/module.h"
#include "core/apps/postgres/questions.h"
#include "core/apps/postgres/watch.h"
#include "tests/unit/apps/asked_container.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::apps;
using pilotpros::testing::answer_exec;
using pilotpros::testing::AskedContainer;

namespace {

// Lines of a real PostgreSQL 17.12, shortened; primary_conninfo and archive_command filled with what must not be seen.
constexpr const char* kSaid =
    R"said(settings|[{"name" : "archive_command", "value" : "curl -u me:hunter2 x", "unit" : null, "source" : "configuration file", "source_file" : "/var/lib/postgresql/data/postgresql.conf", "context" : "sighup", "type" : "string", "boot_value" : "", "reset_value" : "curl -u me:hunter2 x", "pending_restart" : false}, {"name" : "myapp.token", "value" : "hunter2", "unit" : null, "source" : "command line", "source_file" : null, "context" : "user", "type" : "string", "boot_value" : null, "reset_value" : "hunter2", "pending_restart" : false}, {"name" : "data_directory", "value" : "/var/lib/postgresql/data/sub", "unit" : null, "source" : "override", "source_file" : null, "context" : "postmaster", "type" : "string", "boot_value" : null, "reset_value" : "x", "pending_restart" : false}, {"name" : "max_connections", "value" : "60", "unit" : null, "source" : "command line", "source_file" : null, "context" : "postmaster", "type" : "integer", "boot_value" : "100", "reset_value" : "60", "pending_restart" : false}, {"name" : "shared_buffers", "value" : "12288", "unit" : "8kB", "source" : "command line", "source_file" : null, "context" : "postmaster", "type" : "integer", "boot_value" : "16384", "reset_value" : "12288", "pending_restart" : true}]
server|{"version_number" : 170012, "version" : "17.12 (Debian 17.12-0+deb13u1)", "superuser" : true, "standby" : false, "at" : 1795448856.465415, "started" : 1795446676.878685}
wal_position|{"bytes" : 34263072}
statistics|{"commits" : 1396, "rollbacks" : 0, "blocks_read" : 987, "blocks_hit" : 274566, "temp_files" : 2, "temp_bytes" : 8192, "deadlocks" : 0, "sessions" : 6}
checkpoints|{"timed" : 7, "requested" : 1, "write_ms" : 120473}
wal|{"bytes" : 17340320, "full_page_images" : 2705}
databases|{"count" : 3, "sizes" : [7763635, 10679987, null]}
connections|{ "active" : 1, "idle" : 4 }
extensions|["pg_stat_statements", "plpgsql"]
statements|{"ms" : 91234.5, "jit_ms" : 812.25}
tables|{"count" : 12, "live" : 250000, "dead" : 17}
largest_tables|[100, 300, 200]
slots|{"count" : 0, "inactive" : 0}
)said";

struct Ask : AskedContainer {
    Ask() : AskedContainer("database") {
        container.mounts.push_back({"volume", "vol", "", "/var/lib/postgresql/data", true, true});
    }
    Answers operator()() { return module_of("postgres")->ask(asking); }
};

}  // namespace

TEST_CASE("postgres: what a real server said is read whole", "[apps]") {
    Ask ask;
    answer_exec(ask.engine, "c", kSaid, 0);
    const Answers answers = ask();
    CHECK(answers.gaps.empty());
    const auto facts = answers.facts.get<postgres::Facts>();
    CHECK(facts.version == "17.12");
    CHECK(facts.version_number == 170012);
    CHECK(facts.data_lies_on == "anonymous volume");
    CHECK(facts.max_connections == 60);
    CHECK(facts.setting("shared_buffers")->pending_restart);
    CHECK(facts.setting("shared_buffers")->source == "command line");
    CHECK(postgres::bytes_of(*facts.setting("shared_buffers")) == 96 << 20);
    CHECK(facts.database_sizes == std::vector<Bytes>{10679987, 7763635});
    CHECK(facts.largest_tables == std::vector<Bytes>{300, 200, 100});
    CHECK(facts.connections_now == 5);
    CHECK(facts.statements_created);
    CHECK(facts.statements_ms == Approx(91234.5));
    CHECK(facts.jit_ms == Approx(812.25));
    CHECK(facts.reading.checkpoints_requested == 1);
    CHECK(facts.reading.wal_position == 34263072);
    CHECK_FALSE(describe({"postgres", 1, {}, answers.facts}).empty());
}

TEST_CASE("postgres: texts that may hold a secret are hidden, numbers and harmless texts are not", "[apps]") {
    Ask ask;
    answer_exec(ask.engine, "c", kSaid, 0);
    const Answers answers = ask();
    const auto facts = answers.facts.get<postgres::Facts>();
    CHECK(answers.facts.dump().find("hunter2") == std::string::npos);
    REQUIRE(facts.setting("archive_command") != nullptr);
    CHECK(facts.setting("archive_command")->hidden);
    CHECK(facts.setting("archive_command")->changed);
    CHECK(facts.setting("myapp.token")->hidden);
    CHECK(facts.setting("data_directory")->value == "/var/lib/postgresql/data/sub");
    CHECK_FALSE(postgres::is_public_setting("primary_conninfo", "string"));
    CHECK_FALSE(postgres::is_public_setting("ssl_passphrase_command", "string"));
    CHECK(postgres::is_public_setting("work_mem", "integer"));
}

TEST_CASE("postgres: no password and nothing of the environment is on the command line", "[apps]") {
    Ask ask;
    ask.container.environment = {{"POSTGRES_PASSWORD", Secret{"hunter2"}}, {"POSTGRES_USER", Secret{"somebody"}}};
    answer_exec(ask.engine, "c", kSaid, 0);
    ask();
    for (const Request& request : ask.engine.asked) {
        CHECK(request.body.find("hunter2") == std::string::npos);
        CHECK(request.body.find("somebody") == std::string::npos);
    }
}

TEST_CASE("postgres: each way of not answering is a gap with its reason", "[apps]") {
    const auto why = [](int exit_code, const std::string& output, const std::string& error) {
        Ask ask;
        answer_exec(ask.engine, "c", output, exit_code, error);
        const Answers answers = ask();
        CHECK(answers.facts.empty());
        REQUIRE(answers.gaps.size() == 1);
        CHECK(answers.gaps.front().subject == "database");
        CHECK(answers.gaps.front().why.find("hunter2") == std::string::npos);
        return answers.gaps.front().why;
    };
    CHECK(why(2, "", "psql: error: FATAL:  password authentication failed for user \"hunter2\"")
              .find("another password") != std::string::npos);
    CHECK(why(2, "", "psql: error: FATAL:  Peer authentication failed for user \"hunter2\"").find("peer") !=
          std::string::npos);
    CHECK(why(2, "", "FATAL:  sorry, too many clients already").find("no connection left") != std::string::npos);
    CHECK(why(2, "", "hunter2").find("refused") != std::string::npos);
    CHECK(why(0, "hunter2 nonsense\n{{{", "").find("could not be read") != std::string::npos);
    CHECK(why(137, "", "").find("killed") != std::string::npos);
    CHECK(why(127, "", "sh: 1: psql: not found").find("psql") != std::string::npos);

    Ask stopped;
    stopped.container.status = "exited";
    CHECK(stopped().gaps.front().why == "the container is exited, not running");
    CHECK(stopped.engine.asked.empty());
    Ask gone;
    CHECK(gone().gaps.front().why.find("gone") != std::string::npos);
}

TEST_CASE("postgres: half an answer keeps its half and names the rest", "[apps]") {
    Ask ask;
    const std::string said = kSaid;
    answer_exec(ask.engine, "c", said.substr(0, said.find("checkpoints|") + 20), 137);
    const Answers answers = ask();
    CHECK(answers.facts.get<postgres::Facts>().version_number == 170012);
    CHECK(answers.gaps.size() >= 4);
    for (const Gap& one : answers.gaps) {
        CHECK(one.why == "it was killed half way");
    }
}

TEST_CASE("postgres: answers of other shapes never throw", "[apps]") {
    for (const char* said : {"settings|7\nserver|[]", "settings|[1,\"x\",{}]\nserver|{\"version\":7}",
                             "server|{\"at\":\"x\"}\nconnections|{\"a\":\"b\"}", "extensions|{\"a\":1}\ntables|null",
                             "|||\n|1\nserver|"}) {
        Ask ask;
        answer_exec(ask.engine, "c", said, 0);
        CHECK_NOTHROW(ask());
    }
}

TEST_CASE("postgres: two readings give rates, a restart or reset gives none", "[apps]") {
    postgres::Reading earlier;
    earlier.at = 1000;
    earlier.started = 10;
    earlier.wal_position = 5'000'000;
    earlier.checkpoints_timed = 3;
    earlier.temp_bytes = 100;
    postgres::Reading later = earlier;
    later.at = 1010;
    later.wal_position = 25'000'000;
    later.checkpoints_timed = 4;
    later.temp_bytes = 8292;
    earlier.wal_bytes = 1'000'000;
    earlier.wal_full_page_images = 1000;  // of before
    later.wal_bytes = 1'000'000 + 10 * 8192;
    later.wal_full_page_images = 1004;
    const auto rates = postgres::rates(earlier, later);
    REQUIRE(rates);
    CHECK(rates->wal_bytes_per_second == Approx(2'000'000));
    CHECK(rates->checkpoints_timed == 1);
    CHECK(rates->wal_image_share == Approx(0.4));
    CHECK(rates->temp_bytes == 8192);
    CHECK(rates->deadlocks == -1);
    later.temp_bytes = 0;
    CHECK_FALSE(postgres::rates(earlier, later));
    later.temp_bytes = 8292;
    later.started = 1005;
    CHECK_FALSE(postgres::rates(earlier, later));
    CHECK_FALSE(postgres::rates(earlier, earlier));
}

TEST_CASE("postgres: connections are counted line by line, and what is no count is passed over", "[apps]") {
    using Looks = std::vector<postgres::ConnectionLook>;
    CHECK(postgres::read_looks("12|3|90|10.5\n7|0|91|11.5\n") == Looks{{12, 3, 90, 10.5}, {7, 0, 91, 11.5}});
    CHECK(postgres::read_looks("ERROR: x\n-3|1|1|1\n3|-1|1|1\n3|1|-1|1\n|\n4|\n4\n4|1\n4|1|2\n4|1|2|3|4\n4|1|2|x\n\n"
                               "5|5|5|5\n6|") == Looks{{5, 5, 5, 5}});
    CHECK(postgres::read_looks("").empty());
    CHECK(postgres::connection_sampler(0).back() == "1");
    CHECK(postgres::connection_sampler(1'000'000).back() == "86400");
}

TEST_CASE("postgres: what was seen while it was measured outlives one look", "[apps]") {
    std::string written;
    for (int look = 0; look < 30; ++look) {
        written += look % 10 == 0 ? "40|9|1|1\n" : "12|2|1|1\n";
    }
    const postgres::Watched blips = postgres::summarise(written, {}, {});
    CHECK(blips.connections_max == 40);
    CHECK(blips.connection_samples == 30);
    CHECK(blips.active_often == 2);
    CHECK(postgres::summarise(written + "12|8|1|1\n", {}, {}).active_often == 8);
    CHECK(postgres::summarise("", {}, {}).active_often == -1);
    CHECK(nlohmann::json(blips).get<postgres::Watched>().active_often == 2);
    SECTION("and the transactions are those of others: each look is one of ours") {
        postgres::Reading first;
        first.at = 100;
        postgres::Reading last = first;
        last.at = 111;
        const auto per_second = [&](const std::string& looks) {
            return postgres::summarise(looks, first, last).rates->transactions_per_second;
        };
        CHECK(per_second("1|0|50|100\n1|0|51|101\n1|0|60|110\n") == Approx(0.8));
        CHECK(per_second("1|0|50|100\n1|0|51|101\n1|0|52|102\n") == 0);
        CHECK(per_second("1|0|50|100\n1|0|3|101\n") == -1);
        CHECK(per_second("1|0|50|100\n") == -1);
        CHECK(per_second("") == -1);
    }
}
