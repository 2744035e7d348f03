#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/units.h"

namespace pilotpros {

/// Which part of a container's log is wanted.
struct LogsRequest {
    std::string container;
    bool terminal = false;           ///< it was made with a terminal: its log comes without frames
    int tail = 100;                  ///< so many lines at the end, of those between the two times
    std::optional<TimePoint> since;  ///< whole seconds count
    std::optional<TimePoint> until;
};

/// One line that a container wrote to standard output or error.
struct LogLine {
    TimePoint time;    ///< when the engine got it
    std::string text;  ///< as it was written: may hold escapes and secrets
};

/// The lines in the order in which they were written; nothing where the engine cannot give the log: another driver
/// keeps it, or the container is gone. Throws EngineLost.
std::optional<std::vector<LogLine>> read_logs(Engine& engine, const LogsRequest& request);

/// The engine's answer, with time stamps, as lines of both streams in their order. Pure.
std::vector<LogLine> log_lines(const std::string& body, bool terminal);

}  // namespace pilotpros
