#include "core/docker/throwaway.h"

#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>

#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using pilotpros::testing::frame;
using pilotpros::testing::MemoryEngine;

namespace {

ThrowawayRequest question() {
    ThrowawayRequest request;
    request.image = "sha256:aa";
    request.argv = {"node", "-p", "1"};
    request.memory = 1 << 28;
    return request;
}

void answer_question(MemoryEngine& engine, int wait_status, const char* state) {
    engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
    engine.answer("POST /containers/t1/start", 204, "");
    engine.answer("POST /containers/t1/wait", wait_status, R"({"StatusCode":0})");
    engine.answer("GET /containers/t1/json", 200, std::string(R"({"State":)") + state + "}");
    engine.answer("GET /containers/t1/logs", 200, frame(1, "42\n") + frame(2, "warning\n"));
    engine.answer("DELETE /containers/t1", 204, "");
}

}  // namespace

TEST_CASE("throwaway: has no network, no volume of ours, a bound, and is gone afterwards", "[throwaway]") {
    MemoryEngine engine;
    answer_question(engine, 200, R"({"Running":false,"ExitCode":0,"OOMKilled":false})");
    const ThrowawayResult result = ask_in_throwaway(engine, question());
    CHECK(result.ok());
    CHECK(result.output == "42\n");
    CHECK(result.error == "warning\n");
    CHECK(engine.was_asked("DELETE /containers/t1"));
    const auto body = nlohmann::json::parse(engine.asked.front().body);
    CHECK(body["HostConfig"]["NetworkMode"] == "none");
    CHECK(body["HostConfig"]["Memory"] == body["HostConfig"]["MemorySwap"]);
    CHECK_FALSE(body["HostConfig"].contains("Binds"));
    CHECK(body["Entrypoint"] == nlohmann::json::array({"node", "-p", "1"}));
    // An image that Compose built carries its project's labels.
    CHECK(body["Labels"]["com.docker.compose.project"].get<std::string>().empty());
    CHECK(body["Labels"].contains(kThrowawayLabel));
}

TEST_CASE("throwaway: what takes too long is timed out and removed all the same", "[throwaway]") {
    MemoryEngine engine;
    answer_question(engine, 0, R"({"Running":true,"ExitCode":0})");
    const ThrowawayResult result = ask_in_throwaway(engine, question());
    CHECK(result.timed_out);
    CHECK_FALSE(result.ok());
    CHECK(engine.was_asked("DELETE /containers/t1"));
}

TEST_CASE("throwaway: a kill for memory is told", "[throwaway]") {
    MemoryEngine engine;
    answer_question(engine, 200, R"({"Running":false,"ExitCode":137,"OOMKilled":true})");
    const ThrowawayResult result = ask_in_throwaway(engine, question());
    CHECK(result.oom_killed);
    CHECK(result.exit_code == 137);
}

TEST_CASE("throwaway: a program that is not in the image does not start", "[throwaway]") {
    MemoryEngine engine;
    engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
    engine.answer("POST /containers/t1/start", 400,
                  R"({"message":"exec: \"node\": executable file not found in $PATH"})");
    const ThrowawayResult result = ask_in_throwaway(engine, question());
    CHECK_FALSE(result.started);
    CHECK(result.complaint.find("not found") != std::string::npos);
    CHECK(engine.was_asked("DELETE /containers/t1"));
}

TEST_CASE("throwaway: an interrupt passes through, after the removal", "[throwaway]") {
    MemoryEngine engine;
    answer_question(engine, 200, R"({"Running":false,"ExitCode":0})");
    engine.interrupt_at = "POST /containers/t1/wait";
    CHECK_THROWS_AS(ask_in_throwaway(engine, question()), Interrupted);
    CHECK(engine.was_asked("DELETE /containers/t1"));
}

TEST_CASE("throwaway: only those older than the limit are swept", "[throwaway]") {
    MemoryEngine engine;
    engine.answer("GET /containers/json", 200,
                  R"([{"Id":"old","Created":1000},{"Id":"new","Created":3000},{"nonsense":1}])");
    engine.answer("DELETE /containers/old", 204, "");
    engine.answer("DELETE /containers/new", 204, "");
    CHECK(sweep_throwaways(engine, TimePoint{std::chrono::seconds{2000}}) == 1);
    CHECK_FALSE(engine.was_asked("DELETE /containers/new"));
    CHECK(sweep_own_throwaways(engine) == 2);
}
