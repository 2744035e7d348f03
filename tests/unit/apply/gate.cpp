#include "core/apply/gate.h"

#include <catch2/catch.hpp>

#include "core/observe/listening.h"
#include "tests/unit/apply/apply_world.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

/// One container of "web", as the engine describes it at each look; the last description for ever.
GateResult gate_over(const std::vector<nlohmann::json>& states, const GateRequest& request) {
    MemoryEngine engine;
    engine.answer("GET /containers/json", 200, R"([{"Id":"x","Names":["/shop-web-1"],"State":"running","Labels":{}}])");
    for (const nlohmann::json& state : states) {
        nlohmann::json config = nlohmann::json::object();
        if (state.contains("Health")) {
            config["Healthcheck"] = {{"Test", {"CMD", "true"}}};
        }
        engine.answer("GET /containers/x/json", 200,
                      nlohmann::json{{"Id", "x"},
                                     {"Name", "/shop-web-1"},
                                     {"State", state},
                                     {"RestartCount", state.value("restarts", 0)},
                                     {"Config", config},
                                     {"HostConfig", {{"Memory", 134217728}}}}
                          .dump());
    }
    const HurryingClock clock;
    return pass_gate(engine, clock, request);
}

nlohmann::json running(const char* health = nullptr) {
    nlohmann::json state{{"Status", "running"}, {"Running", true}};
    if (health != nullptr) {
        state["Health"] = {{"Status", health}};
    }
    return state;
}

GateRequest request_for_web() { return {"shop", "web", 1, nlohmann::json::object(), true, 1}; }

}  // namespace

TEST_CASE("the gate lets a service pass that runs as it did", "[gate]") {
    GateRequest request = request_for_web();
    request.ports = {80};
    request.listening = [](const Container&) { return std::optional{std::set<int>{80, 9000}}; };
    const GateResult healthy = gate_over({running("starting"), running("healthy")}, request);
    CHECK(healthy.passed);
    CHECK(healthy.said.find("listens on 80") != std::string::npos);
    const GateResult stable = gate_over({running()}, request);
    CHECK(stable.passed);
    CHECK(stable.took >= Seconds{5});
    CHECK(stable.served < Seconds{5});
}

TEST_CASE("each gate that fails is named", "[gate]") {
    GateRequest request = request_for_web();
    std::vector<nlohmann::json> states{running("healthy")};
    std::string gate;
    SECTION("it ended") {
        states = {running("starting"), {{"Status", "exited"}, {"ExitCode", 3}}};
        gate = R"(gate "running": shop-web-1: it ended with 3)";
    }
    SECTION("it was started again") {
        states = {running("starting"), running("healthy")};
        states.back()["restarts"] = 2;
        gate = R"(gate "no restart": shop-web-1: it restarted 2 times)";
    }
    SECTION("it was killed for lack of memory, as its inspection says") {
        states.back()["OOMKilled"] = true;
        gate = R"(gate "no OOM kill": shop-web-1)";
    }
    SECTION("a process of it was, as only the engine's events say") {
        request.oom_killed = [](const std::string& id) { return id == "x"; };
        gate = R"(gate "no OOM kill": shop-web-1)";
    }
    SECTION("its check says no") {
        states = {running("unhealthy")};
        gate = R"(gate "healthy": shop-web-1)";
    }
    SECTION("its check never says anything") {
        states = {running("starting")};
        gate = R"(gate "healthy": web: the health of shop-web-1 is starting after)";
    }
    SECTION("its check passes, and nobody listens where somebody did") {
        request.ports = {80, 443};
        request.listening = [](const Container&) { return std::optional{std::set<int>{443}}; };
        gate = R"(gate "listening": web: shop-web-1 does not listen on 80, as it did after 6 min 0 s)";
    }
    SECTION("it has no check, and nobody listens where somebody did") {
        states = {running()};
        request.ports = {80};
        request.listening = [](const Container&) { return std::optional{std::set<int>{}}; };
        gate = R"(gate "listening": web: shop-web-1 does not listen on 80, as it did after 30)";
    }
    SECTION("a limit is not in force") {
        request.resolved = {{"mem_limit", "268435456"}};
        gate = R"(gate "limits": shop-web-1: memory is 128 MiB, not 256 MiB)";
    }
    SECTION("the engine says that a limit is in force, and the kernel does not") {
        request.resolved = {{"mem_limit", "134217728"}};
        request.held_to = [](const Container&) { return KernelLimits{0, {}, {}, {}}; };
        gate = R"(gate "limits": shop-web-1: the kernel's memory is none, not 128 MiB)";
    }
    const GateResult result = gate_over(states, request);
    CAPTURE(result.said);
    CHECK_FALSE(result.passed);
    CHECK(result.said.find(gate) == 0);
}

