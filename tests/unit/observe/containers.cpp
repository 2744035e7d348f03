#include "core/observe/containers.h"

#include <catch2/catch.hpp>

#include "core/model/error.h"
#include "core/observe/services.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;

TEST_CASE("the writable layer without what every start makes") {
    const std::string answer =
        R"([{"Path":"/var","Kind":0},{"Path":"/var/lib","Kind":0},{"Path":"/var/lib/app","Kind":1},{"Path":"/var/lib/app/data.db","Kind":1},
        {"Path":"/run","Kind":0},{"Path":"/run/x.pid","Kind":1},{"Path":"/tmp/y","Kind":1},{"Path":"/data","Kind":1},{"Path":"/data/z","Kind":1},{"Path":"/etc/old","Kind":2}])";
    const WritableLayer layer = read_changes(answer, {{"volume", "v", "", "/data", true, false}});
    CHECK(layer.added == std::vector<std::string>{"/var/lib/app/data.db"});
    CHECK(layer.changed.empty());
    CHECK(layer.deleted == std::vector<std::string>{"/etc/old"});
    SECTION("nor what Compose puts there, with the directories that it makes for it") {
        const std::string given =
            R"([{"Path":"/cfg","Kind":1},{"Path":"/cfg/app.conf","Kind":1},{"Path":"/cfg/own","Kind":1},{"Path":"/only","Kind":1},{"Path":"/only/a","Kind":1}])";
        CHECK(read_changes(given, {}, {"/cfg/app.conf", "/only/a"}).added == std::vector<std::string>{"/cfg/own"});
        CHECK(read_changes(given, {}, {}).added == std::vector<std::string>{"/cfg/app.conf", "/cfg/own", "/only/a"});
    }
    CHECK(read_changes("null", {}).added.empty());
    CHECK(read_changes("{nonsense", {}).added.empty());
}

TEST_CASE("the processes that top lists") {
    const auto processes = read_top(
        R"({"Titles":["PID","PPID","RSS","COMMAND"],"Processes":[["10","1","2048","node --x server.js"],["11"],["12","10","x",null]]})");
    REQUIRE(processes.size() == 2);
    CHECK(processes[0].pid == 10);
    CHECK(processes[0].resident == Bytes{2048} * 1024);
    CHECK(processes[0].argv.size() == 3);
    CHECK(processes[1].argv.empty());
}

TEST_CASE("a container that the engine does not show is not taken for one that does not run") {
    testing::MemoryEngine engine;
    engine.answer("GET /info", 200, R"({"ID":"e","NCPU":2})");
    engine.answer("GET /version", 200, R"({"Version":"26.1"})");
    engine.answer(
        "GET /containers/json", 200,
        R"([{"Id":"c1","Names":["/p-web-1"],"State":"running","Labels":{"com.docker.compose.project":"p","com.docker.compose.service":"web"}}])");
    Project project;
    project.name = "p";
    project.services["web"].name = "web";
    const MemoryFiles files;
    SECTION("refused: a gap with the engine's reason, and no advice to start it") {
        engine.answer("GET /containers/c1/json", 403, R"({"message":"not for you"})");
        const Observation observation = observe_services(engine, project, {}, files, {});
        REQUIRE(observation.services.size() == 1);
        CHECK(observation.services.front().refused);
        bool told = false;
        for (const Gap& gap : observation.gaps) {
            told = told || gap.why == "the engine answers 403: not for you";
            CHECK(gap.why.find("docker compose up") == std::string::npos);
        }
        CHECK(told);
    }
    SECTION("gone between the list and the question: it does not run") {
        engine.answer("GET /containers/c1/json", 404, R"({"message":"No such container"})");
        CHECK_FALSE(observe_services(engine, project, {}, files, {}).services.front().refused);
    }
    SECTION("no answer at all is a lost engine") {
        engine.answer("GET /containers/c1/json", 0, "connection reset");
        CHECK_THROWS_AS(observe_services(engine, project, {}, files, {}), EngineLost);
    }
}
