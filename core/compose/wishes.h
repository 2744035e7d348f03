#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/model/project.h"
#include "core/model/wishes.h"
#include "core/sys/files.h"

namespace pilotpros {

/// `x-pilotpros` at the top of the files and in their services, as docs/x-pilotpros.md has it. What a service says of a
/// key replaces what the top says of it. Throws Error (kBadInput), with file, line and column where they can be found,
/// for whatever is no wish; values are not quoted. `advisors`: the names that `exclude` takes; empty: any.
Wishes read_wishes(const Project& project, const Files& files, const std::set<std::string>& advisors = {});

/// The keys of `x-pilotpros` in a service, and at the top.
const std::vector<std::string>& wish_keys_of_service();
const std::vector<std::string>& wish_keys_of_project();

}  // namespace pilotpros
