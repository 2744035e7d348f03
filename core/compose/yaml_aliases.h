#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/compose/yaml_place.h"

namespace pilotpros {

/// More values than Compose can be given: it writes every alias out, for 92 s and into 6 GB where ten multiply by ten
/// each. The 80 services of tests/corpus/eighty-services are 3265.
constexpr std::uint64_t kMostYamlValues = 1'000'000;
/// As much of a long value counts as one of its own: together they may hold 64 MB of text.
constexpr std::uint64_t kTextOfYamlValue = 64;

struct YamlAliases {
    std::optional<YamlPlace> multiplied;  ///< where they multiply to more than that
    std::vector<std::string> files;       ///< what may be other files that are read with it: values that end in .y(a)ml
};

/// The aliases of a text, counted and not written out. Nothing of what is no YAML, or is too large to be worth it.
YamlAliases aliases_in(const std::string& yaml);

}  // namespace pilotpros
