#pragma once

#include <string>
#include <vector>

#include "core/apply/store.h"
#include "core/apply/transaction.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// Undoes what killed commands left: every command that may find a pending journal calls this first, with the lock
/// held. Returns how many transactions it took back. Throws Error: kRefused when the user changed a file meanwhile,
/// kNotRestored with what is left to do, EngineLost.
int finish_pending(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher);

/// Puts back files and containers as the snapshot of a transaction that was never committed has them.
void undo_exactly(World& world, Engine& engine, ApplyStore& store, const std::string& id);

/// What a rollback is going to do.
struct RollbackPreview {
    std::vector<Snapshot> undone;        ///< newest first; empty: there is nothing to undo
    std::vector<std::string> conflicts;  ///< files that somebody changed since
    std::vector<std::string> services;   ///< that are recreated
};

/// The last applied transaction, or all of them.
RollbackPreview preview_rollback(const ApplyStore& store, const Files& files, bool all);

struct RollbackResult {
    std::vector<Snapshot> undone;
    std::vector<std::string> said;  ///< of each service, one line
};

/// Files byte for byte, then each service recreated by Compose from the user's present files, or from the snapshot
/// where Compose cannot, through the same gate. Throws Error: kRefused on a conflict, before anything is touched;
/// kNotRestored with what is left to do.
RollbackResult roll_back(World& world, Engine& engine, ApplyStore& store, bool all, ApplyWatcher& watcher);

/// Rolls everything back, and takes away all that is kept of the project, on the disk and on the engine.
RollbackResult purge(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher);

}  // namespace pilotpros
