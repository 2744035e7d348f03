#pragma once

#include <string>

#include "core/apply/rollback.h"

namespace pilotpros {

/// What a rollback is going to do; what keeps it from it first. A file that the user changed is shown as a diff against
/// what we wrote, values that are not ours left out. No line but one of a file is wider than `width` (0: not known).
std::string rollback_as_text(const RollbackPreview& preview, const RollbackRequest& request, bool purge, int width);

}  // namespace pilotpros
