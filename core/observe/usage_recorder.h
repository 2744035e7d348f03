#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/docker/event_stream.h"
#include "core/docker/json_lines.h"
#include "core/model/observation.h"
#include "core/observe/container_recorder.h"
#include "core/sys/clock.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Watches what the containers of a project use: one statistics stream a container and one stream of events, all in the
/// engine's own loop, and on a local engine the kernel's own counters.
class UsageRecorder {
  public:
    /// How often the kernel's counters are read on the way, so that a container that goes leaves them behind.
    static constexpr std::chrono::seconds kKernelInterval{5};

    /// How long samples that come one by one are let gather; also how late a request to stop is noticed.
    static constexpr std::chrono::milliseconds kGather{50};

    /// Events of `project` are heard from here on. `local_files` reads the kernel's files; null when the engine is not
    /// proven to be local.
    UsageRecorder(Engine& engine, const Clock& clock, const Files* local_files, std::string project);
    UsageRecorder(const UsageRecorder&) = delete;
    UsageRecorder& operator=(const UsageRecorder&) = delete;
    UsageRecorder(UsageRecorder&&) = delete;
    UsageRecorder& operator=(UsageRecorder&&) = delete;
    ~UsageRecorder();

    /// What the engine remembers of starts before we looked, for containers that are watched from now on.
    void remember_starts(const std::string& project);
    /// Begins to watch a container, running or not, and reads the kernel's counters of it: call it before anything runs
    /// inside. One that is watched already is left alone.
    void watch(const Container& container);
    /// Moves all streams on for at most this long; returns early when something came in.
    void step(std::chrono::milliseconds at_most);
    /// True once after a container started that is not watched: it can be looked for now.
    [[nodiscard]] bool newcomers();
    /// Whether the engine went away: its stream of events ended, and it does not answer any more.
    [[nodiscard]] bool lost() const { return lost_; }

    /// Around all that we run inside of the containers: what they use meanwhile is not their own use.
    void begin_questions();
    void end_questions();

    /// Reads the kernel's counters a last time and closes the streams. What was measured stays.
    void finish();

    /// By container ID.
    [[nodiscard]] std::map<std::string, Usage> usage() const;
    /// What could not be learned, said once for each service.
    [[nodiscard]] std::vector<Gap> gaps(bool interrupted = false) const;

  private:
    struct Watched;

    /// Opens the stream of events again where the engine is still there.
    void mend_events();
    void open_statistics(Watched& watched);
    void hear(const ContainerEvent& event);
    void read_kernel_of(Watched& watched);
    void read_kernels();
    /// A container that began anew has another process.
    void look_up_processes();

    Engine& engine_;
    const Clock& clock_;
    const Files* files_;
    std::map<std::string, std::unique_ptr<Watched>> watched_;
    std::map<std::string, RememberedStart> remembered_;
    EventStream events_;
    std::chrono::steady_clock::time_point kernels_read_;
    bool newcomers_ = false, finished_ = false, lost_ = false;
};

}  // namespace pilotpros
