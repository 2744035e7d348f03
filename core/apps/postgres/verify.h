#pragma once

#include <vector>

#include "core/apps/application.h"
#include "core/apps/postgres/draft.h"
#include "core/apps/postgres/trial.h"

namespace pilotpros::apps::postgres {

/// The module's door: what the PostgreSQL of this image says of the settings, under the limit that is advised, and of
/// that limit: accepted where a server lived in it with touched buffers and all its sorts, not asked where none was
/// tried. A limit without settings is tried with those in force.
std::vector<Verdict> verify(Verifying& verifying);

/// The same with checks left out; for tests that show what each is there for.
std::vector<Verdict> verify_with(Verifying& verifying, const TrialChecks& checks);

/// The sizes as they are once the Changes are in force. Pure.
MemorySet with_changes(MemorySet set, const Facts& facts, const std::vector<const Change*>& changes);

/// Stands for the user's own configuration file: its numbers, switches and choices, and the libraries. Pure.
std::string stand_in(const Facts& facts);

/// The lines of an earlier Plan of ours that the server reads now. Pure.
std::string ours_in_force(const Facts& facts);

}  // namespace pilotpros::apps::postgres
