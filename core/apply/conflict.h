#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/apply/snapshot.h"
#include "core/sys/files.h"

namespace pilotpros {

/// A path of ours that somebody changed since we wrote it.
struct Conflict {
    std::string path;
    std::string what;                 ///< "was changed", "was removed", "is a folder now" …
    std::optional<std::string> ours;  ///< what we wrote; nothing where it is no file, or was not kept
    std::string theirs;               ///< the present file as without_values() shows it; empty where it is none
};

/// What changed since of these paths of a transaction: it holds neither what was there before nor what we wrote.
std::vector<Conflict> conflicts_of(const std::vector<PathRecord>& paths, const Path& directory, const Files& disk);

/// The user's version of a file of ours, fit to be shown: lines that we wrote stand as they are; of any other line only
/// its key is shown, since its value may be a secret, unless it is a value of a key that we write in this very file
/// ourselves and that no environment variable hides behind. Pure.
std::string without_values(const std::string& theirs, const std::string& ours);

/// Keeps the user's version of each of these paths beside it, under the first name FILE[-N].pilotpros-kept that is free
/// or holds the same already; where each lies. Throws Error (kRefused) for a folder, before anything was kept.
std::vector<std::string> keep_theirs(const std::vector<std::string>& paths, Files& disk);

/// Throws Error (kRefused) that names the paths, with the next step, unless there are none.
void refuse_changed(const std::vector<std::string>& changed);
/// keep_theirs(), and a line of each in `said`.
void keep_changed(const std::vector<std::string>& changed, Files& disk, std::vector<std::string>& said);

}  // namespace pilotpros
