#pragma once

#include <string>

#include "core/sys/terminal.h"
#include "plugin/views/text.h"

namespace pilotpros {

/// One line for standard error, broken at blanks where that is a terminal; a file or a script gets it whole.
inline void tell(Terminal& terminal, const std::string& line, int indent) {
    terminal.err(wrap(printable(line), terminal.err_is_terminal() ? terminal.width() : 0, indent));
}

}  // namespace pilotpros
