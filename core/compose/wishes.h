#pragma once

#include "core/model/project.h"
#include "core/model/wishes.h"
#include "core/sys/files.h"

namespace pilotpros {

/// `x-pilotpros` at the top of the files and in their services.
Wishes read_wishes(const Project& project, const Files& files);

}  // namespace pilotpros
