#pragma once

#include <string>
#include <vector>

#include "core/apply/rollback.h"

namespace pilotpros {

/// The files alone; needs no engine. What a killed command left pending gets its files back, too, and stays pending.
RollbackResult roll_back_files(World& world, ApplyStore& store, const RollbackRequest& request, ApplyWatcher& watcher);

/// Finishes one that was cut short. What the user changed meanwhile is kept beside it; a line of each in `said`.
void finish_files(World& world, ApplyStore& store, const std::string& id, std::vector<std::string>& said);

}  // namespace pilotpros
