#include <catch2/catch.hpp>

#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

TEST_CASE("an apply that is killed between any two steps ends as before or after", "[apply]") {
    const bool torn = GENERATE(false, true);
    const bool two = GENERATE(false, true);  // services
    const Tally tally = every_kill(Begin::kNothingApplied, torn, put_on, recover, two);
    CHECK(tally.points > 20);
    CHECK(tally.third_states == 0);
}

TEST_CASE("a rollback that is killed between any two steps ends as before or after", "[apply]") {
    const bool torn = GENERATE(false, true);
    const bool two = GENERATE(false, true);  // services
    const Tally tally = every_kill(Begin::kApplied, torn, take_back, recover, two);
    CHECK(tally.points > 10);
    CHECK(tally.third_states == 0);
}

TEST_CASE("the check of killed work can fail: without the recovery there are third states", "[apply]") {
    CHECK(every_kill(Begin::kNothingApplied, false, put_on, [](ApplyMachine& /*machine*/) {}).third_states > 5);
    CHECK(every_kill(Begin::kApplied, false, take_back, [](ApplyMachine& /*machine*/) {}).third_states > 3);
}

TEST_CASE("a recovery that is killed itself is finished by the next one", "[apply]") {
    ApplyMachine untouched;
    const std::string before = untouched.seen();
    int points = 0;
    const int steps = steps_of(Begin::kNothingApplied, put_on);
    for (int at = 12; at <= steps; at += 3) {
        for (int again = 1;; ++again) {
            ApplyMachine machine;
            kill_at(machine, Begin::kNothingApplied, at, false, put_on);
            machine.killer = {again};
            bool killed = false;
            try {
                machine.recover();
            } catch (const Killed&) {
                killed = true;
            }
            machine.killer = {};
            machine.recover();
            const std::string now = machine.seen();
            const bool committed = machine.store().in_phase(Journal::Phase::kApplied).size() == 1;
            CHECK((committed || now == before));
            ++points;
            if (!killed) {
                break;
            }
        }
    }
    CHECK(points > 20);
}

TEST_CASE("a disk that is full at any step ends an apply as before", "[apply]") {
    ApplyMachine untouched;
    const std::string before = untouched.seen();
    const int steps = steps_of(Begin::kNothingApplied, put_on);
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine;
        machine.killer.count = 0;
        machine.killer.fail_at = at;
        bool failed = false;
        try {
            failed = machine.apply().code != ExitCode::kDone;
        } catch (const Error&) {
            failed = true;
        }
        machine.killer = {};
        machine.recover();
        CHECK((!failed || machine.seen() == before));
    }
}

TEST_CASE("an engine that is lost at any step is told, and the next command finishes", "[apply]") {
    ApplyMachine untouched;
    const std::string before = untouched.seen();
    int lost = 0;
    const int steps = steps_of(Begin::kNothingApplied, put_on);
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine;
        machine.killer.count = 0;
        machine.killer.lose_at = at;
        ExitCode code = ExitCode::kDone;
        try {
            code = machine.apply().code;
        } catch (const Error& error) {
            code = error.code();
        }
        const bool committed = machine.store().in_phase(Journal::Phase::kApplied).size() == 1;
        CHECK((committed || code == ExitCode::kEngineNeeded));
        lost += code == ExitCode::kEngineNeeded ? 1 : 0;
        machine.killer = {};
        machine.recover();
        CHECK((committed || machine.seen() == before));
    }
    CHECK(lost > 15);
}

TEST_CASE("a recovery loses nothing that a new container got since the kill", "[apply]") {
    ApplyMachine untouched;
    const std::string before = untouched.seen();
    int kept = 0;
    const int steps = steps_of(Begin::kNothingApplied, put_on);
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine;
        const std::string old = machine.engine.find("shop-web-1")->id;
        kill_at(machine, Begin::kNothingApplied, at, false, put_on);
        machine.killer = {};
        const auto* const found = machine.engine.find("shop-web-1");
        const bool newcomer = found != nullptr && found->id != old;
        const bool pending = machine.store().in_phase(Journal::Phase::kApplying).size() == 1;
        machine.engine.layers["shop-web-1"] = "/srv/upload.png";
        if (newcomer && pending) {
            ++kept;
            CHECK_THROWS_WITH(machine.recover(), Catch::Contains("/srv/upload.png"));
            CHECK(machine.engine.find("shop-web-1")->id != old);
            machine.engine.layers.clear();
        }
        machine.recover();
        CHECK((machine.store().in_phase(Journal::Phase::kApplied).size() == 1 || machine.seen() == before));
    }
    CHECK(kept > 5);
}
