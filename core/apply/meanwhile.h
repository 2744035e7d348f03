#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/apply/preview.h"
#include "core/apply/snapshot.h"
#include "core/apply/store.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// What others did between one command and the next, or since it was measured, verified and asked about.

/// Throws Error (kRefused) where the service keeps data in its container's own layer by now: an upload may have come.
void refuse_to_lose_data(World& world, Engine& engine, const Snapshot& snapshot, const std::string& service);

/// What the user wrote into what an earlier apply wrote, among what `snapshot` is about to replace: their version is
/// kept beside it, and `said` tells where.
void keep_edited(const ApplyStore& store, const Snapshot& snapshot, Files& files, std::vector<std::string>& said);

/// Files and containers may have changed while it was asked: throws Error (kRefused) where a service is to be
/// interrupted that was not `agreed` to. Pure.
void refuse_more_interruptions(const std::set<std::string>& interrupted,
                               const std::optional<std::set<std::string>>& agreed);

/// What somebody set since in a running container whose configuration is the right one: Compose sees no reason to
/// replace it. Pure.
std::vector<std::string> drifted(const ApplyRequest& request, const std::vector<ServicePreview>& services);

}  // namespace pilotpros
