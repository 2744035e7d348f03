#include "core/apply/live.h"

#include <catch2/catch.hpp>

#include "core/model/units.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

constexpr Bytes kMachine = Bytes{8} << 30U;

Json inspected(const Json& host) { return {{"HostConfig", host}}; }

Limits of_memory(Bytes memory) {
    Limits limits;
    limits.memory = memory;
    return limits;
}

Change live_change(const std::string& key, std::vector<std::string> path, const std::string& joint = "") {
    Change one;
    one.service = "web";
    one.advisor = "limits";
    one.key = key;
    one.target.path = std::move(path);
    one.joint = joint;
    return one;
}

std::int64_t live_memory_of(ApplyMachine& machine) {
    return member(machine.engine.find("shop-web-1")->body, "HostConfig").value("Memory", std::int64_t{0});
}

}  // namespace

TEST_CASE("only what the engine can change in a running container stays in a live Plan", "[apply][live]") {
    Plan plan;
    plan.changes = {
        live_change("memory", {"mem_limit"}), live_change("pids", {"deploy", "resources", "limits", "pids"}),
        live_change("nofile", {"ulimits", "nofile"}), live_change("heap", {"environment", "NODE_OPTIONS"}, "heap"),
        live_change("swap", {"memswap_limit"}, "heap")};
    keep_live(plan);
    REQUIRE(plan.changes.size() == 2);
    CHECK(plan.changes[0].key == "memory");
    CHECK(plan.changes[1].key == "pids");
    REQUIRE(plan.left_alone.size() == 3);
    CHECK(plan.left_alone[0].why == "it takes a new container: apply it without --live");
    CHECK(plan.left_alone[2].why ==
          "it goes together with a change that takes a new container: apply it without --live");
}

