#include "core/observe/containers.h"

#include <catch2/catch.hpp>

using namespace pilotpros;

TEST_CASE("the writable layer without what every start makes") {
    const std::string answer =
        R"([{"Path":"/var","Kind":0},{"Path":"/var/lib","Kind":0},{"Path":"/var/lib/app","Kind":1},{"Path":"/var/lib/app/data.db","Kind":1},
        {"Path":"/run","Kind":0},{"Path":"/run/x.pid","Kind":1},{"Path":"/tmp/y","Kind":1},{"Path":"/data","Kind":1},{"Path":"/data/z","Kind":1},{"Path":"/etc/old","Kind":2}])";
    const WritableLayer layer = read_changes(answer, {{"volume", "v", "", "/data", true, false}});
    CHECK(layer.added == std::vector<std::string>{"/var/lib/app/data.db"});
    CHECK(layer.changed.empty());
    CHECK(layer.deleted == std::vector<std::string>{"/etc/old"});
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
