#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/apply/conflict.h"
#include "core/apply/replacement.h"
#include "core/apply/rollback_scope.h"
#include "core/apply/store.h"
#include "core/apply/transaction.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// Undoes what killed commands left: every command that may find a pending journal calls this first, with the lock
/// held. Returns how many transactions it took back. `force`: a file that the user changed meanwhile goes back, too,
/// and their version is kept beside it. `give_way`: what was to go back exactly goes back by its files where an image
/// is gone. Throws Error: kRefused when they changed one and that was not said,
/// kNotRestored with what is left to do, EngineLost.
int finish_pending(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, bool force = false,
                   bool give_way = false);

/// What a rollback is going to do to one service.
struct ServicePreviewBack {
    std::string service;
    Replacement how;
    std::vector<std::string> data;     ///< what the containers that are replaced keep in their writable layers
    std::vector<std::string> volumes;  ///< volumes that the snapshot's containers do not have, or had
    std::optional<AnnouncedInterruption> away = {};  ///< of what is replaced: for how long
};

/// What a rollback is going to do.
struct RollbackPreview {
    RollbackScope scope;
    std::vector<Snapshot> undone;  ///< newest first; empty: there is nothing to undo
    std::vector<Conflict> conflicts;
    std::vector<ServicePreviewBack> services;  ///< none when only files go back
    /// How long the services that are replaced are going to be away.
    [[nodiscard]] std::map<std::string, AnnouncedInterruption> announced() const;
    /// Which ones those are.
    [[nodiscard]] std::set<std::string> interrupted() const;
};

/// Looks, and changes nothing. `engine`: null when only files go back. Throws Error as scope_of() does.
RollbackPreview preview_rollback(World& world, Engine* engine, const ApplyStore& store, const RollbackRequest& request);

/// Why it must not be done, each with the next step; passes where nothing is in the way. Throws Error (kRefused).
void refuse_what_is_in_the_way(const RollbackPreview& preview, const RollbackRequest& request);

struct RollbackResult {
    std::vector<Snapshot> undone;
    /// Of each service, with how long it was away, and of each file of the user's that was kept; a line each.
    std::vector<std::string> said;
};

/// Files byte for byte, then each service recreated by Compose from the user's present files, or from the snapshot
/// where Compose cannot or `exact` says so, through the same gate. Throws Error: kRefused before anything is touched;
/// kNotRestored with what is left to do, after all the rest was done.
RollbackResult roll_back(World& world, Engine& engine, ApplyStore& store, const RollbackRequest& request,
                         ApplyWatcher& watcher);

/// Rolls everything back, and takes away all that is kept of the project, on the disk and on the engine.
RollbackResult purge(World& world, Engine& engine, ApplyStore& store, RollbackRequest request, ApplyWatcher& watcher);

}  // namespace pilotpros
