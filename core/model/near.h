#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pilotpros {

/// Levenshtein's distance: how many letters must be put in, left out or changed.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// Those of `names` that `wanted` is most likely a slip of the pen for: the closest by Levenshtein's distance, as long
/// as no more than a third of the letters differ. In the order given; empty when none is near.
std::vector<std::string> nearest(const std::vector<std::string>& names, std::string_view wanted);

/// " (did you mean a or b?)", or nothing when none is near.
std::string did_you_mean(const std::vector<std::string>& names, std::string_view wanted);

}  // namespace pilotpros
