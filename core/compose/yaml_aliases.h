#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/compose/yaml_place.h"

namespace pilotpros {

/// More values than Compose can be given: it writes every alias out, for 92 s and into 6 GB where ten multiply by ten
/// each. The 80 services of tests/corpus/eighty-services are 3265.
constexpr std::uint64_t kMostYamlValues = 1'000'000;

/// Where the aliases of a text multiply to more than that, which is counted and not written out; nothing where they do
/// not, where it is no YAML, or is too large to be worth it.
std::optional<YamlPlace> multiplied_aliases(const std::string& yaml);

}  // namespace pilotpros
