#pragma once

#include <chrono>

#include "core/sys/descriptor.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Held by one process at a time, as long as this object lives; a process that is killed lets go. Advisory: flock(2) on
/// a file that stays, since removing it would let two processes hold two different files of one name.
class FileLock {
  public:
    /// Holds nothing: for a disk in memory.
    FileLock() = default;
    /// Waits at most this long. The file is made when it is not there, 0600; its directory has to exist. Throws Error
    /// (kRefused) when it cannot be made, or when somebody else does not let go in time.
    FileLock(const Path& file, std::chrono::milliseconds at_most);

  private:
    Descriptor file_;
};

}  // namespace pilotpros
