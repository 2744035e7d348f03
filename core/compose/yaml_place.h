#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pilotpros {

/// Where something stands in a file; both count from 1.
struct YamlPlace {
    int line = 0, column = 0;
    std::size_t depth = 0;  ///< how many keys of the way were found: not all, e.g. where the rest is behind an alias
};

/// By the keys that lead there.
using YamlPlaces = std::map<std::vector<std::string>, YamlPlace>;

/// Where each key of the text stands that is at most `depth` keys below its top; of one that is there twice, the first.
/// Nothing when the text is too large to be worth it, only what is before the fault when it is no YAML. Follows keys
/// alone: aliases are not resolved, nothing is built, so that a hostile file costs no more than reading it.
YamlPlaces yaml_places(const std::string& yaml, std::size_t depth);

/// Where the key at the end of `path` stands, e.g. {"services", "web", "x-pilotpros"}, or how far down that way the
/// text leads; nothing when not even the first key is there. Of many keys, ask yaml_places() once.
std::optional<YamlPlace> yaml_place(const std::string& yaml, const std::vector<std::string>& path);

}  // namespace pilotpros
