#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/apply/begun.h"
#include "core/apply/rollback.h"

namespace pilotpros {

/// Takes transactions back that were committed, newest first, files and containers; the lock is held. `looked`: what
/// the containers' writable layers hold was just read. Throws Error (kRefused) before anything changed, kNotRestored
/// with what to do where something could not go back.
RollbackResult take_back(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, const Begun& begun,
                         bool looked, std::map<std::string, AnnouncedInterruption> announced,
                         const std::vector<std::string>& ids);

/// What stops a restoration half way, a full disk for one, is no refusal: the journal stays pending. So does what stops
/// it because it was asked to.
void restoring(const std::function<void()>& work);
/// The same of the records that begin it: where `begun` finds none of them, nothing is cut short, and the error stays.
void announcing(const std::function<void()>& work, const std::function<bool()>& begun);

}  // namespace pilotpros
