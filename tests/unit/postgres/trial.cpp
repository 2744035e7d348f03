#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "core/apps/postgres/trial.h"
#include "core/apps/postgres/verify.h"
#include "core/sys/files.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::apps::postgres;
using pilotpros::testing::frame;
using pilotpros::testing::MemoryEngine;

namespace {

constexpr const char* kGood =
    "noise\npilotpros version postgres (PostgreSQL) 17.2 (Debian 17.2-1)\npilotpros takes work_mem\n"
    "pilotpros loads\npilotpros touched 33554432 60000000\npilotpros sorted 38 150000000\npilotpros done\n";

void answer(MemoryEngine& engine, const std::string& output, const char* state) {
    engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
    engine.answer("PUT /containers/t1/archive", 200, "");
    engine.answer("POST /containers/t1/start", 204, "");
    engine.answer("POST /containers/t1/wait", 200, R"({"StatusCode":0})");
    engine.answer("GET /containers/t1/json", 200, std::string(R"({"State":)") + state + "}");
    engine.answer("GET /containers/t1/logs", 200, frame(1, output));
    engine.answer("DELETE /containers/t1", 204, "");
}

TrialRequest request() {
    TrialRequest result;
    result.image = "sha256:aa";
    result.user = "postgres";
    result.own_path = "/data/pg/postgresql.conf";
    result.memory = 1 << 29;
    result.shm_size = 1 << 26;
    return result;
}

}  // namespace

TEST_CASE("postgres trial: what the server said is read", "[postgres]") {
    const TrialOutcome good = read_trial(kGood);
    CHECK(good.version == "17.2");
    CHECK(good.survived);
    CHECK(good.loads);
    CHECK(good.sorts == 38);
    CHECK(good.peak == 150000000);
    const TrialOutcome bad = read_trial("pilotpros refuses nosuch unrecognized parameter\npilotpros notwhole FATAL\n");
    CHECK(bad.refused.front().first == "nosuch");
    CHECK_FALSE(bad.survived);
    CHECK_FALSE(read_trial("pilotpros touched 1 2\n").survived);
    CHECK_FALSE(read_trial("pilotpros fallen buffers, 1 killed for memory\npilotpros done\n").survived);
    CHECK_FALSE(read_trial("pilotpros missing psql\n").not_asked.empty());
}

TEST_CASE("postgres trial: it runs under the limit, with the files put in, and its answer is kept", "[postgres]") {
    MemoryEngine engine;
    answer(engine, kGood, R"({"Running":false,"ExitCode":0,"OOMKilled":false})");
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    CHECK(run_trial(engine, answers, request()).survived);
    const auto body = nlohmann::json::parse(engine.asked.front().body);
    CHECK(body["HostConfig"]["Memory"] == 1 << 29);
    CHECK(body["HostConfig"]["ShmSize"] == 1 << 26);
    CHECK(body["HostConfig"]["NetworkMode"] == "none");
    CHECK(body["User"] == "postgres");
    CHECK(engine.was_asked("PUT /containers/t1/archive"));
    const std::size_t asked = engine.asked.size();
    CHECK(run_trial(engine, answers, request()).sorts == 38);
    CHECK(engine.asked.size() == asked);
    TrialRequest other = request();
    other.memory /= 2;
    run_trial(engine, answers, other);
    CHECK(engine.asked.size() > asked);
}

TEST_CASE("postgres trial: a kill that only the engine saw is no success, and a break-off is no verdict",
          "[postgres]") {
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    MemoryEngine killed;
    answer(killed, kGood, R"({"Running":false,"ExitCode":0,"OOMKilled":true})");
    const TrialOutcome outcome = run_trial(killed, answers, request());
    CHECK_FALSE(outcome.survived);
    CHECK_FALSE(outcome.fell.empty());
    MemoryEngine broken;
    answer(broken, "pilotpros loads\n", R"({"Running":false,"ExitCode":1,"OOMKilled":false})");
    CHECK_FALSE(run_trial(broken, answers, request()).not_asked.empty());
    SECTION("what could not be asked is asked again: the disk may have been full") {
        MemoryEngine full;
        answer(full, "pilotpros version postgres (PostgreSQL) 17.2\npilotpros unable initdb: No space left on device\n",
               R"({"Running":false,"ExitCode":0,"OOMKilled":false})");
        CHECK(run_trial(full, answers, request()).not_asked.find("No space left") != std::string::npos);
        MemoryEngine room;
        answer(room, kGood, R"({"Running":false,"ExitCode":0,"OOMKilled":false})");
        CHECK(run_trial(room, answers, request()).survived);
    }
}

TEST_CASE("postgres trial: the stand-in holds the user's numbers and none of their texts", "[postgres]") {
    Facts facts;
    facts.settings = {
        {"max_connections", "300", "", "configuration file", "/x.conf", "postmaster", "integer", "100", "300"},
        {"work_mem", "8192", "kB", "configuration file", "/etc/pilotpros/postgres/pilotpros.conf", "user", "integer",
         "4096", "8192"},
        {"archive_command", "", "", "configuration file", "/x.conf", "sighup", "string", "", "", false, true},
        {"ssl", "on", "", "configuration file", "/x.conf", "sighup", "bool", "off", "on"}};
    const std::string text = stand_in(facts);
    CHECK(text.find("max_connections = '300'\n") != std::string::npos);
    CHECK(text.find("work_mem") == std::string::npos);
    CHECK(text.find("archive_command") == std::string::npos);
    CHECK(text.find("ssl") == std::string::npos);
    SECTION("and what is ours stands by itself") { CHECK(ours_in_force(facts) == "work_mem = '8192'\n"); }
}
