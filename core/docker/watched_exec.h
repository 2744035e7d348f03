#pragma once

#include <string>

#include "core/docker/engine.h"
#include "core/docker/exec.h"
#include "core/docker/frames.h"

namespace pilotpros {

/// A program in a container whose output is read while it runs, in the engine's own loop. It should end by itself in
/// good time: when this object goes earlier, its process is ended only where we may (a local engine).
class WatchedExec {
  public:
    /// Starts it. When it cannot be started, `complaint()` says why and nothing ever comes. `request.timeout` is not
    /// used.
    WatchedExec(Engine& engine, const ExecRequest& request);
    WatchedExec(const WatchedExec&) = delete;
    WatchedExec& operator=(const WatchedExec&) = delete;
    WatchedExec(WatchedExec&&) = delete;
    WatchedExec& operator=(WatchedExec&&) = delete;
    ~WatchedExec();

    /// What it has written to standard output since the last call.
    std::string take_output() { return frames_.take_output(); }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }
    /// Whether it ended by itself, and well.
    [[nodiscard]] bool ended() const { return ended_ && complaint_.empty(); }

  private:
    Engine& engine_;
    std::string id_;
    Engine::StreamId stream_ = 0;
    Frames frames_;
    std::string complaint_;
    bool ended_ = false;
};

}  // namespace pilotpros
