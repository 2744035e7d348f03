#pragma once

#include <string>

namespace pilotpros {

/// A Compose file writes a literal dollar twice: each pair as one. Pure.
/// Source: docs.docker.com/reference/compose-file/interpolation/
std::string undoubled(const std::string& text);

/// Whether Compose would still have to fill something in: `$NAME` or `${…}`; `$$` is a dollar. Pure.
bool has_variable(const std::string& text);

}  // namespace pilotpros
