#include "core/docker/exec.h"
#include "core/docker/execs_ahead.h"

#include <catch2/catch.hpp>

#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using pilotpros::testing::answer_exec;
using pilotpros::testing::frame;
using pilotpros::testing::MemoryEngine;

namespace {
ExecRequest request(std::vector<std::string> argv = {"true"}) {
    return {"c", std::move(argv), "", std::chrono::milliseconds{1000}};
}
}  // namespace

TEST_CASE("exec: output, errors and the exit status come apart", "[exec]") {
    MemoryEngine engine;
    answer_exec(engine, "c", "hi\n", 3, "err\n");
    const ExecResult result = exec(engine, request());
    CHECK(result.started);
    CHECK(result.exit_code == 3);
    CHECK(result.output == "hi\n");
    CHECK(result.error == "err\n");
    CHECK_FALSE(result.ok());
}

TEST_CASE("exec: what was run ahead is given away once, to who asks for the very same", "[exec]") {
    MemoryEngine engine;
    answer_exec(engine, "c", "hi\n", 0);
    ExecsAhead ahead(engine);
    const ExecRequest show{"c", {"nginx", "-T"}, "", std::chrono::seconds{1}};
    ahead.run_ahead({show});
    const auto asked = [&](const std::vector<ExecRequest>& requests) {
        const std::size_t before = engine.asked.size();
        const auto results = ahead.run(requests);
        REQUIRE(results.size() == requests.size());
        for (const ExecResult& result : results) {
            CHECK(result.output == "hi\n");
        }
        return (engine.asked.size() - before) / 3;  // create, start, look
    };
    SECTION("the same") {
        CHECK(asked({show}) == 0);
        CHECK(asked({show}) == 1);
    }
    SECTION("beside another") { CHECK(asked({{"c", {"nginx", "-v"}, "", std::chrono::seconds{1}}, show}) == 1); }
    SECTION("another user is another question") { CHECK(asked({{"c", show.argv, "root", show.timeout}}) == 1); }
}

TEST_CASE("exec: a container that is gone or not running has not started it", "[exec]") {
    MemoryEngine engine;
    CHECK(exec(engine, request()).complaint == "No such container: x");
    engine.answer("POST /containers/c/exec", 409, R"({"message":"container c is not running"})");
    const ExecResult stopped = exec(engine, request());
    CHECK_FALSE(stopped.started);
    CHECK(stopped.complaint == "container c is not running");
}

TEST_CASE("exec: a container that ends between the steps has not started it", "[exec]") {
    MemoryEngine engine;
    engine.answer("POST /containers/c/exec", 201, R"({"Id":"e1"})");
    engine.answer("POST /exec/e1/start", 409, R"({"message":"Container c is not running"})");
    const ExecResult result = exec(engine, request());
    CHECK_FALSE(result.started);
    CHECK(result.complaint == "Container c is not running");
}

TEST_CASE("exec: a missing program is told apart from one that ends with 126", "[exec]") {
    // The answers of a real Engine 26.1.5 to a program that is not there.
    MemoryEngine engine;
    engine.answer("POST /containers/c/exec", 201, R"({"Id":"e1"})");
    engine.answer("POST /exec/e1/start", 200,
                  frame(1,
                        "OCI runtime exec failed: exec failed: unable to start container process: exec: \"nosuch\": "
                        "executable file not found in "
                        "$PATH: unknown\r\n"));
    engine.answer("GET /exec/e1/json", 200, R"({"Running":false,"ExitCode":126,"ContainerID":"c","Pid":0})");
    const ExecResult missing = exec(engine, request({"nosuch"}));
    CHECK_FALSE(missing.started);
    CHECK(missing.complaint.find("executable file not found") != std::string::npos);
    CHECK(missing.output.empty());

    MemoryEngine other;
    answer_exec(other, "c", "", 126);
    CHECK(exec(other, request()).started);
}

TEST_CASE("exec: Running may lag behind the end of the output", "[exec]") {
    MemoryEngine engine;
    engine.answer("POST /containers/c/exec", 201, R"({"Id":"e1"})");
    engine.answer("POST /exec/e1/start", 200, frame(1, "x"));
    engine.answer("GET /exec/e1/json", 200, R"({"Running":true,"ExitCode":null,"Pid":0})");
    engine.answer("GET /exec/e1/json", 200, R"({"Running":true,"ExitCode":null,"Pid":0})");
    engine.answer("GET /exec/e1/json", 200, R"({"Running":false,"ExitCode":0,"Pid":7})");
    CHECK(exec(engine, request()).ok());
}

TEST_CASE("exec: what takes too long is timed out, and a lost engine is not mistaken for it", "[exec]") {
    MemoryEngine engine;
    engine.answer("POST /containers/c/exec", 201, R"({"Id":"e1"})");
    engine.answer("POST /exec/e1/start", 0, "Timeout was reached");
    engine.answer("GET /exec/e1/json", 200, R"({"Running":true,"ExitCode":null,"Pid":0})");
    const ExecResult result = exec(engine, request());
    CHECK(result.timed_out);
    CHECK_FALSE(result.ok());

    MemoryEngine lost;
    lost.answer("POST /containers/c/exec", 201, R"({"Id":"e1"})");
    lost.answer("POST /exec/e1/start", 0, "Timeout was reached");
    lost.answer("GET /exec/e1/json", 0, "Could not connect");
    CHECK_THROWS_AS(exec(lost, request()), EngineLost);
}

TEST_CASE("exec: nonsense for an answer is a complaint, never a crash", "[exec]") {
    MemoryEngine engine;
    engine.answer("POST /containers/c/exec", 201, R"({"Id":7})");
    CHECK_FALSE(exec(engine, request()).complaint.empty());
    MemoryEngine other;
    other.answer("POST /containers/c/exec", 201, R"({"Id":"e1"})");
    other.answer("POST /exec/e1/start", 200, "no frames at all");
    other.answer("GET /exec/e1/json", 200, R"({"Running":"perhaps","ExitCode":"none","Pid":"x"})");
    CHECK_FALSE(exec(other, request()).complaint.empty());
    CHECK_FALSE(exec(other, request()).ok());
}
