#pragma once

#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/model/project.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What is true now of the project's services, by inspection alone: nothing runs inside a container for it. `services`
/// narrows; empty means all that the profiles activate or that run. Containers whose service the files do not know are
/// observed, too, with a gap that says so. What lies in the writable layers takes the engine long: see
/// writable_layers.h.
Observation observe_services(Engine& engine, const Project& project, const std::vector<std::string>& services,
                             const Files& files, TimePoint now);

/// The same without an engine: services as the files have them, and `why` as the reason for all that is missing.
Observation observe_files_only(const Project& project, const std::vector<std::string>& services, const std::string& why,
                               TimePoint now);

/// Adds containers of the project that are not in the observation yet, e.g. after a restart by Compose. Returns how
/// many.
int observe_newcomers(Engine& engine, const Project& project, const std::vector<std::string>& services,
                      Observation& into);

/// Takes out what was said of services that did not run, where they do now.
void forget_standstill(Observation& into);

/// The name by which an engine knows the image of a service of the files; empty where it can be none.
std::string image_reference(const Project& project, const Service& service);

}  // namespace pilotpros
