#pragma once

#include "core/model/error.h"
#include "core/sys/cancel.h"

namespace pilotpros {

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
