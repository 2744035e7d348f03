#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/apply/interruption.h"
#include "core/apply/store.h"

namespace pilotpros {

/// What `docker pilotpros rollback` was asked for.
struct RollbackRequest {
    std::string id;                     ///< back to and including this one, "0002" or "2"; empty: the last
    std::vector<std::string> services;  ///< only these; empty: all
    bool all = false;                   ///< everything that was ever applied
    bool exact = false;                 ///< the old containers, not new ones from the user's present files
    bool files_only = false;            ///< containers stay as they are
    bool force = false;                 ///< a file that the user changed since goes back, too; their version is kept
    std::map<std::string, AnnouncedInterruption> announced = {};  ///< as it was shown, by service
    std::optional<std::set<std::string>> agreed = {};  ///< services that may be interrupted; empty: whoever has to be
};

/// Which transactions a rollback undoes. They are a stack: an earlier one is never undone from under a later one, since
/// the later one's "before" is the earlier one's "after". So an ID means all from that one on.
struct RollbackScope {
    std::vector<std::string> ids;    ///< newest first; empty: there is nothing to undo
    std::set<std::string> services;  ///< that are taken back
    bool part = false;               ///< other services keep what these transactions changed
    std::string note;                ///< why there is nothing, or what else is taken back; may be empty
};

/// Throws Error: kUsage for an ID or a service that there is nothing of, kRefused where it is not sound to undo just
/// that, each with the next step.
RollbackScope scope_of(const ApplyStore& store, const RollbackRequest& request);

/// The services that still carry what these transactions (in any order) changed: those of a Plan, less those that were
/// taken back alone since.
std::set<std::string> carried_by(const ApplyStore& store, std::vector<std::string> ids);

/// Whether a word of the command line means a transaction: digits alone, which are no service of the history unless
/// there is a transaction of that number, too.
bool means_transaction(const ApplyStore& store, const std::string& word);

}  // namespace pilotpros
