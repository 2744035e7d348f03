#pragma once

#include <string>
#include <vector>

#include "core/sys/files.h"

namespace pilotpros {

/// The processes that hold a flock(2) on this file, each by name and number, as far as this user may see: also those
/// that inherited it. Who only waits for it is none of them.
std::vector<std::string> lock_holders(const Path& file);

}  // namespace pilotpros
