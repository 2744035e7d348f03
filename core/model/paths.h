#pragma once

#include <string_view>

namespace pilotpros {

/// Whether a path is this folder or lies below it, by its text alone: no link is followed. The root holds everything.
inline bool lies_in(std::string_view path, std::string_view folder) {
    return !folder.empty() && path.starts_with(folder) &&
           (path.size() == folder.size() || folder.ends_with('/') || path[folder.size()] == '/');
}

}  // namespace pilotpros
