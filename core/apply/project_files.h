#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/apply/route.h"
#include "core/apply/snapshot.h"
#include "core/model/bundle.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Every path that writing these files and the route's link touches, in the order of making, with what stands there
/// now and what will. Paths that stay as they are are left out. Throws Error (kRefused) when something of the user's
/// stands where ours has to go.
std::vector<PathRecord> paths_to_write(const std::vector<BundleFile>& files, const Route& route, const Files& disk);

/// Keeps the bytes that stand there now in `directory`, the snapshot's.
void keep_bytes(std::vector<PathRecord>& paths, const Path& directory, Files& disk);

/// Keeps what is going to be written there, too: what a user changes in it later can be shown.
void keep_written(std::vector<PathRecord>& paths, const std::map<std::string, std::string>& contents,
                  const Path& directory, Files& disk);

/// The files' contents by their absolute paths.
std::map<std::string, std::string> contents_by_path(const std::vector<BundleFile>& files, const Route& route);

/// Throws Error (kRefused) where one of them is not any more what its record says was there before.
void refuse_changed_just_now(const std::vector<PathRecord>& paths, const Files& disk);

/// Makes what the records say: folders 0755, files 0644, the link last; what is to be absent is removed.
void write_paths(const std::vector<PathRecord>& paths, const std::map<std::string, std::string>& contents, Files& disk);

/// The paths that hold neither what was there before nor what we put there: somebody changed them since. Of several
/// records of one path, from several applies, each may be what stands there.
std::vector<std::string> changed_since(const std::vector<PathRecord>& paths, const Files& disk);

/// Puts back what was there, last first, byte for byte; a folder of ours that holds something of others stays, and so
/// does a mode that the user gave a file since it was written. What killed writers left beside them goes, too. Doing it
/// twice is doing it once.
void restore_paths(const std::vector<PathRecord>& paths, const Path& directory, Files& disk);

}  // namespace pilotpros
