#pragma once

#include <string>

#include "core/sys/cancel.h"
#include "core/sys/terminal.h"

namespace pilotpros {

/// Asks a yes-or-no question where somebody can answer it: standard input and standard error are terminals. Elsewhere
/// it throws Error (kRefused): a script passes --yes. A request to stop throws Interrupted.
bool confirm(const std::string& question, Terminal& terminal, const Cancel& cancel);

}  // namespace pilotpros
