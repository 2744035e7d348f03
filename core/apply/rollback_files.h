#pragma once

#include <string>
#include <vector>

#include "core/apply/rollback.h"

namespace pilotpros {

/// The files alone; needs no engine. What a killed command left pending gets its files back, too, and stays pending.
RollbackResult roll_back_files(World& world, ApplyStore& store, const RollbackRequest& request, ApplyWatcher& watcher);

/// Finishes one that was cut short. What the user changed meanwhile is kept beside it; a line of each in `said`.
void finish_files(World& world, ApplyStore& store, const std::string& id, std::vector<std::string>& said);

/// Files of several transactions, newest first: each path once, as the oldest that wrote it found it, since a killed
/// run may have taken folders of it away already. What the user changed since is kept beside it, with a line in `said`.
void restore_together(const ApplyStore& store, const std::vector<Snapshot>& snapshots, Files& disk,
                      ApplyWatcher& watcher, std::vector<std::string>& said);
/// What these touched, for changed_since(). Pure.
std::vector<PathRecord> paths_of(const std::vector<Snapshot>& snapshots);

}  // namespace pilotpros
