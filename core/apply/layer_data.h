#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/apply/snapshot.h"
#include "core/docker/engine.h"
#include "core/world.h"

namespace pilotpros {

/// What the present containers of these services keep in their writable layers, by service: who replaces them loses it.
/// The engine's answers of this very moment, judged as an apply judges them (core/advise/data.h) with the user's
/// `disposable` as the project's present files have it; where those cannot be read, nothing is disposable.
std::map<std::string, std::vector<std::string>> data_before_replacing(World& world, Engine& engine,
                                                                      const Snapshot& snapshot,
                                                                      const std::set<std::string>& services);

/// The same of services whose containers are not those of `snapshot`: what an apply that was cut short put there has
/// run since, for a moment or for days. Only what was seen there counts: those of before had none.
std::map<std::string, std::vector<std::string>> data_since(World& world, Engine& engine, const Snapshot& snapshot);

/// The way out, for whoever meets such data.
std::string how_to_keep(const std::string& service);

}  // namespace pilotpros
