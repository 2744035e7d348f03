#pragma once

#include <chrono>
#include <string>

namespace pilotpros {

/// "30s", "2m", "1m30s", "500ms", or a bare number of seconds; at most a week. Throws Error (kUsage) otherwise.
std::chrono::milliseconds duration_option(const std::string& text);

}  // namespace pilotpros
