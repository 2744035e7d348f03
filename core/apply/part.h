#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/apply/rollback.h"

namespace pilotpros {

/// What the files have to be once some services of these transactions (newest first) are taken back. A service's part
/// of the override and the files below `.pilotpros/KIND/SERVICE/` go back to what they were before the oldest of them;
/// the rest, the link and the folders stay.
struct FilesOfPart {
    std::vector<PathRecord> paths;                ///< from what stands there now
    std::map<std::string, std::string> contents;  ///< by path
};
FilesOfPart files_of_part(const std::vector<Snapshot>& undone, const std::set<std::string>& services,
                          const ApplyStore& store, const Files& disk);

/// Our override, which lies or is linked to at `layer`, as it will be once all of these transactions (newest first) are
/// undone; nothing where it will be gone.
std::optional<std::string> override_before(const std::vector<Snapshot>& undone, const Path& layer,
                                           const ApplyStore& store, const Files& disk);

/// Takes some services back as a transaction of its own, which a later rollback undoes together with those it belongs
/// to. Killed, it ends as if it had not begun; so it does where a service does not come back through its gate, or does
/// not serve what it did (kGateFailed). Refused where anything is in the way (`preview`). Throws as roll_back() does.
RollbackResult take_back_part(World& world, Engine& engine, ApplyStore& store, const RollbackRequest& request,
                              const RollbackPreview& preview, ApplyWatcher& watcher);

}  // namespace pilotpros
