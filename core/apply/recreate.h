#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/apply/followers.h"
#include "core/apply/journal.h"
#include "core/apply/live_containers.h"
#include "core/apply/snapshot.h"
#include "core/docker/engine.h"

namespace pilotpros {

/// Keeps the inspection of each of them in `directory`, the snapshot's, as container-N.json, and counts `number` on;
/// beside it what Compose copied into it at the paths `given`, as container-N.tar.
std::vector<ContainerRecord> keep_containers(Engine& engine, const std::string& project, const std::string& service,
                                             const std::vector<std::string>& given, const Path& directory, int& number,
                                             Files& files);
/// Stops it in the time that it gives its program, and removes it. Never with its volumes: an anonymous one holds the
/// data that its successor needs. Throws Error (kNotRestored).
void remove(Engine& engine, const LiveContainer& container);
/// The same while its successor runs already. Journaled: should we be killed meanwhile, the engine goes on stopping it.
void stop_and_remove(Engine& engine, const LiveContainer& container, Journal& journal);
/// Throws Error (kNotRestored), e.g. when another container has the name.
void rename(Engine& engine, const std::string& id, const std::string& name);

/// Puts the service's containers back as the snapshot has them: what is still there is kept (and started), what is gone
/// is made again by image ID with its old labels and name, what came since is removed; volumes are never removed. What
/// it makes is journaled, so that doing it again keeps it. Returns the IDs of those that ran, and run on untouched.
/// `successor`: one that is bound to a container that is gone is made again, bound to that one's.
/// Throws Error (kNotRestored) with what is left to do.
std::set<std::string> restore_containers(Engine& engine, const std::string& project, const ServiceRecord& service,
                                         const Path& directory, const Files& files, Journal& journal,
                                         const Successor& successor = {});

/// Compose makes the next container under a temporary name "ID_NAME" before it removes the old one; one that was killed
/// meanwhile leaves it. Removed where the old one lives, renamed where it is gone: it has the anonymous volumes.
void tidy_after_compose(Engine& engine, const std::string& project, const std::string& service);

}  // namespace pilotpros
