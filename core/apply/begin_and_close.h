#pragma once

#include <string>

#include "core/apply/guard.h"
#include "core/apply/store.h"
#include "core/model/error.h"
#include "core/sys/cancel.h"

namespace pilotpros {

/// Runs what a transaction keeps and locks before its journal begins. Where that fails nothing was changed, and neither
/// lock nor folder stays, but where the engine cannot say so: then the next command looks, as it does wherever
/// something was begun.
template <typename Work>
void begun_or_nothing_left(Cancel& cancel, Guard& guard, ApplyStore& store, const std::string& id, const Work& work) {
    try {
        work();
    } catch (const EngineLost&) {
        throw;
    } catch (const Error& error) {
        if (error.code() == ExitCode::kInterrupted) {
            cancel.acknowledge();
        }
        if (guard.unlock()) {
            store.abandon(id);
        }
        throw;
    }
}

/// Runs what closes a work that is done already, and may be run twice. A request to stop that comes meanwhile is too
/// late and does not keep it from being closed; a further one does. Returns whether one came.
template <typename Work>
bool closed_all_the_same(Cancel& cancel, const Work& work) {
    try {
        work();
        return false;
    } catch (const Interrupted&) {
        cancel.acknowledge();
        work();
        return true;
    }
}

}  // namespace pilotpros
