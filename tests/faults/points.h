#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/apply/apply_world.h"

namespace pilotpros::testing {

/// What can go wrong at a point. Those of a disk happen at its calls, those of the engine at requests, ours or
/// Compose's.
enum class Fault {
    kNone,
    kFullOnce,       ///< ENOSPC
    kFull,           ///< ENOSPC, and from then on, until the command has ended; what only removes goes on
    kBrokenOnce,     ///< EIO
    kBroken,         ///< EIO, and from then on
    kResetBefore,    ///< the connection ends, and the engine has not done it
    kResetAfter,     ///< … and the engine has done it
    kEngineGone,     ///< no answer, from then on
    kServerError,    ///< 500, and nothing is done
    kServerErrors,   ///< 500, from then on
    kComposeKilled,  ///< kill -9 of Compose, not of us
};

inline bool of_the_disk(Fault fault) { return fault >= Fault::kFullOnce && fault <= Fault::kBroken; }
inline bool stays(Fault fault) {
    return fault == Fault::kFull || fault == Fault::kBroken || fault == Fault::kEngineGone ||
           fault == Fault::kServerErrors;
}

/// Every moment at which a command may be struck: each call of the disk that changes something, each request to the
/// engine.
class FaultPoints {
  public:
    enum class Seam { kDisk, kEngine, kCompose };

    /// Says what happens at this point, which is counted.
    Fault next(Seam seam, const std::string& name, bool only_asks, bool takes_space = false) {
        ++count;
        names.push_back(name);
        if (on_point && !only_asks) {
            on_point();
        }
        const bool here = fault != Fault::kNone && (count == at || (stays(fault) && count > at && at > 0));
        const bool fits = (seam == Seam::kDisk) == of_the_disk(fault) &&
                          (fault != Fault::kComposeKilled || seam == Seam::kCompose) &&
                          (takes_space || (fault != Fault::kFull && fault != Fault::kFullOnce));
        struck = struck || (here && fits);
        return here && fits ? fault : Fault::kNone;
    }

    int at = 0;
    Fault fault = Fault::kNone;
    int count = 0;
    bool struck = false;             ///< whether the fault happened
    std::vector<std::string> names;  ///< of the points so far
    std::function<void()> on_point;  ///< sees the world as a kill just there would leave it
};

}  // namespace pilotpros::testing
