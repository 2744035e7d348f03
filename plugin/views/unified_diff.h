#pragma once

#include <optional>
#include <string>

namespace pilotpros {

/// What `diff -u` says of two versions of a file, a/PATH and b/PATH; nothing stands for a file that is not there. Empty
/// when they are the same.
std::string unified_diff(const std::string& path, const std::optional<std::string>& from,
                         const std::optional<std::string>& to);

}  // namespace pilotpros
