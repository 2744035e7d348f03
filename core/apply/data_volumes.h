#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/change.h"
#include "core/model/project.h"

namespace pilotpros {

/// Why a Change must not be applied, since it would touch where a service keeps its data; nothing for any other Change.
/// Below `volumes` a Change may only add folders of ours (`./.pilotpros/…`, as bind mounts), at places where nothing is
/// mounted, above which nothing is and below which nothing is: never a volume, of whatever name, never another
/// service's (`volumes_from`), never memory (`tmpfs`) over a mount. By type, whatever the advisor. Pure.
std::optional<std::string> touches_data(const Change& change, const Project& project);

/// The volumes that two inspections of a container do not both have at the same place, one line each: made again from
/// `before`, it would come up without the data that it has `now`, or with a volume that is empty. Pure.
std::vector<std::string> volumes_that_differ(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace pilotpros
