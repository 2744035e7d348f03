#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/sys/environment.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Compose's own program, where the docker that runs us would find it (docker/cli, cli-plugins/manager, getPluginDirs):
/// cliPluginsExtraDirs of config.json, the configuration's cli-plugins, then the system's folders. Asked directly, a
/// question costs half of what it costs through docker. `docker`: its command line with the global flags. Nothing where
/// it lies elsewhere: then docker has to find it.
std::optional<Path> compose_plugin(const std::vector<std::string>& docker, const Environment& environment,
                                   const Files& files);

}  // namespace pilotpros
