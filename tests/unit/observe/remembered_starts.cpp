#include "core/observe/remembered_starts.h"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

TimePoint moment(double seconds) {
    return parse_time("2026-01-31T10:00:00Z") + std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds{seconds});
}

std::string told_line(const std::string& container, const std::string& action, double seconds,
                      const char* oneoff = "False") {
    return nlohmann::json{{"Type", "container"},
                          {"Action", action},
                          {"timeNano", moment(seconds).time_since_epoch().count()},
                          {"Actor", {{"ID", container}, {"Attributes", {{"com.docker.compose.oneoff", oneoff}}}}}}
               .dump() +
           "\n";
}

}  // namespace

TEST_CASE("starts are read from the events that the engine remembers") {
    SECTION("from the start to the first verdict, whichever it is") {
        const auto starts = read_remembered_starts(
            told_line("a", "start", 0) + told_line("b", "start", 1) + told_line("b", "health_status: unhealthy", 31) +
            told_line("a", "health_status: healthy", 2) + told_line("b", "health_status: healthy", 61) +
            told_line("a", "health_status: unhealthy", 90));
        REQUIRE(starts.size() == 2);
        CHECK(starts.at("a").started == moment(0));
        CHECK(starts.at("a").verdict == moment(2));
        CHECK(starts.at("b").verdict == moment(31));
    }
    SECTION("of the latest life") {
        const auto starts = read_remembered_starts(
            told_line("a", "start", 0) + told_line("a", "health_status: healthy", 2) + told_line("a", "die", 50) +
            told_line("a", "start", 60) + told_line("a", "health_status: healthy", 65));
        REQUIRE(starts.size() == 1);
        CHECK(starts.at("a").started == moment(60));
        CHECK(starts.at("a").verdict == moment(65));
    }
    SECTION("a recovery is no start: the memory does not reach back to it") {
        CHECK(read_remembered_starts(told_line("a", "health_status: unhealthy", 5) +
                                     told_line("a", "health_status: healthy", 9))
                  .empty());
    }
    SECTION("who has had no verdict is left out, and so is what `docker compose run` made, and nonsense") {
        CHECK(read_remembered_starts(told_line("a", "start", 0) + told_line("b", "start", 0, "True") +
                                     told_line("b", "health_status: healthy", 2, "True") + "nonsense\n\n{")
                  .empty());
    }
}

TEST_CASE("the engine is asked for what it remembers, and for nothing that is to come") {
    MemoryEngine engine;
    engine.answer("GET /events", 200, told_line("a", "start", 0) + told_line("a", "health_status: healthy", 2));
    CHECK(remembered_starts(engine, "shop", moment(100.5)).at("a").verdict == moment(2));
    const auto& query = engine.asked.front().query;
    CHECK(query[query.size() - 2] == std::pair<std::string, std::string>{"since", "1"});
    CHECK(query.back() == std::pair<std::string, std::string>{"until", "1769853700"});
    SECTION("one that refuses has told nothing") {
        MemoryEngine refuses;
        CHECK(remembered_starts(refuses, "shop", moment(100)).empty());
    }
}
