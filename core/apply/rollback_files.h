#pragma once

#include <string>
#include <vector>

#include "core/apply/rollback.h"

namespace pilotpros {

/// The files alone; needs no engine. What a killed command left pending gets its files back, too, and stays pending.
RollbackResult roll_back_files(World& world, ApplyStore& store, const RollbackRequest& request, ApplyWatcher& watcher);

/// Finishes what was cut short of the files alone; so many. What the user changed since is refused, with all left as it
/// is; with `force`, or where the one that was cut short had it, it is kept beside, a line of each in `said`.
int finish_files(World& world, ApplyStore& store, bool force, ApplyWatcher& watcher, std::vector<std::string>& said);

/// Files of several transactions, newest first: each path once, as the oldest that wrote it found it, since a killed
/// run may have taken folders of it away already. What the user changed since is kept beside it, with a line in `said`.
void restore_together(const ApplyStore& store, const std::vector<Snapshot>& snapshots, Files& disk,
                      ApplyWatcher& watcher, std::vector<std::string>& said);
/// What these touched, for changed_since(). Pure.
std::vector<PathRecord> paths_of(const std::vector<Snapshot>& snapshots);

}  // namespace pilotpros
