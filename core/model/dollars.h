#pragma once

#include <string>

namespace pilotpros {

/// A Compose file writes a literal dollar twice: each pair as one. Pure.
/// Source: docs.docker.com/reference/compose-file/interpolation/
std::string undoubled(const std::string& text);

}  // namespace pilotpros