TEST_CASE("of a container that was there before, only what comes on top is judged", "[gate]") {
    GateRequest request = request_for_web();
    std::vector<nlohmann::json> states{running("healthy")};
    const auto restarted = [](int times) {
        nlohmann::json state = running("healthy");
        state["restarts"] = times;
        return state;
    };
    SECTION("it restarted once, last week") {
        states = {restarted(1)};
        CHECK_FALSE(gate_over(states, request).passed);  // planted: a new one
        request.pasts = {{"another", Past{1, false, std::nullopt, false}}};
        CHECK_FALSE(gate_over(states, request).passed);
        request.pasts = {{"x", Past{1, false, std::nullopt, false}}};
        CHECK(gate_over(states, request).passed);
    }
    SECTION("it restarts again") {
        request.pasts = {{"x", Past{1, false, std::nullopt, false}}};
        states = {running("starting"), restarted(2)};
        states.front()["restarts"] = 1;
        const GateResult result = gate_over(states, request);
        CHECK_FALSE(result.passed);
        CHECK(result.said == R"(gate "no restart": shop-web-1: it restarted 1 times)");
    }
    SECTION("a process of it was killed for lack of memory, last week") {
        states.back()["OOMKilled"] = true;
        CHECK_FALSE(gate_over(states, request).passed);
        request.pasts = {{"x", Past{0, true, std::nullopt, false}}};
        CHECK(gate_over(states, request).passed);
    }
    SECTION("it was unhealthy before, and says so") {
        states = {running("unhealthy")};
        CHECK_FALSE(gate_over(states, request).passed);
        request.pasts = {{"x", Past{0, false, std::nullopt, true}}};
        CHECK(gate_over(states, request).said.find("web runs, unhealthy as it was before,") == 0);
    }
    SECTION("it had ended: somebody else has to run, and does not") {
        request.pasts = {{"x", Past{0, false, TimePoint{}, false}}};
        states = {{{"Status", "exited"}, {"ExitCode", 3}}};
        CHECK(gate_over(states, request).said.find(R"(gate "running": web: shop-web-1 is exited after)") == 0);
    }
    SECTION("it had ended, was started and restarted") {
        request.pasts = {{"x", Past{0, false, TimePoint{}, false}}};
        CHECK(gate_over({running("healthy")}, request).passed);
        CHECK_FALSE(gate_over({restarted(1)}, request).passed);
    }
}

TEST_CASE("a replica that had ended before does not fail the other one", "[gate]") {
    MemoryEngine engine;
    engine.answer("GET /containers/json", 200,
                  R"([{"Id":"x","Names":["/shop-web-1"],"State":"running","Labels":{}},)"
                  R"({"Id":"y","Names":["/shop-web-2"],"State":"exited","Labels":{}}])");
    engine.answer(
        "GET /containers/x/json", 200,
        nlohmann::json{{"Id", "x"}, {"Name", "/shop-web-1"}, {"State", running()}, {"RestartCount", 3}}.dump());
    engine.answer("GET /containers/y/json", 200,
                  nlohmann::json{{"Id", "y"},
                                 {"Name", "/shop-web-2"},
                                 {"State", {{"Status", "exited"}, {"OOMKilled", true}, {"ExitCode", 137}}},
                                 {"RestartCount", 2}}
                      .dump());
    const HurryingClock clock;
    GateRequest request = request_for_web();
    CHECK_FALSE(pass_gate(engine, clock, request).passed);
    request.pasts = pasts_of(engine, "shop", "web");
    CHECK(request.pasts.at("x").restarts == 3);
    CHECK(request.pasts.at("y").ended);
    CHECK(pass_gate(engine, clock, request).passed);
    SECTION("but one that ended again since") {
        request.pasts.at("y").ended = TimePoint{std::chrono::seconds{1}};
        CHECK_FALSE(pass_gate(engine, clock, request).passed);
    }
    SECTION("which of them stood is what counts") {
        keep_standing(request.pasts, {});
        CHECK_FALSE(request.pasts.contains("x"));
        CHECK(request.pasts.contains("y"));
    }
    SECTION("planted: two have to run") {
        request.containers = 2;
        CHECK_FALSE(pass_gate(engine, clock, request).passed);
    }
}

TEST_CASE("the gate says of limits and of running only what it saw", "[gate]") {
    GateRequest request = request_for_web();
    const std::string limits = "limits";
    request.held_to = [](const Container&) { return KernelLimits{128 * kMiB, {}, {}, {}}; };
    SECTION("nobody asked for a limit") {
        CHECK(gate_over({running("healthy")}, request).said.ends_with("without a restart"));
        request.resolved = nullptr;
        CHECK(gate_over({running("healthy")}, request).said.ends_with("without a restart"));
        request.resolved = {{"mem_limit", "134217728"}};  // planted
        CHECK(gate_over({running("healthy")}, request).said.find(limits) != std::string::npos);
    }
    SECTION("nothing ran before, and nothing is started") {
        request.containers = 0;
        const GateResult created = gate_over({{{"Status", "created"}}}, request);
        CHECK(created.passed);
        CHECK(created.said == "web was not running before, and is not started");
        CHECK(gate_over({running("healthy")}, request).said.find("web runs, healthy") == 0);  // planted
    }
}

