#pragma once

#include <string>
#include <vector>

#include "core/apply/store.h"
#include "core/apply/transaction.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// Puts back files and containers as the snapshot of a transaction that was never committed has them; a service whose
/// old image is gone by its files, which is told. What cannot go back does not keep the rest from it. Returns a line of
/// each service that is as it was and does not come up healthy. Throws Error: kRefused where the user changed a file
/// meanwhile and `force` does not say that it goes back, too; kNotRestored with what is left to do; EngineLost.
/// Throws Error (kNotRestored) where there is any of these lines. Pure.
void refuse_unhealthy(const std::vector<std::string>& lines);

std::vector<std::string> undo_exactly(World& world, Engine& engine, ApplyStore& store, const std::string& id,
                                      ApplyWatcher& watcher, bool force = false);

}  // namespace pilotpros
