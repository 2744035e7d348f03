#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/docker/engine.h"

namespace pilotpros {

/// What the engine says of one path inside a container. Nothing is run in there.
struct PathStat {
    std::string link_target;  ///< of a symlink, as written; else empty
    std::uint64_t mode = 0;   ///< Go's FileMode: permission bits below, its own type bits above
    std::int64_t size = 0;
    [[nodiscard]] bool is_directory() const { return (mode & (1ULL << 31U)) != 0; }
    [[nodiscard]] bool is_executable_file() const {
        return !is_directory() && link_target.empty() && (mode & 0111U) != 0;
    }
};

/// Asks for all paths at once; nothing where there is no such path. The last part of a path is not followed when it is
/// a symlink. Throws EngineLost, and Error when the container itself is gone.
std::vector<std::optional<PathStat>> stat_paths(Engine& engine, const std::string& container,
                                                const std::vector<std::string>& paths);

/// The same for what each path leads to in the end; at most eight links are followed. `resolved` becomes where each
/// ended.
std::vector<std::optional<PathStat>> stat_resolved(Engine& engine, const std::string& container,
                                                   const std::vector<std::string>& paths,
                                                   std::vector<std::string>& resolved);

/// The header X-Docker-Container-Path-Stat: JSON in base64. Nothing when it is neither. Pure.
std::optional<PathStat> read_path_stat(const std::string& header);

}  // namespace pilotpros
