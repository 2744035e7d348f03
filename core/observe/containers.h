#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/model/observation.h"

namespace pilotpros {

/// What the list of containers says of one, without asking for it alone.
struct ListedContainer {
    std::string id, name, project, service, state;
    bool oneoff = false;  ///< made by `docker compose run`, or a helper of Compose's own
};

/// Every container of the engine, running or not.
std::vector<ListedContainer> list_containers(Engine& engine);

/// Reads these containers, all at once. One that is gone meanwhile is left out; one that the engine does not show is
/// left out, too, and told in `refused`, with the engine's reason. Throws EngineLost when there is no answer at all.
std::vector<Container> inspect_containers(Engine& engine, const std::vector<std::string>& ids,
                                          std::map<std::string, std::string>* refused = nullptr);

/// Reads these images, all at once. One that is gone is left out; one that the engine does not show for another reason
/// is left out, too, and told in `refused`.
std::map<std::string, Image> inspect_images(Engine& engine, const std::set<std::string>& references,
                                            std::map<std::string, std::string>* refused = nullptr);

/// The processes of each running container, by container ID, as the engine's `top` gives them; no entry where it
/// cannot.
std::map<std::string, std::vector<ContainerProcess>> list_processes(Engine& engine,
                                                                    const std::vector<std::string>& ids);

/// The engine's answer to `top`, as processes. Pure.
std::vector<ContainerProcess> read_top(const std::string& answer);
/// The engine's answer to `changes`, as paths. Paths below the container's mounts, those that a start makes anyway
/// (/run, /tmp, /proc, /sys, /dev), those that Compose gives it (`given`) and directories that only hold a listed path
/// are left out. Pure.
WritableLayer read_changes(const std::string& answer, const std::vector<Mount>& mounts,
                           const std::vector<std::string>& given = {});

}  // namespace pilotpros
