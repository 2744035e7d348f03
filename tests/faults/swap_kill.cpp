#include <catch2/catch.hpp>

#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

TEST_CASE("a swap that is killed between any two steps ends as before or after", "[apply][swap]") {
    const bool torn = GENERATE(false, true);
    const bool two = GENERATE(false, true);  // services
    const Tally tally = every_kill(Begin::kNothingApplied, torn, put_on, recover, two, true);
    CHECK(tally.points > 30);
    CHECK(tally.third_states == 0);
}

TEST_CASE("a swapped service's rollback that is killed between any two steps ends as before or after",
          "[apply][swap]") {
    const Tally tally = every_kill(Begin::kApplied, false, take_back, recover, false, true);
    CHECK(tally.points > 10);
    CHECK(tally.third_states == 0);
}

TEST_CASE("the check of killed swaps can fail: without the recovery there are third states", "[apply][swap]") {
    const Tally tally = every_kill(
        Begin::kNothingApplied, false, put_on, [](ApplyMachine& /*machine*/) {}, false, true);
    CHECK(tally.third_states > 20);
}
