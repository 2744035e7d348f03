#pragma once

#include <functional>
#include <stdexcept>

#include "core/model/error.h"

namespace pilotpros::testing {

/// The process is dead from here on: whatever it tries further comes to nothing.
struct Killed : std::runtime_error {
    Killed() : std::runtime_error("killed") {}
};

/// Counts every step that leaves a trace, over all seams, and dies just before the one it was told.
struct Killer {
    int at = 0;  ///< 0: never
    int count = 0;
    int fail_at = 0;                          ///< the disk is full at this step, once
    int lose_at = 0;                          ///< from this step on the engine gives no answer
    bool torn = false;                        ///< dies in the middle of a file's writing, where the step is one
    int broken_at = 0;                        ///< what this step writes is there, and the disk says that it is not
    std::function<void()> instead = nullptr;  ///< is told of every step, and decides alone what happens there
    [[nodiscard]] bool dead() const { return at > 0 && count >= at; }
    [[nodiscard]] bool next_is_last() const { return at > 0 && count + 1 == at; }
    [[nodiscard]] bool engine_lost() const { return lose_at > 0 && count >= lose_at; }
    void step() {
        if (instead) {
            instead();
            return;
        }
        if (dead() || ++count == at) {
            throw Killed();
        }
    }
    void file_step() {
        step();
        if (count == fail_at) {
            throw Error(ExitCode::kRefused, "no space left");
        }
    }
    void file_written() const {
        if (broken_at > 0 && count == broken_at) {
            throw Error(ExitCode::kRefused, "input/output error");
        }
    }
};

}  // namespace pilotpros::testing
