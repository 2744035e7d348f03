#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/docker/engine.h"

namespace pilotpros {

/// A program to run inside a running container. Never a shell string built from input.
struct ExecRequest {
    std::string container;
    std::vector<std::string> argv;
    std::string user;  ///< the container's own when empty
    std::chrono::milliseconds timeout{10'000};
};

/// How it ended.
struct ExecResult {
    bool started = false;    ///< false: the container is gone or not running, or has no such program
    bool timed_out = false;  ///< no API ends an exec: it may still be running
    int exit_code = -1;
    std::string output, error;
    std::chrono::microseconds took{0};  ///< to the end of its output
    std::string complaint;              ///< why it did not start or finish, in the engine's words
    [[nodiscard]] bool ok() const { return started && !timed_out && exit_code == 0; }
};

/// Runs all at once, standard input closed, and waits for all. Streams of the engine go on meanwhile.
std::vector<ExecResult> exec_all(Engine& engine, const std::vector<ExecRequest>& requests);
ExecResult exec(Engine& engine, const ExecRequest& request);

/// Ends what runs in an exec, where we may: on a local engine, and only a process that is provably the container's.
void end_exec(Engine& engine, const std::string& id);

}  // namespace pilotpros
