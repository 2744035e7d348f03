#pragma once

#include <string>
#include <vector>

#include "core/apply/preview.h"
#include "core/apply/snapshot.h"
#include "core/apply/store.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// All that an apply of `request` is about to change, as it is: the files of `paths` and the containers of the
/// previewed services are kept in the store's folder of `id`. The snapshot itself is for write_snapshot(), last.
Snapshot take_snapshot(const World& world, Engine& engine, const ApplyRequest& request, const ApplyPreview& preview,
                       const ApplyStore& store, const std::string& id, std::vector<PathRecord> paths);

}  // namespace pilotpros
