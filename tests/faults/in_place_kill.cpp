#include <catch2/catch.hpp>

#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

void put_in_place(ApplyMachine& machine) {
    machine.in_place = true;
    machine.apply();
}

}  // namespace

TEST_CASE("an apply in place, or its rollback, that is killed between any two steps ends as before or after",
          "[apply]") {
    const bool torn = GENERATE(false, true);
    const Tally tally = every_kill(Begin::kNothingApplied, torn, put_in_place, recover);
    CHECK(tally.points > 20);
    CHECK(tally.third_states == 0);
    CHECK(every_kill(Begin::kNothingApplied, torn, put_in_place, [](ApplyMachine& /*machine*/) {}).third_states > 5);

    ApplyMachine untouched;
    const std::string before = untouched.seen();
    int points = 0;
    for (int at = 1;; ++at) {
        ApplyMachine machine;
        put_in_place(machine);
        const std::string applied = machine.seen();
        kill_at(machine, Begin::kNothingApplied, at, torn, take_back);
        const bool killed = machine.killer.dead();
        machine.killer = {};
        machine.recover();
        CHECK((machine.seen() == before || machine.seen() == applied));
        ++points;
        if (!killed) {
            break;
        }
    }
    CHECK(points > 10);
}
