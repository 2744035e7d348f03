#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/apply/happenings.h"
#include "core/apply/interruption.h"
#include "core/apply/journal.h"
#include "core/apply/replacement.h"
#include "core/apply/store.h"
#include "core/apply/transaction.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// Has a service's containers go back once its files have: by Compose or from the snapshot, and through the gate.
class Recreation {
  public:
    /// `announced`: how long services were said to be away, by service. `give_way`: in exact mode a service whose image
    /// the engine has no more goes back by its files.
    Recreation(World& world, Engine& engine, const ApplyStore& store, ApplyWatcher& watcher, bool exact,
               std::map<std::string, AnnouncedInterruption> announced, bool give_way = false)
        : world_(world),
          engine_(engine),
          store_(store),
          watcher_(watcher),
          exact_(exact),
          give_way_(give_way),
          announced_(std::move(announced)) {}

    /// How the project's own files are resolved, as they are now: with what earlier applies wrote where it stands.
    [[nodiscard]] ComposeRun compose_of(const Snapshot& snapshot) const;

    /// `service` as `snapshot` has it, `running` containers of it. What it makes is journaled. Returns what the gate
    /// said, how long the service was away, and in exact mode what differs from before, a line each. Throws Error
    /// (kNotRestored) with what is left to do.
    std::vector<std::string> back(const Snapshot& snapshot, const ServiceRecord& service, int running,
                                  Journal& journal);

    /// Once others went back: makes those anew that ran inside of a container that was replaced, from their files,
    /// through the gate; `ran`: see running_inside(). One that cannot be made anew is unhealthy(), with what to do.
    /// Returns what the gates said.
    std::vector<std::string> bring_along(const Snapshot& snapshot, const std::map<std::string, int>& ran);

    /// Services that did not come up healthy, as their gates said.
    [[nodiscard]] const std::vector<std::string>& unhealthy() const { return unhealthy_; }

  private:
    /// Why it could not be made anew; empty: it was.
    std::string make_anew(const Snapshot& snapshot, const std::string& service, int number,
                          std::vector<std::string>& said);
    /// `replaces`: containers that run are made anew, and do not just get others beside them.
    bool by_compose(const ComposeRun& run, const Intended& intended, const Snapshot& snapshot,
                    const std::string& service, int running, bool replaces) const;
    /// Returns the IDs of those that stood all along.
    std::set<std::string> by_snapshot(const Intended& intended, const Snapshot& snapshot, const ServiceRecord& service,
                                      Journal& journal) const;
    /// How long it was away; kept for the next announcement. Nothing where nothing was replaced.
    std::optional<std::string> time_away(Happenings& happenings, const std::string& service, double spacing,
                                         std::optional<TimePoint> served) const;
    [[nodiscard]] std::vector<std::string> compared(const Snapshot& snapshot, const ServiceRecord& service) const;

    World& world_;
    Engine& engine_;
    const ApplyStore& store_;
    ApplyWatcher& watcher_;
    bool exact_ = false, give_way_ = false;
    std::map<std::string, AnnouncedInterruption> announced_;
    std::vector<std::string> unhealthy_;
};

}  // namespace pilotpros
