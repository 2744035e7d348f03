#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/advice.h"

namespace pilotpros {

/// Data that lies where the next container does not find it: in the container's own layer, on a volume that nobody
/// named, beside the volume that was meant for it.
/// Source: https://docs.docker.com/engine/storage/drivers/#container-and-layers
Advice advise_data(const Case& input);

/// The paths of a container's writable layer that hold what a replaced container would lose: everything but what is
/// known to be made again. Default deny: a path counts as data unless one of these says otherwise:
///   - a directory that caches by its name (.cache, __pycache__, node_modules/.cache …), and what a shell or a package
///     manager keeps of its own use (.npm/_logs, .bash_history …);
///   - a path that the program in it makes again at every start, by application: nginx its temporary directories, the
///     official image's entrypoint its edit of the packaged default.conf, n8n the files around its key where the key
///     comes from the environment;
///   - x-pilotpros: disposable, a path and all below it; `*` stands for one part of it.
/// What the image had and the container deleted comes back and is no data. /run, /tmp, mounts are not in the
/// Observation's layers (core/observe/containers.cpp). Sorted, each once.
std::vector<std::string> data_in_layer(const ServiceObservation& service, const Wish& wish);
/// The same of every service that has any; a container whose layer was not seen counts as one that keeps data.
std::map<std::string, std::vector<std::string>> data_in_layers(const Observation& observation, const Wishes& wishes);

}  // namespace pilotpros
