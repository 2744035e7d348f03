#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/apply/guard.h"
#include "core/apply/store.h"
#include "core/apply/transaction.h"

namespace pilotpros {

/// So many of those that were taken back are kept, beside the first transaction. Nobody can go back to them: they only
/// tell what was tried last, and each holds the bytes of the user's files and the containers' environment, secrets
/// included. As many as the measured interruptions of a service.
inline constexpr std::size_t kTakenBackKept = 5;

/// Transactions, oldest first, and how far each got.
using Phases = std::vector<std::pair<std::string, Journal::Phase>>;

/// Those to be removed, oldest first: what was taken back, but for the newest of them and the first of all. What stands
/// applied is a stack down to the original state, and what is pending is still to be finished: all of it stays. Pure.
std::vector<std::string> beyond_retention(const Phases& history);

/// Removes them, and the guard containers that nothing needs any more; to be called when a transaction has ended, with
/// the lock held. Killed at any moment, the next command goes on. What cannot be removed is told, and tried again by
/// the next command: it takes nothing from what was just done.
void prune(Guard& guard, ApplyStore& store, ApplyWatcher& watcher);

}  // namespace pilotpros
