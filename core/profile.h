#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/compose/discovery.h"
#include "core/connection.h"
#include "core/model/observation.h"
#include "core/model/project.h"
#include "core/world.h"

namespace pilotpros {

/// Whether a profile measures, or rests on what earlier runs kept.
enum class Measure {
    kAlways,
    kWhenNeeded,  ///< asks the programs; measures only where nothing recent is kept of what runs now
    kNever,       ///< reads what is kept, asks nobody
};

/// What `docker pilotpros profile` was asked.
struct ProfileRequest {
    Selectors selectors;
    std::optional<Project> discovered;  ///< what the selectors gave a moment ago; absent: they are followed
    std::vector<std::string> services;  ///< empty: all
    std::vector<std::string> named;  ///< services that the user named and that have to exist, though all are looked at
    std::chrono::milliseconds duration{30'000};
    Measure measure = Measure::kAlways;
    bool layers_anew =
        false;  ///< what is remembered of the writable layers does not count: a container is to be replaced
};

/// Whoever watches a profile while it is taken.
class ProfileWatcher {
  public:
    ProfileWatcher() = default;
    ProfileWatcher(const ProfileWatcher&) = delete;
    ProfileWatcher& operator=(const ProfileWatcher&) = delete;
    ProfileWatcher(ProfileWatcher&&) = delete;
    ProfileWatcher& operator=(ProfileWatcher&&) = delete;
    virtual ~ProfileWatcher() = default;

    /// What is known before anything was measured or asked.
    virtual void first_facts(const Project& /*project*/, const Observation& /*observation*/) {}
    /// Asked about once a second while measuring: making the numbers costs something.
    virtual bool wants_progress(Seconds /*done*/) { return false; }
    /// What is being done after that, e.g. "asking PostgreSQL of db".
    virtual void stage(const std::string& /*what*/) {}
    /// Follows a yes; usage is that so far.
    virtual void progress(const Observation& /*observation*/, Seconds /*done*/, Seconds /*of*/) {}
};

struct Profile {
    Project project;
    Observation observation;
    bool interrupted = false;  ///< cut short by the user: what was measured until then is kept
    std::string lost;          ///< not empty: the engine went away, and this is how it showed
};

/// Discovers, observes, asks and measures a project. Without an engine it works from the files and says which facts it
/// lacks.
Profile take_profile(World& world, const ProfileRequest& request, ProfileWatcher& watcher);
Profile take_profile(World& world, const Connection& connection, const ProfileRequest& request,
                     ProfileWatcher& watcher);

}  // namespace pilotpros
