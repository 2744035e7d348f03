#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/advising.h"
#include "core/model/advice.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/profile.h"

namespace pilotpros {

/// What `tune`, `limits` and `healthcheck` were asked.
struct TuneRequest {
    ProfileRequest profile;            ///< its services narrow the Plan, not what is observed: the machine is shared
    std::set<std::string> only, skip;  ///< advisors; `only` empty: all
};

/// A Plan, and all that it came from.
struct Tuning {
    Profile profile;
    Wishes wishes;
    Written written;  ///< what an earlier apply wrote
    Written advised;  ///< what an earlier run showed
    std::map<std::string, bool> development;
    Plan plan;
    Bundle bundle;
    std::string hash;                            ///< of the Plan
    std::map<std::string, std::string> present;  ///< files below .pilotpros now, by relative path
    /// What applied files of ours hide and the user has changed since, e.g. "command of db".
    std::vector<std::string> masked_changes;
};

/// What keeps a service's containers from being replaced, by service: the paths of its writable layer that hold data.
std::map<std::string, std::vector<std::string>> data_in_layers(const Tuning& tuning);

/// The part of a Plan that an apply may touch.
struct Applicable {
    Plan plan;
    Bundle bundle;
    std::string hash;
    std::set<std::string> waiting;  ///< services with Changes that are left out
    std::set<std::string> owners;   ///< those of them inside of whose containers others run
};

/// Without the services that keep data in their containers' writable layer, those inside of whose containers others run
/// (unless it is applied `live`), and those whose profile is not active: each is a LeftAlone with the fix. Pure.
Applicable applicable_part(const Tuning& tuning, bool live);

/// discover -> observe (measure, or rest on what is kept) -> advise -> bundle -> verify. Without an engine it works
/// from the files alone. Changes nothing.
Tuning tune(World& world, const TuneRequest& request, ProfileWatcher& watcher);
/// The same over a given connection, which `--apply` goes on using.
Tuning tune(World& world, const Connection& connection, const TuneRequest& request, ProfileWatcher& watcher);

}  // namespace pilotpros
