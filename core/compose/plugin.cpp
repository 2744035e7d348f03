#include "core/compose/plugin.h"

#include <algorithm>
#include <utility>

#include "core/docker/json.h"

namespace pilotpros {

namespace {

Path configuration_of(const std::vector<std::string>& docker, const Environment& environment) {
    const auto flag = std::find(docker.begin(), docker.end(), "--config");
    return flag != docker.end() && flag + 1 != docker.end() ? Path{*(flag + 1)} : environment.docker_config_directory();
}

}  // namespace

std::optional<Path> compose_plugin(const std::vector<std::string>& docker, const Environment& environment,
                                   const Files& files) {
    const Path configuration = configuration_of(docker, environment);
    std::vector<std::string> folders =
        texts(nlohmann::json::parse(files.read(configuration / "config.json").value_or(""), nullptr, false),
              "cliPluginsExtraDirs");
    folders.push_back((configuration / "cli-plugins").string());
    for (const char* folder : {"/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
                               "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins"}) {
        folders.emplace_back(folder);
    }
    for (const std::string& folder : folders) {
        if (Path plugin = Path{folder} / "docker-compose"; files.exists(plugin)) {
            return plugin;
        }
    }
    return std::nullopt;
}

}  // namespace pilotpros
