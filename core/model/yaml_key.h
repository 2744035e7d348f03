#pragma once

#include <string>

namespace pilotpros {

/// A key of a mapping as YAML: plain where nobody could read it otherwise (1.5, 1e3, true and null are no names), else
/// in double quotes.
std::string yaml_key(const std::string& key);

}  // namespace pilotpros
