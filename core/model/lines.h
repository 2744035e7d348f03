#pragma once

#include <string>
#include <vector>

namespace pilotpros {

/// The lines of a text, each with the "\n" that ends it; the last one may have none.
std::vector<std::string> lines_with_ends(const std::string& text);

}  // namespace pilotpros