TEST_CASE("the kernel's own word of limits is asked for where it can be had, and said", "[gate]") {
    GateRequest request = request_for_web();
    request.resolved = {{"mem_limit", "134217728"}};
    const std::string words = "its limits are read back as asked";
    request.held_to = [](const Container&) { return KernelLimits{128 * kMiB, {}, {}, {}}; };
    CHECK(gate_over({running("healthy")}, request).said.ends_with(words + ", from the kernel, too"));
    request.held_to = [](const Container&) { return KernelLimits{}; };
    CHECK(gate_over({running("healthy")}, request).said.ends_with(words));
}

TEST_CASE("what the kernel holds a container to is compared with what was asked for", "[gate]") {
    const nlohmann::json asked{
        {"mem_limit", "100000000"}, {"memswap_limit", "150000000"}, {"cpus", 0.5}, {"pids_limit", 99}};
    const KernelLimits rounded{100000000 / 4096 * 4096, 150000000 / 4096 * 4096, 0.5, 99};
    CHECK(limits_not_held(asked, rounded, true).empty());
    CHECK(limits_not_held(asked, {}, true).empty());
    CHECK(limits_not_held(nlohmann::json::object(), rounded, true).empty());
    KernelLimits wrong = rounded;
    SECTION("memory") { wrong.memory = 100000001; }
    SECTION("memory with swap") { wrong.memory_swap = 100000000; }
    SECTION("the CPU quota") { wrong.cpus = 0; }
    SECTION("processes") { wrong.pids = 0; }
    if (wrong.memory_swap != rounded.memory_swap) {
        CHECK(limits_not_held(asked, wrong, false).empty());
    }
    CHECK(limits_not_held(asked, wrong, true).size() == 1);
}

TEST_CASE("where nobody can tell where it listens, that is no failure", "[gate]") {
    GateRequest request = request_for_web();
    request.ports = {80};
    request.listening = [](const Container&) { return std::optional<std::set<int>>{}; };
    CHECK(gate_over({running("healthy")}, request).passed);
}

TEST_CASE("ports that others reach are read from the kernel's table", "[gate]") {
    const std::string table =
        "  sl  local_address rem_address   st tx_queue\n"
        "   0: 00000000:0050 00000000:0000 0A 00000000\n"  // 0.0.0.0:80
        "   1: 0B00007F:8A1D 00000000:0000 0A 00000000\n"  // Docker's DNS
        "   2: 0100007F:162F 00000000:0000 0A 00000000\n"  // loopback
        "   3: 020012AC:1F90 030012AC:C350 01 00000000\n"  // connected
        "  sl  local_address                         remote_address                        st\n"
        "   0: 00000000000000000000000000000000:1538 00000000000000000000000000000000:0000 0A\n"  // [::]:5432
        "   1: 00000000000000000000000001000000:1539 00000000000000000000000000000000:0000 0A\n"  // [::1]
        "   2: 0000000000000000FFFF00000100007F:153A 00000000000000000000000000000000:0000 0A\n"  // mapped loopback
        "nonsense\n";
    CHECK(listening_ports(table) == std::set<int>{80, 5432});
    CHECK(listening_ports("").empty());
}

TEST_CASE("where a container listens is read from our /proc, or by its own cat", "[gate]") {
    const std::string row = "0: 00000000:";
    const std::string table = row + "0050 00000000:0000 0A\n" + row + "9C40 00000000:0000 0A\n";  // 80, 40000
    Container container;
    container.id = "abc";
    container.status = "running";
    container.pid = 42;
    MemoryFiles files;
    MemoryEngine engine;
    SECTION("from our /proc, where that process is the container's") {
        files.contents["/proc/42/cgroup"] = "0::/docker/abc\n";
        files.contents["/proc/42/net/tcp"] = table;
        CHECK(ports_listened_on(engine, files, container) == std::set<int>{80});
        container.exposed_ports = {"40000/tcp"};
        CHECK(ports_listened_on(engine, files, container) == std::set<int>{80, 40000});
        CHECK(engine.asked.empty());
    }
    SECTION("planted: a process of that number that is somebody else's") {
        files.contents["/proc/42/cgroup"] = "0::/docker/else\n";
        files.contents["/proc/42/net/tcp"] = row + "0051 00000000:0000 0A\n";
        answer_exec(engine, "abc", table, 1);
        CHECK(ports_listened_on(engine, files, container) == std::set<int>{80});
    }
    SECTION("nobody can tell") {
        CHECK_FALSE(ports_listened_on(engine, files, container));
        container.network_mode = "host";
        files.contents["/proc/42/cgroup"] = "0::/docker/abc\n";
        files.contents["/proc/42/net/tcp"] = table;
        CHECK_FALSE(ports_listened_on(engine, files, container));
    }
}
