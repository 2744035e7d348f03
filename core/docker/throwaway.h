#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/units.h"

namespace pilotpros {

/// A question to a program in an image, asked in a container of its own, so that the running one is not disturbed: no network, no volumes (the
/// image's own anonymous ones are removed with it), nothing of the user's environment, entrypoint overridden, labelled, removed at once; what a kill leaves behind is
/// swept by the next run.
struct ThrowawayRequest {
    std::string image;               ///< ID
    std::vector<std::string> argv;   ///< replaces entrypoint and command
    std::vector<std::string> environment;  ///< NAME=value; public values only
    Bytes memory = 0;                ///< memory limit, swap equal; 0: none
    double cpus = 0;                 ///< CPU quota; 0: none
    std::chrono::milliseconds timeout{20'000};
};

struct ThrowawayResult {
    bool started = false;
    bool timed_out = false;
    bool oom_killed = false;
    int exit_code = -1;
    std::string output, error;
    std::string complaint;  ///< why it did not start, in the engine's words
    [[nodiscard]] bool ok() const { return started && !timed_out && exit_code == 0; }
};

/// The label on every throw-away container; its value is the project's name or "-".
inline constexpr const char* kThrowawayLabel = "io.pilotpros.throwaway";

ThrowawayResult ask_in_throwaway(Engine& engine, const ThrowawayRequest& request);

/// Removes throw-away containers that an earlier, killed run left behind: those older than `older_than`. Returns how many.
int sweep_throwaways(Engine& engine, TimePoint older_than);

}  // namespace pilotpros
