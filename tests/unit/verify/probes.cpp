#include "core/verify/probes.h"

#include <catch2/catch.hpp>

#include "tests/unit/advise/health_case.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using pilotpros::testing::HealthCase;
using pilotpros::testing::MemoryEngine;

namespace {

using Words = std::vector<std::string>;

std::string shell(const char* text) {
    const auto wrong = with_wrong_port({"CMD-SHELL", text});
    return wrong ? wrong->at(1) : "";
}

/// A second goes by whenever somebody looks.
class Hurrying final : public Clock {
  public:
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{std::chrono::seconds{++seconds_}};
    }

  private:
    mutable int seconds_ = 0;
};

}  // namespace

TEST_CASE("every kind of probe has a variant that must fail", "[probes]") {
    CHECK(shell("curl -f http://127.0.0.1:3001/health || exit 1") == "curl -f http://127.0.0.1:1/health || exit 1");
    CHECK(shell("wget -qO- http://127.0.0.1/") == "wget -qO- http://127.0.0.1:1/");
    CHECK(shell("curl -f \"http://localhost:$PORT/\"") == "curl -f \"http://localhost:1/\"");
    CHECK(shell("curl -f localhost:3000/x") == "curl -f http://localhost:1/x");
    CHECK(shell("curl -f http://[::1]:80/") == "curl -f http://[::1]:1/");
    CHECK(shell("pg_isready -h 127.0.0.1 -U a") == "pg_isready -p 1 -h 127.0.0.1 -U a");
    CHECK(shell("pg_isready -p 5433 -U a") == "pg_isready -p 1 -U a");
    CHECK(shell("redis-cli -h 127.0.0.1 -p 6379 ping | grep -q PONG") ==
          "redis-cli -h 127.0.0.1 -p 1 ping | grep -q PONG");
    CHECK(with_wrong_port({"CMD", "redis-cli", "ping"}) == Words{"CMD", "redis-cli", "-p", "1", "ping"});
    CHECK(with_wrong_port({"CMD", "pg_isready", "--port=5433"}) == Words{"CMD", "pg_isready", "--port=1"});
    CHECK(with_wrong_port({"CMD", "bash", "-c", "</dev/tcp/127.0.0.1/4000"}) ==
          Words{"CMD", "bash", "-c", "</dev/tcp/127.0.0.1/1"});
    CHECK(with_wrong_port({"CMD", "nc", "-z", "127.0.0.1", "4000"}) == Words{"CMD", "nc", "-z", "127.0.0.1", "1"});
    CHECK(with_wrong_port({"CMD", "node", "-e", "require('net').connect(4000,'127.0.0.1')"}) ==
          Words{"CMD", "node", "-e", "require('net').connect(1,'127.0.0.1')"});
    CHECK(with_wrong_port({"CMD", "python3", "-c", "socket.create_connection(('127.0.0.1', 80), 5)"}) ==
          Words{"CMD", "python3", "-c", "socket.create_connection(('127.0.0.1', 1), 5)"});
    CHECK_FALSE(with_wrong_port({"CMD", "true"}).has_value());
    CHECK_FALSE(with_wrong_port({"NONE"}).has_value());
}

