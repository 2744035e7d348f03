#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/docker/endpoint.h"
#include "core/sys/cancel.h"
#include "core/sys/clock.h"
#include "core/sys/environment.h"
#include "core/sys/files.h"
#include "core/sys/process.h"

namespace pilotpros {

/// Every seam to the outside that a pipeline needs, gathered once in main.
struct World {
    const Environment& environment;
    Files& files;
    Process& process;
    const Clock& clock;
    Cancel& cancel;
    GlobalFlags globals;
    std::function<std::string()> read_standard_input;
    /// What `config --hash` said of a whole model in a folder: the same question has the same answer. See ComposeRun.
    std::map<std::pair<std::string, std::string>, std::map<std::string, std::string>> known_hashes = {};

    /// The docker that ran us, with the global flags it was given: for everything that we ask of docker itself.
    [[nodiscard]] std::vector<std::string> docker_command() const {
        std::vector<std::string> command{environment.get("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND").value_or("docker")};
        const std::vector<std::string> flags = globals.as_arguments();
        command.insert(command.end(), flags.begin(), flags.end());
        return command;
    }
};

}  // namespace pilotpros
