#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/docker/events.h"
#include "core/model/units.h"
#include "core/sys/files.h"

namespace pilotpros {

/// How long one service was away while its containers were replaced, in seconds, from the signal that ended the old
/// one until the new one served; by the engine's own events.
struct Interruption {
    std::string at;      ///< ISO 8601, UTC
    double stop = 0;     ///< from the signal to the end
    double replace = 0;  ///< from there until the next one was started
    double start = 0;    ///< from there until it was healthy, or without a health check until it listened
    double spacing = 0;  ///< between two looks of its health check while it starts; 0: it has none
    [[nodiscard]] double away() const { return stop + replace + start; }
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Interruption, at, stop, replace, start, spacing)

/// By service, oldest first.
using Interruptions = std::map<std::string, std::vector<Interruption>>;

/// The replacement of a service's containers that these events tell of, those of other services among them. `served` is
/// when it served again where no health check says so. Nothing when no old container ended, or no new one started.
/// Several at once: from the first signal to the last one that served. Where the next one served before the old one
/// was told to end, nobody was without it: away() is 0. Pure.
std::optional<Interruption> interruption_of(const std::vector<ContainerEvent>& events, const std::string& service,
                                            std::optional<TimePoint> served);

/// An apply goes forward, a rollback back.
enum class Direction { kForward, kBack };

/// What docker compose is given to replace a service's containers, the time in which they stop included; `grace`: their
/// stop_grace_period in seconds.
std::chrono::seconds time_for_compose(Direction direction, int grace);

/// How long a start was seen to take, and `spacing` (see Interruption) as it was then.
struct SeenStart {
    double seconds = 0;
    double spacing = 0;
};

/// What there is to announce an interruption by, beside those that were measured. In seconds.
struct InterruptionBounds {
    double grace = 10;              ///< stop_grace_period
    double compose = 0;             ///< what docker compose is given, see time_for_compose()
    std::optional<double> stop;     ///< the slowest seen elsewhere
    std::optional<double> replace;  ///< …
    bool replaced_by_us = false;    ///< that was a container of our own, which took no docker compose
    std::vector<SeenStart> starts;  ///< until it served
    double give_up = 0;             ///< when its gate gives up
    double spacing = 0;             ///< of the health check that it is going to have
};

/// How long a service is going to be away.
struct AnnouncedInterruption {
    double at_most = 0;
    std::size_t measured = 0;  ///< so many earlier ones it rests on; 0: on its parts
    double stop = 0, replace = 0, start = 0;
    bool stop_seen = false, replace_seen = false, start_seen = false;
    bool replaced_by_us = false;
    double look = 0;  ///< what of `start` is for a health check that looks less often than the one it was seen with
};

/// The rule: the slowest of the last five that were measured with the same spacing of its health check, and a quarter
/// more, at least 200 ms more; what was measured is repeated within a quarter either way, so that what is announced is
/// at most one and a half times what happens, or 400 ms more. Where none was measured, the same of each part: the
/// slowest seen and a quarter more, else the bound that holds whatever happens: stop_grace_period, what is left then of
/// the time that docker compose is given, the gate's time-out. Where every start was seen with a health check that
/// looked more often, it may be noticed as late as the next look of the coming one. To what it took to replace a
/// container of ours half a second is added for docker compose's own steps. Pure.
AnnouncedInterruption announce_interruption(const std::vector<Interruption>& measured,
                                            const InterruptionBounds& bounds);
/// "at most 2.8 s: the slowest of 3 before took 2.2 s"; what was never seen is said. Pure.
std::string words(const AnnouncedInterruption& announced);

/// "web was away for 2.1 s (announced: at most 2.8 s)"; the brackets only where it was announced. Pure.
std::string was_away(const std::string& service, const Interruption& measured,
                     const std::map<std::string, AnnouncedInterruption>& announced);

/// What the engine still remembers (its last 256 events) of stops of the project's services, and of what it takes to
/// replace a container: of our own throw-away ones, from creating one to its start, and from its end until it was gone.
struct RecentTimes {
    std::map<std::string, double> stops;  ///< the slowest, by service, in seconds
    std::optional<double> replace;        ///< the slowest, in seconds
};
/// Reads the engine's answer to /events. Pure.
RecentTimes read_recent_times(const std::string& body, const std::string& project);
/// Asks. Empty where the engine does not answer at once.
RecentTimes recent_times(Engine& engine, const std::string& project, TimePoint now);

/// What was measured of a project's interruptions: STATE/ENGINE/PROJECT/interruptions.json, the last five a service.
class InterruptionStore {
  public:
    InterruptionStore(Files& files, const Path& project_directory)
        : files_(files), file_(project_directory / "interruptions.json") {}

    /// Nothing when there is none, or it is damaged.
    [[nodiscard]] Interruptions read() const;
    /// Adds these. Throws Error.
    void add(const Interruptions& measured);

  private:
    Files& files_;
    Path file_;
};

}  // namespace pilotpros
