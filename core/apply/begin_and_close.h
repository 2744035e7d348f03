#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

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

/// How a work that is done already was closed.
struct Closed {
    bool too_late = false;  ///< a request to stop came meanwhile
    std::string left;       ///< what kept it from being closed; empty: it is
};

/// Runs what closes a work that is done already, and may be run twice. A request to stop that comes meanwhile is too
/// late and does not keep it from being closed; a further one does, and so does an engine that is lost. Neither undoes
/// what is done: the next command closes it. `too_late`: a request came before.
template <typename Work>
Closed closed_all_the_same(Cancel& cancel, const Work& work, bool too_late = false) {
    Closed closed{too_late, ""};
    for (;;) {
        try {
            work();
            return closed;
        } catch (const Interrupted&) {
            cancel.acknowledge();
            if (closed.too_late) {
                closed.left = "it was interrupted once more";
                return closed;
            }
            closed.too_late = true;
        } catch (const Error& error) {
            closed.left = error.what();
            return closed;
        }
    }
}

/// What is to be said of it: `done` is how the work stands, "all was applied", `next` what may be done then.
inline void say_how_closed(const Closed& closed, const std::string& done, const std::string& next,
                           std::vector<std::string>& said) {
    if (closed.too_late) {
        said.push_back(fmt::format("the interruption came when {}{}{}", done, next.empty() ? "" : ": ", next));
    }
    if (!closed.left.empty()) {
        said.push_back(fmt::format(
            "{}; the next command of docker pilotpros closes it, which could not be done now: {}", done, closed.left));
    }
}

}  // namespace pilotpros
