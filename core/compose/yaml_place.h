#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace pilotpros {

/// Where something stands in a file; both count from 1.
struct YamlPlace {
    int line = 0, column = 0;
    std::size_t depth = 0;  ///< how many keys of the way were found: not all, e.g. where the rest is behind an alias
};

/// Where the key at the end of `path` stands, e.g. {"services", "web", "x-pilotpros"}, or how far down that way the
/// text leads; nothing when not even the first key is there, the text is no YAML or is too large to be worth it.
/// Follows keys alone: aliases are not resolved, nothing is built, so that a hostile file costs no more than reading
/// it.
std::optional<YamlPlace> yaml_place(const std::string& yaml, const std::vector<std::string>& path);

}  // namespace pilotpros
