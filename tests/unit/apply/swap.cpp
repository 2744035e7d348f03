#include <catch2/catch.hpp>

#include "core/apply/swap.h"
#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

/// What was asked of the engine of this kind, in order.
std::vector<std::size_t> places(const ApplyMachine& machine, const std::string& beginning,
                                const std::string& end = "") {
    std::vector<std::size_t> found;
    for (std::size_t at = 0; at < machine.engine.asked.size(); ++at) {
        if (machine.engine.asked[at].starts_with(beginning) && machine.engine.asked[at].ends_with(end)) {
            found.push_back(at);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("A service that may run twice is swapped start-first", "[apply][swap]") {
    ApplyMachine machine{false, true};
    const std::string before = machine.seen();
    const std::string old = machine.engine.find("shop-web-1")->id;
    const ApplyResult result = machine.apply();
    CHECK(result.code == ExitCode::kDone);
    CHECK(result.recreated == std::vector<std::string>{"web"});
    // Who is connected to the old one cannot be seen here.
    CHECK(result.said.back() == "web was swapped start-first: the old one was told to stop after 10 s");
    const SmallEngine::Container* const now = machine.engine.find("shop-web-1");
    REQUIRE(now != nullptr);
    CHECK(now->id != old);
    CHECK(now->state == "running");
    CHECK(now->body["HostConfig"]["Memory"] == 134217728);
    CHECK(machine.engine.find("shop-web-2") == nullptr);
    CHECK(machine.engine.find(old) == nullptr);

    SECTION("whoever looked the name up has the new one alone, before the old one is told to stop") {
        const SmallEngine::Container* const front = machine.engine.find("shop-front-1");
        REQUIRE(front->looked_up.size() == 1);
        CHECK(front->looked_up[0].starts_with("address of " + now->id + "\tweb "));
        CHECK(front->hosts.empty());
        const auto told = places(machine, "POST /containers/" + front->id, "/exec");
        const auto stopped = places(machine, "POST /containers/" + old, "/stop");
        REQUIRE(told.size() == 3);  // pin, reload, unpin
        REQUIRE(stopped.size() == 1);
        CHECK(told[1] < stopped[0]);
        CHECK(stopped[0] < told[2]);
    }
    SECTION("a rollback ends with the old name and number") {
        CHECK(machine.roll_back().undone.size() == 1);
        CHECK(machine.seen() == before);
    }
    SECTION("a rollback without Compose does, too") {
        machine.compose_is_broken = true;
        machine.roll_back();
        CHECK(machine.seen() == before);
    }
    SECTION("the same again is nothing to do") { CHECK(machine.apply().recreated.empty()); }
    SECTION("a second change is swapped again, and both are taken back") {
        CHECK(machine.apply("256m").recreated.size() == 1);
        CHECK(machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"] == 268435456);
        CHECK(machine.roll_back(true).undone.size() == 2);
        CHECK(machine.seen() == before);
    }
}

TEST_CASE("A rollback that interrupts nobody leaves a swapped container alone", "[apply][swap]") {
    ApplyMachine machine{false, true};
    machine.apply();
    const std::string swapped = machine.engine.find("shop-web-1")->id;
    machine.live = true;
    machine.apply("256m");
    CHECK(machine.engine.find("shop-web-1")->id == swapped);
    RollbackRequest request;
    request.agreed = std::set<std::string>{};
    CHECK(machine.roll_back(request).undone.size() == 1);
    CHECK(machine.engine.find("shop-web-1")->id == swapped);
    CHECK(machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"] == 134217728);
}

TEST_CASE("A name that the user chose is no sign of a swap", "[apply][swap]") {
    ApplyMachine machine;
    const auto named = [&](bool by_user) {
        SmallEngine& engine = machine.engine;
        engine.asked.clear();
        const std::string id = engine.find("shop-web-1") != nullptr ? engine.find("shop-web-1")->id : "";
        engine.find(id)->name = "web-16";
        remove_where_swapped(engine, "shop", "web",
                             by_user ? nlohmann::json{{"container_name", "web-16"}} : nlohmann::json::object());
        return places(machine, "DELETE /containers/").size();
    };
    CHECK(named(true) == 0);
    CHECK(machine.engine.find("web-16") != nullptr);
    machine.engine.find("web-16")->name = "shop-web-1";
    CHECK(named(false) == 1);  // planted: Compose's own names end in the number
}

TEST_CASE("Where names cannot be pinned, who looked them up does so again when the old one is gone", "[apply][swap]") {
    ApplyMachine machine{false, true};
    machine.engine.has_shell = false;
    CHECK(machine.apply().code == ExitCode::kDone);
    const std::string front = machine.engine.find("shop-front-1")->id;
    const auto told = places(machine, "POST /containers/" + front, "/exec");
    const auto removed = places(machine, "DELETE /containers/");
    REQUIRE(told.size() == 3);  // a pin that fails, and two reloads
    REQUIRE(!removed.empty());
    CHECK(told[1] < removed[0]);
    CHECK(removed[0] < told[2]);
}

TEST_CASE("A second one that does not come up leaves the first one as it is", "[apply][swap]") {
    ApplyMachine machine{false, true};
    const std::string before = machine.seen();
    const std::string old = machine.engine.find("shop-web-1")->id;
    machine.engine.broken_when = "134217728";
    CHECK(machine.apply().code == ExitCode::kGateFailed);
    CHECK(machine.seen() == before);
    CHECK(machine.engine.find("shop-web-1")->id == old);
    CHECK(places(machine, "POST /containers/" + old, "/stop").empty());
}

TEST_CASE("an old one that was told to stop when we were killed runs again, and not only seems to", "[apply][swap]") {
    ApplyMachine machine{false, true};
    const std::string old = machine.engine.find("shop-web-1")->id;
    const int steps = steps_of(Begin::kNothingApplied, put_on, false, true);
    bool found = false;
    for (int at = 1; at <= steps && !found; ++at) {
        ApplyMachine killed{false, true};
        kill_at(killed, Begin::kNothingApplied, at, false, put_on);
        const std::vector<JournalRecord> records = killed.store().transactions().empty()
                                                       ? std::vector<JournalRecord>{}
                                                       : killed.store().journal("0001").records();
        found = !records.empty() && records.back().step == "stop container" && records.back().state == "intent" &&
                killed.engine.find(old) != nullptr && killed.engine.find(old)->state == "running";
        if (found) {
            killed.killer = {};
            killed.engine.asked.clear();
            killed.recover();
            const auto stopped = places(killed, "POST /containers/" + old, "/stop");
            const auto started = places(killed, "POST /containers/" + old, "/start");
            REQUIRE(stopped.size() == 1);
            REQUIRE(started.size() == 1);
            CHECK(stopped[0] < started[0]);
        }
    }
    CHECK(found);
}