TEST_CASE("only a test that is complete and known to be able to fail is run ahead, and then not again", "[probes]") {
    MemoryFiles files;
    FileImageAnswers answers(files, "/state/images");
    HealthCase stack;
    const ServiceObservation service = stack.add("app", "", {{"image", "app"}});
    Change change;
    change.service = "app";
    change.key = "healthcheck.test";
    change.after = {"CMD", "test", "-f", "/ready"};
    const auto ahead = [&] {
        MemoryEngine engine;
        return probes_to_run_ahead(answers, stack.input(), service, {&change});
    };
    CHECK(ahead().empty());
    {
        MemoryEngine engine;
        engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
        engine.answer("POST /containers/t1/start", 204, "");
        engine.answer("POST /containers/t1/wait", 200, "{}");
        engine.answer("GET /containers/t1/json", 200, R"({"State":{"Running":false,"ExitCode":1}})");
        engine.answer("GET /containers/t1/logs", 200, "");
        engine.answer("DELETE /containers/t1", 204, "");
        testing::answer_exec(engine, "app-id", "", 0);
        verify_probes(engine, answers, stack.input(), service, {&change}, nullptr);
    }
    REQUIRE(ahead().size() == 1);
    CHECK(ahead().front().argv == Words{"test", "-f", "/ready"});
    SECTION("what was run ahead is what the verdict rests on") {
        MemoryEngine engine;
        testing::answer_exec(engine, "app-id", "", 0);
        ExecsAhead kept(engine);
        kept.run_ahead(ahead());
        const std::size_t asked = engine.asked.size();
        const auto verdicts =
            verify_probes(engine, answers, stack.input(), service, {&change}, nullptr, Clock{}, &kept);
        CHECK(verdicts.at(0).outcome == Verdict::Outcome::kAccepted);
        CHECK(engine.asked.size() == asked);
    }
    SECTION("one that failed beside all others is tried again, twice as ever") {
        MemoryEngine engine;
        testing::answer_exec(engine, "app-id", "", 1);
        testing::answer_exec(engine, "app-id", "", 1);
        testing::answer_exec(engine, "app-id", "", 0);
        ExecsAhead kept(engine);
        kept.run_ahead(ahead());
        CHECK(verify_probes(engine, answers, stack.input(), service, {&change}, nullptr, Hurrying{}, &kept)
                  .at(0)
                  .outcome == Verdict::Outcome::kAccepted);
    }
    SECTION("what passed lately in the same run of the container is not asked again") {
        const TimePoint begin = parse_time("2026-01-31T10:00:00Z");
        const auto asks = [&](ServiceObservation one, Seconds later) {
            MemoryEngine engine;
            testing::answer_exec(engine, "app-id", "", 0);
            PassedProbes passed(files, "/state/probes",
                                begin + std::chrono::duration_cast<std::chrono::minutes>(later));
            const auto verdicts =
                verify_probes(engine, answers, stack.input(), one, {&change}, nullptr, Clock{}, nullptr, &passed);
            CHECK(verdicts.at(0).outcome == Verdict::Outcome::kAccepted);
            return std::pair{!engine.asked.empty(), verdicts.at(0).said};
        };
        CHECK(asks(service, Seconds{0}).first);
        const auto again = asks(service, Seconds{600});
        CHECK_FALSE(again.first);
        CHECK(again.second.find(" (10 min 0 s ago); fails on") != std::string::npos);
        PassedProbes passed(files, "/state/probes", begin);
        CHECK(probes_to_run_ahead(answers, stack.input(), service, {&change}, &passed).empty());
        // Planted: another start, an engine that says otherwise, and too long ago.
        ServiceObservation other = service;
        other.containers.front().started = begin;
        CHECK(asks(other, Seconds{600}).first);
        other = service;
        other.containers.front().health = "unhealthy";
        CHECK(asks(other, Seconds{600}).first);
        CHECK(asks(service, Seconds{7200}).first);
    }
    SECTION("not what only Compose can fill in") {
        change.after = {"CMD", "test", "-f", "${READY}"};
        change.as_written = true;
        CHECK(ahead().empty());
    }
}

TEST_CASE("a test that failed on a stopped service is not tried there again, another one is", "[probes]") {
    MemoryFiles files;
    FileImageAnswers answers(files, "/state/images");
    HealthCase stack;
    const ServiceObservation service = stack.add("app", "", {{"image", "app"}});
    const auto trials = [&](const char* path, int status_when_stopped) {
        MemoryEngine engine;
        engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
        engine.answer("POST /containers/t1/start", 204, "");
        engine.answer("POST /containers/t1/wait", 200, "{}");
        engine.answer("GET /containers/t1/json", 200,
                      R"({"State":{"Running":false,"ExitCode":)" + std::to_string(status_when_stopped) + "}}");
        engine.answer("GET /containers/t1/logs", 200, "");
        engine.answer("DELETE /containers/t1", 204, "");
        testing::answer_exec(engine, "app-id", "", 0);
        Change change;
        change.service = "app";
        change.key = "healthcheck.test";
        change.after = {"CMD", "test", "-f", path};
        const auto verdicts = verify_probes(engine, answers, stack.input(), service, {&change}, nullptr);
        return std::pair{verdicts.at(0).outcome, engine.was_asked("POST /containers/create")};
    };
    CHECK(trials("/ready", 1) == std::pair{Verdict::Outcome::kAccepted, true});
    CHECK(trials("/ready", 1) == std::pair{Verdict::Outcome::kAccepted, false});
    CHECK(trials("/other", 0) == std::pair{Verdict::Outcome::kRefused, true});
    CHECK(trials("/other", 0) == std::pair{Verdict::Outcome::kRefused, true});
}
