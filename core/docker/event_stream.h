#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/docker/engine.h"
#include "core/docker/events.h"
#include "core/docker/json_lines.h"
#include "core/sys/clock.h"

namespace pilotpros {

/// The events of one Compose project, from its construction on, in the engine's own loop. What lies between the engine
/// and us may end a stream that is quiet: it is opened again where it broke off, and no event is told twice.
class EventStream {
  public:
    using OnEvent = std::function<void(ContainerEvent)>;

    EventStream(Engine& engine, const Clock& clock, std::string project, OnEvent on_event);
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;
    EventStream(EventStream&&) = delete;
    EventStream& operator=(EventStream&&) = delete;
    ~EventStream() { close(); }

    /// It ended, and nothing was done about it yet.
    [[nodiscard]] bool broken() const { return !ended_.empty() && !given_up_; }
    /// Opens it again, or gives up: the engine refuses it, or ends it at once each time. True when it was opened.
    bool mend();
    /// It was opened again, and nothing came of it yet: what was heard last is told once more, so that something has
    /// to.
    [[nodiscard]] bool owes() const { return owes_; }
    /// Why nothing is heard any more; empty: it is.
    [[nodiscard]] const std::string& ended() const { return ended_; }
    void close() { engine_.close(stream_); }

  private:
    void open(std::optional<TimePoint> since);

    Engine& engine_;
    const Clock& clock_;
    std::string project_;
    OnEvent on_event_;
    std::unique_ptr<JsonLines> lines_;
    Engine::StreamId stream_ = 0;
    std::string ended_;
    int status_ = 0, quick_ends_ = 0;
    TimePoint begin_, last_;  ///< ours, and the engine's own
    std::chrono::steady_clock::time_point opened_;
    bool given_up_ = false, owes_ = false;
};

}  // namespace pilotpros
