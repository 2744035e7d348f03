#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/snapshot.h"
#include "core/model/plan.h"
#include "core/model/project.h"
#include "core/world.h"

namespace pilotpros {

/// One of the project's own files, as it is and with the Plan's values in it.
struct PatchedFile {
    std::string path, before, after;
    std::vector<std::string> lines;  ///< what changes in it, to be shown
};

/// The project's own files that the Plan changes. Throws Error (kRefused) with all that is in the way: a Plan is never
/// written by halves, since its values may rest on each other.
std::vector<PatchedFile> patch_files(const Project& project, const Plan& plan, const Files& files);

/// Asks Compose what it makes of the patched files, before any of them is written: it has to be what the files with the
/// override give, value by value and by the hashes of the services. Throws Error (kRefused) where it is not.
void require_same_as_override(World& world, const Project& project, const std::vector<PatchedFile>& patched,
                              const nlohmann::json& with_override, const std::map<std::string, std::string>& hashes);

/// What writing them touches.
std::vector<PathRecord> paths_to_patch(const std::vector<PatchedFile>& patched, const Files& files);

/// Throws Error (kRefused) where what was kept of a file is not what was patched: somebody has it open.
void refuse_edited_meanwhile(const std::vector<PatchedFile>& patched, const std::vector<PathRecord>& kept);

/// The arguments of Compose with the files that these transactions (newest first) changed as they were before them.
std::vector<std::string> arguments_with_files_before(std::vector<std::string> arguments,
                                                     const std::vector<Snapshot>& undone,
                                                     const std::map<std::string, Path>& directories);

}  // namespace pilotpros