TEST_CASE("a live update asks for what differs, and for memory and swap together", "[apply][live]") {
    SECTION("swap is twice the memory, as Compose has it where nothing is said") {
        const LiveUpdate update = live_update(of_memory(256 * kMiB), inspected({{"Memory", 0}}), 100 * kMiB, true);
        CHECK(update.why_not.empty());
        CHECK(update.body == Json{{"Memory", 256 * kMiB}, {"MemorySwap", 512 * kMiB}});
    }
    SECTION("an engine that cannot limit swap is not asked to") {
        CHECK(live_update(of_memory(256 * kMiB), inspected({}), 0, false).body == Json{{"Memory", 256 * kMiB}});
    }
    SECTION("a container that has it all is not touched") {
        const Json host{{"Memory", 256 * kMiB}, {"MemorySwap", 512 * kMiB}, {"NanoCpus", 500'000'000}};
        Limits asked = of_memory(256 * kMiB);
        asked.cpus = 0.5;
        CHECK(live_update(asked, inspected(host), 0, true).body.empty());
    }
    SECTION("a limit that what is used all but fills is refused: on cgroup v2 it would kill") {
        CHECK(live_update(of_memory(256 * kMiB), inspected({}), 233 * kMiB, true).why_not ==
              "it holds 233 MiB now, too near to the limit of 256 MiB");
        CHECK(live_update(of_memory(256 * kMiB), inspected({}), 232 * kMiB, true).why_not.empty());
    }
    SECTION("so is one of which nobody says how much is used") {
        CHECK_FALSE(live_update(of_memory(256 * kMiB), inspected({}), std::nullopt, true).why_not.empty());
    }
    SECTION("swap without end is refused: cgroup v1 keeps the old one in the way") {
        Limits asked = of_memory(256 * kMiB);
        asked.memory_swap = -1;
        CHECK_FALSE(live_update(asked, inspected({}), 0, true).why_not.empty());
    }
    SECTION("CPUs are refused where the container has a quota of its own") {
        Limits asked;
        asked.cpus = 1.5;
        CHECK(live_update(asked, inspected({}), 0, true).body == Json{{"NanoCpus", 1'500'000'000}});
        CHECK_FALSE(live_update(asked, inspected({{"CpuQuota", 50'000}}), 0, true).why_not.empty());
    }
}

TEST_CASE("a live update is taken back to what was, or to the size of the machine", "[apply][live]") {
    SECTION("what was limited gets its limit") {
        const LiveUndo undo =
            live_undo(inspected({{"Memory", 128 * kMiB}, {"MemorySwap", 128 * kMiB}, {"PidsLimit", 50}}),
                      inspected({{"Memory", 256 * kMiB}, {"MemorySwap", 512 * kMiB}, {"PidsLimit", 99}}), kMachine, 4);
        CHECK(undo.bodies ==
              std::vector<Json>{{{"Memory", 128 * kMiB}, {"MemorySwap", 128 * kMiB}, {"PidsLimit", 50}}});
        CHECK(undo.left.empty());
    }
    SECTION("what was not gets as much as there is, which is said once") {
        const Json none = inspected({{"Memory", 0}, {"NanoCpus", 0}, {"CpuShares", 0}, {"PidsLimit", nullptr}});
        const Json limited = inspected({{"Memory", 256 * kMiB},
                                        {"MemorySwap", 512 * kMiB},
                                        {"NanoCpus", 5e8},
                                        {"CpuShares", 512},
                                        {"PidsLimit", 9}});
        const LiveUndo undo = live_undo(none, limited, kMachine, 4);
        REQUIRE(undo.bodies.size() == 1);
        CHECK(undo.bodies.front().at("Memory") == kMachine);
        CHECK(undo.bodies.front().at("CpuShares") == 1024);
        CHECK(undo.bodies.front().at("PidsLimit") == -1);
        CHECK(undo.left == std::vector<std::string>{"memory"});
        Json taken_back = limited;
        taken_back["HostConfig"].update(undo.bodies.front());
        CHECK(live_undo(none, taken_back, kMachine, 4).left.empty());
    }
    SECTION("swap without end comes after the memory: together the engine refuses them") {
        const LiveUndo undo = live_undo(inspected({{"Memory", 128 * kMiB}, {"MemorySwap", -1}}),
                                        inspected({{"Memory", 64 * kMiB}, {"MemorySwap", 128 * kMiB}}), kMachine, 4);
        REQUIRE(undo.bodies.size() == 2);
        CHECK(undo.bodies[1] == Json{{"MemorySwap", -1}});
    }
    SECTION("nothing is asked where nothing differs") {
        const Json same = inspected({{"Memory", 128 * kMiB}, {"MemorySwap", 128 * kMiB}});
        CHECK(live_undo(same, same, kMachine, 4).bodies.empty());
    }
}

TEST_CASE("a live apply keeps the containers, and a kill at any step leaves their limits of before or after",
          "[apply][live]") {
    const auto limited = [](ApplyMachine& machine) {
        REQUIRE(machine.apply("128m").code == ExitCode::kDone);
        machine.live = true;
    };
    ApplyMachine machine;
    limited(machine);
    const std::string id = machine.engine.find("shop-web-1")->id;
    const ApplyResult result = machine.apply("256m");
    CHECK(result.code == ExitCode::kDone);
    CHECK(result.recreated.empty());
    CHECK(machine.engine.find("shop-web-1")->id == id);
    CHECK(live_memory_of(machine) == 256 * kMiB);
    const std::string files = machine.files.contents.at("/shop/.pilotpros/compose.yaml");
    CHECK(files.find("256m") != std::string::npos);
    SECTION("a second one finds nothing to do") {
        CHECK(machine.apply("256m").said.front() == "it is applied already");
    }
    SECTION("what somebody set since becomes what the files say") {
        auto& host = machine.engine.find("shop-web-1")->body["HostConfig"];
        host["Memory"] = 64 * kMiB;
        host["MemorySwap"] = 128 * kMiB;
        const ApplyResult again = machine.apply("256m");
        CHECK(again.code == ExitCode::kDone);
        REQUIRE_FALSE(again.said.empty());
        CHECK(again.said.front().find("web has its limits, read back as asked") == 0);
        CHECK(machine.engine.find("shop-web-1")->id == id);
        CHECK(live_memory_of(machine) == 256 * kMiB);
        RollbackRequest request;
        request.exact = true;
        machine.roll_back(request);
        CHECK(live_memory_of(machine) == 64 * kMiB);
        CHECK(machine.engine.find("shop-web-1")->id == id);
    }
    SECTION("so does what somebody set in one that runs as its files say") {
        ApplyMachine same;
        limited(same);
        same.engine.find("shop-web-1")->body["HostConfig"]["Memory"] = 64 * kMiB;
        const std::string kept = same.engine.find("shop-web-1")->id;
        CHECK(same.apply("128m").code == ExitCode::kDone);
        CHECK(live_memory_of(same) == 128 * kMiB);
        same.live = false;
        CHECK(same.apply("128m").said.front() == "it is applied already");
        same.roll_back();
        CHECK(live_memory_of(same) == 64 * kMiB);
        CHECK(same.engine.find("shop-web-1")->id == kept);
    }
    SECTION("files that were written before, and never came in force, come in force") {
        machine.roll_back();
        machine.files.contents["/shop/.pilotpros/compose.yaml"] = files;
        const ApplyResult again = machine.apply("256m");
        CHECK(again.code == ExitCode::kDone);
        CHECK(live_memory_of(machine) == 256 * kMiB);
        CHECK(machine.engine.find("shop-web-1")->id == id);
    }
    SECTION("a rollback does not count how often it restarted before") {
        machine.engine.find("shop-web-1")->restart_count = 1;
        CHECK_NOTHROW(machine.roll_back());
        CHECK(machine.engine.find("shop-web-1")->id == id);
    }
    SECTION("so does an exact one, by its snapshot") {
        RollbackRequest request;
        request.exact = true;
        machine.roll_back(request);
        CHECK(machine.engine.find("shop-web-1")->id == id);
        CHECK(live_memory_of(machine) == 128 * kMiB);
    }
    SECTION("a rollback gives the same container its limit of before") {
        machine.roll_back();
        CHECK(machine.engine.find("shop-web-1")->id == id);
        CHECK(live_memory_of(machine) == 128 * kMiB);
    }
    SECTION("killed at every step") {
        int before = 0, after = 0;
        ApplyMachine whole;
        limited(whole);
        const int begin = whole.killer.count;
        whole.apply("256m");
        for (int at = 1; at <= whole.killer.count - begin; ++at) {
            ApplyMachine killed;
            limited(killed);
            killed.killer = {};
            killed.killer.at = at;
            try {
                killed.apply("256m");
            } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): that is how it dies
            }
            killed.killer = {};
            killed.recover();
            const bool written =
                killed.files.contents.at("/shop/.pilotpros/compose.yaml").find("256m") != std::string::npos;
            CHECK(live_memory_of(killed) == (written ? 256 : 128) * kMiB);
            ++(written ? after : before);
        }
        CHECK(before > 10);
        CHECK(after > 0);
    }
}
