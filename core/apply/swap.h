#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/journal.h"
#include "core/apply/reload.h"
#include "core/apply/snapshot.h"
#include "core/docker/engine.h"
#include "core/model/units.h"
#include "core/world.h"

namespace pilotpros {

class ApplyWatcher;

/// A service of which a second generation of containers runs beside the first, through its gate already.
struct Swap {
    std::string project, service;
    std::vector<ContainerRecord> old;  ///< the first generation: as many as there are of the second
    std::vector<Reload> name_users;    ///< who looked its name up once
    std::set<std::string> names;       ///< by which they did
    Seconds grace{0};                  ///< its stop_grace_period
};

/// The IDs of the first generation, which a gate is not to judge any more.
std::set<std::string> ids_of(const std::vector<ContainerRecord>& containers);

/// The second generation takes over: whoever looked the name up once is told to do it again (`handed_over` is called
/// then: what it throws is found out while the first one still stands), the first generation is
/// waited for until nobody was connected for a second (at most its grace; where its connections cannot be seen, all of
/// it), looked at once more (`may_go`, called then and when the name is handed over), stopped in the time that it is
/// given, removed, and its names go to the second. Each step is journaled. Returns what is to be said of it, one line.
/// Throws Error when a step fails; everything can be taken back then.
std::string take_over(World& world, Engine& engine, const Swap& swap, Journal& journal, ApplyWatcher& watcher,
                      const std::function<void()>& handed_over, const std::function<void()>& may_go);

/// Takes away what an interrupted take-over left in the containers of those who look the name up. True when there was
/// one: they have to look again.
bool take_pins_back(Engine& engine, const Journal& journal);

/// A swapped container has its predecessor's name, and a number of its own, by which Compose would name what replaces
/// it. Removes the service's containers when one of them is of that kind, so that Compose begins to count anew; not
/// where `resolved` says that the name is the user's own (container_name). Throws Error (kNotRestored).
void remove_where_swapped(Engine& engine, const std::string& project, const std::string& service,
                          const nlohmann::json& resolved);

}  // namespace pilotpros
