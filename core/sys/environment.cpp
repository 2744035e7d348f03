#include "core/sys/environment.h"

#include <unistd.h>

#include <system_error>

namespace pilotpros {

Environment Environment::of_process() {
    Environment environment;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string::npos) {
            environment.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
        }
    }
    std::error_code error;
    environment.working_directory = std::filesystem::current_path(error);
    return environment;
}

Path Environment::state_directory() const {
    // "If an implementation encounters a relative path […] it should consider the path invalid and ignore it."
    // https://specifications.freedesktop.org/basedir-spec/latest/
    if (const auto state = get("XDG_STATE_HOME"); state && Path{*state}.is_absolute()) {
        return Path{*state} / "pilotpros";
    }
    return Path{get("HOME").value_or("/root")} / ".local" / "state" / "pilotpros";
}

Path Environment::docker_config_directory() const {
    if (const auto config = get("DOCKER_CONFIG")) {
        return *config;
    }
    return Path{get("HOME").value_or("/root")} / ".docker";
}

}  // namespace pilotpros
