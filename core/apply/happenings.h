#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/docker/event_stream.h"
#include "core/sys/clock.h"

namespace pilotpros {

/// What happens to a project's containers while this object lives, in the engine's own words and by its clock. Whatever
/// waits for the engine moves it on; what happened while nobody waited is there after catch_up().
class Happenings {
  public:
    Happenings(Engine& engine, const Clock& clock, const std::string& project);
    Happenings(const Happenings&) = delete;
    Happenings& operator=(const Happenings&) = delete;
    Happenings(Happenings&&) = delete;
    Happenings& operator=(Happenings&&) = delete;
    ~Happenings() = default;

    /// Takes in what the engine has sent meanwhile.
    void catch_up();
    /// The same until the engine has told what it must, for 2 s at most: a busy one is late.
    void wait_until(const std::function<bool()>& told);
    [[nodiscard]] const std::vector<ContainerEvent>& events() const { return events_; }
    /// Whether a process of that container was killed for lack of memory; `from`: leaving out so many first events.
    [[nodiscard]] bool oom_killed(const std::string& container, std::size_t from = 0);
    /// What cannot be told, a line, where the engine does not let us hear its events any more; else empty.
    [[nodiscard]] std::string unheard() const;

  private:
    /// After the stream was opened again; for 2 s at most.
    void hear_what_was_missed();

    Engine& engine_;
    std::vector<ContainerEvent> events_;
    EventStream stream_;
};

}  // namespace pilotpros
