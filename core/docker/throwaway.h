#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/docker/tar.h"
#include "core/model/units.h"
#include "core/sys/cancel.h"

namespace pilotpros {

/// A question to a program in an image, asked in a container of its own, so that the running one is not disturbed: no
/// network, no volumes (the image's own anonymous ones are removed with it), nothing of the user's environment,
/// entrypoint overridden, labelled, removed at once; what a kill leaves behind is swept by the next run.
struct ThrowawayRequest {
    std::string image;                     ///< ID
    std::vector<std::string> argv;         ///< replaces entrypoint and command
    std::vector<std::string> environment;  ///< NAME=value; public values only
    Bytes memory = 0;                      ///< memory limit, swap equal; 0: none
    double cpus = 0;                       ///< CPU quota; 0: none
    Bytes shm_size = 0;                    ///< of /dev/shm; 0: the engine's default
    std::string user;                      ///< the image's own when empty
    int pids = 256;                        ///< most processes
    std::vector<TarFile> files;            ///< put in before it starts, readable by everybody; nothing of the user's
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

/// The label on every throw-away container; its value says which process of which machine made it.
inline constexpr const char* kThrowawayLabel = "io.pilotpros.throwaway";

ThrowawayResult ask_in_throwaway(Engine& engine, const ThrowawayRequest& request);

/// A container of the image that is created and never started: to look at the image's files. Removed with this object,
/// as far as the engine can still be asked.
class ThrowawayContainer {
  public:
    /// When the engine refuses, id() is empty and complaint() says why.
    ThrowawayContainer(Engine& engine, const ThrowawayRequest& request);
    ThrowawayContainer(const ThrowawayContainer&) = delete;
    ThrowawayContainer& operator=(const ThrowawayContainer&) = delete;
    ThrowawayContainer(ThrowawayContainer&&) = delete;
    ThrowawayContainer& operator=(ThrowawayContainer&&) = delete;
    ~ThrowawayContainer();

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] const std::string& complaint() const { return complaint_; }

  private:
    Engine& engine_;
    std::string id_, complaint_;
};

/// Removes what this very process left behind: after a request to stop, the engine cannot be asked until the request is
/// acknowledged, so whoever acknowledges it calls this. Returns how many.
int sweep_own_throwaways(Engine& engine);

/// What whoever ends because of a request to stop does last: acknowledges it and removes what this process left behind.
void sweep_after_interruption(Engine& engine, Cancel& cancel);

/// Removes throw-away containers that an earlier, killed run left behind: those older than `older_than`. Returns how
/// many.
int sweep_throwaways(Engine& engine, TimePoint older_than);

}  // namespace pilotpros
