#pragma once

#include <optional>
#include <string>

#include "core/compose/yaml_place.h"

namespace pilotpros {

/// Where a text stops being YAML: at a byte that is not UTF-8, a control character, or where a parser gives up.
/// Nothing when it is YAML throughout, or too large to be worth it. Nothing is built of it, as in yaml_place().
std::optional<YamlPlace> yaml_fault(const std::string& yaml);

/// Compose names the line at most, and often that where a block began: "yaml: line 2: reason" with this place instead.
std::string with_yaml_place(const std::string& complaint, const YamlPlace& place);

}  // namespace pilotpros
