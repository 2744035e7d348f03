#pragma once

#include <string>
#include <vector>

#include "core/model/project.h"
#include "core/sys/files.h"

namespace pilotpros {

/// How a change reaches the user's own `docker compose up`.
struct Route {
    enum class Kind {
        kLink,      ///< plain `docker compose up` finds our file through compose.override.yaml
        kStanding,  ///< the way in which the project is started merges our file already
        kCommand,   ///< it has to be named: `command` instead of `starting`
        kInPlace,   ///< the project's own files say it, no file of ours does
    };
    Kind kind = Kind::kCommand;
    Path ours;                          ///< .pilotpros/compose.yaml of the project; empty in place
    Path link;                          ///< the symlink that is made, or stands; empty without one
    std::vector<std::string> starting;  ///< "docker compose …", without "up": how the project is started now
    std::vector<std::string> command;   ///< the same with our file
    Path folder;                        ///< where both are typed, see typed_from()
    std::string why;                    ///< one line

    /// Whether the command with which the project is started now keeps the change.
    [[nodiscard]] bool kept() const { return kind != Kind::kCommand; }
    /// What Compose merges last: the link where there is one, so that labels are those of the user's own `up`; empty
    /// where that is none of ours.
    [[nodiscard]] const Path& layer() const { return link.empty() ? ours : link; }
};

/// From how the project was found, which of our files it merges already, and the names that stand in its folder; reads
/// no file. Throws Error (kRefused) where no later `up` could be told of a change: known by labels only, read from
/// standard input, fetched from elsewhere, managed by others.
Route route_of(const Project& project, const std::vector<std::string>& docker, const Files& files);

/// The same for values that go into the project's own files. Refuses, too, where an override of ours stands: it would
/// hide them.
Route route_in_place(const Project& project, const std::vector<std::string>& docker, const Files& files);

/// The command as it is typed, quoted for a shell where that is needed.
std::string shown(const std::vector<std::string>& command);
/// The same for who is `here`: with the way to the project's folder, where the command counts on being typed in it.
/// Without files that are named docker compose finds the folder from below.
std::string typed_from(const Path& here, const Path& folder, const std::string& command);

inline constexpr const char* kOurFolder = ".pilotpros";
inline constexpr const char* kOurFile = "compose.yaml";
inline constexpr const char* kLinkName = "compose.override.yaml";

}  // namespace pilotpros
