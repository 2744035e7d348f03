#pragma once

#include <string>

namespace pilotpros {

/// The parser's help, no line wider than `width` (0: not known), what is said of an option below its beginning, and
/// never two empty lines in a row.
std::string help_as_text(const std::string& help, int width);

}  // namespace pilotpros
