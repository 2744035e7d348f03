#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pilotpros {

/// Those of `names` that `wanted` is most likely a slip of the pen for: the closest by Levenshtein's distance, as long
/// as no more than a third of the letters differ. In the order given; empty when none is near.
std::vector<std::string> nearest(const std::vector<std::string>& names, std::string_view wanted);

/// " (did you mean a or b?)", or nothing when none is near.
std::string did_you_mean(const std::vector<std::string>& names, std::string_view wanted);

}  // namespace pilotpros
