#pragma once

#include <chrono>

#include "core/model/error.h"
#include "core/sys/descriptor.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Somebody else holds a lock; `what()` names them.
class LockHeld : public Error {
  public:
    using Error::Error;
};

/// Held by one process at a time, as long as this object lives; a process that is killed lets go. Advisory: flock(2).
/// The file stays; should its holder remove it all the same, whoever waited for it takes the new one of that name.
class FileLock {
  public:
    enum class Children { kLetGo, kHoldItToo };

    /// Holds nothing: for a disk in memory.
    FileLock() = default;
    /// Waits at most this long. The file is made when it is not there, 0600; its directory has to exist. Throws Error
    /// (kRefused) when it cannot be made, LockHeld when somebody else does not let go in time.
    /// With kHoldItToo every child inherits it: an orphan of ours that still works keeps others out.
    FileLock(const Path& file, std::chrono::milliseconds at_most, Children children = Children::kLetGo);

  private:
    Descriptor file_;
};

}  // namespace pilotpros
