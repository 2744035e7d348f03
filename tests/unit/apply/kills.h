#pragma once

#include <catch2/catch.hpp>

#include "tests/unit/apply/apply_world.h"

namespace pilotpros::testing {

enum class Begin { kNothingApplied, kApplied };

/// A machine on which the work is killed before its step number `at`, and nothing else happened yet.
template <typename Work>
void kill_at(ApplyMachine& machine, Begin begin, int at, bool torn, Work work) {
    if (begin == Begin::kApplied) {
        REQUIRE(machine.apply().code == ExitCode::kDone);
    }
    machine.killer = {at, 0, 0, 0, torn};
    try {
        work(machine);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): that is how it dies
    }
}

template <typename Work>
int steps_of(Begin begin, Work work, bool two = false, bool stateless = false) {
    ApplyMachine machine{two, stateless};
    kill_at(machine, begin, 0, false, work);
    return machine.killer.count;
}

struct Tally {
    int points = 0, third_states = 0;
};

/// Kills at every step in turn; what is there after `recover` has to be what was there before or after.
template <typename Work, typename Recover>
Tally every_kill(Begin begin, bool torn, Work work, Recover recover, bool two = false, bool stateless = false) {
    ApplyMachine whole{two, stateless};
    kill_at(whole, begin, 0, false, [](ApplyMachine& /*machine*/) {});
    const std::string before = whole.seen();
    work(whole);
    const std::string after = whole.seen();
    CHECK(before != after);
    Tally tally;
    const int steps = steps_of(begin, work, two, stateless);
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine{two, stateless};
        kill_at(machine, begin, at, torn, work);
        machine.killer = {};
        recover(machine);
        const std::string now = machine.seen();
        ++tally.points;
        if (now != before && now != after) {
            ++tally.third_states;
        }
    }
    return tally;
}

inline void put_on(ApplyMachine& machine) { machine.apply(); }

/// Every apply that is killed after its service's old container went and before it was through; returns how many.
template <typename Use>
int each_left_without_the_old_one(const Use& use) {
    int found = 0;
    const int steps = steps_of(Begin::kNothingApplied, put_on);
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine;
        const std::string old = machine.engine.find("shop-web-1")->id;
        kill_at(machine, Begin::kNothingApplied, at, false, put_on);
        machine.killer = {};
        if (!machine.store().in_phase(Journal::Phase::kApplying).empty() && machine.engine.find(old) == nullptr) {
            CAPTURE(at);
            use(machine);
            ++found;
        }
    }
    return found;
}
inline void take_back(ApplyMachine& machine) { machine.roll_back(); }
inline void recover(ApplyMachine& machine) { machine.recover(); }

}  // namespace pilotpros::testing
