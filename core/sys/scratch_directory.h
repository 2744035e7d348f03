#pragma once

#include "core/sys/files.h"

namespace pilotpros {

/// A private directory that is gone with this object. A killed run's is swept by the next one, see
/// core/verification.cpp; what cannot be removed stays as private as it was made.
class ScratchDirectory {
  public:
    /// Makes it; throws Error as Files does.
    ScratchDirectory(Files& files, Path path);
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    ScratchDirectory(ScratchDirectory&&) = delete;
    ScratchDirectory& operator=(ScratchDirectory&&) = delete;
    ~ScratchDirectory();

    [[nodiscard]] const Path& path() const { return path_; }

  private:
    Files& files_;
    Path path_;
};

}  // namespace pilotpros
