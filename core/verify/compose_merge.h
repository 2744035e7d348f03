#pragma once

#include <string>
#include <vector>

#include "core/compose/discovery.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/model/project.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What Compose makes of the user's files with ours on top.
struct Merged {
    bool accepted = false;
    nlohmann::json resolved;            ///< as `docker compose config` prints it; holds secrets in clear
    std::vector<std::string> warnings;  ///< fit to be shown
    std::string complaint;              ///< when it is not accepted; fit to be shown
};

/// Asks `docker compose config`. The override is laid into `scratch`, a private directory, and taken away again.
Merged merge_with(const Project& project, const std::string& override_text, const Path& scratch, Files& files,
                  const Surroundings& surroundings);

/// Whether the merge gives what the Plan says and nothing else: each value arrives, no other value moves, no warning is
/// new. A Change whose value does not arrive is refused by its key. Pure.
std::vector<Verdict> compare_merge(const Plan& plan, const Project& project, const Merged& merged);

/// What Compose was asked, and what it said.
struct MergeAnswer {
    std::vector<Verdict> verdicts;
    nlohmann::json resolved;  ///< of the whole Plan; null when it was refused. Holds secrets in clear.
};

/// Both. Where Compose refuses the whole, each service's part is asked about by itself, so that one bad part does not
/// take the others with it.
MergeAnswer verify_compose_merge(const Plan& plan, const Project& project, const Path& scratch, Files& files,
                                 const Surroundings& surroundings);

}  // namespace pilotpros
