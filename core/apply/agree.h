#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/change.h"
#include "core/model/project.h"
#include "core/observe/image_answers.h"
#include "core/sys/clock.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What a service's own programs, asked after the Changes were applied, do not go by: "db: work_mem is 4MB, not 8MB".
/// Containers with an ID in `left_out` are not asked. A program that does not answer is no complaint. Lets Interrupted
/// and EngineLost through.
std::vector<std::string> not_in_force(Engine& engine, ImageAnswers& answers, const Project& project, const Files& files,
                                      TimePoint now, const std::string& service,
                                      const std::vector<const Change*>& changes,
                                      const std::set<std::string>& left_out = {});

}  // namespace pilotpros
