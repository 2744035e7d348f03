#include "core/compose/invoke.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/compose/plugin.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

/// On a busy machine a plain project has been seen to take 8 s.
constexpr std::chrono::seconds kTime{10};
/// Of each; two run at once. Compose needs 60 MB for a hundred services.
constexpr std::uint64_t kMemory = 240'000'000;

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

bool has_compose(const Surroundings& surroundings) {
    return surroundings.process.run(compose_command_line({"version", "--short"}, surroundings), surroundings.cancel)
        .ok();
}

}  // namespace

void call_compose_itself(Command& command, const std::vector<std::string>& docker, const Environment& environment,
                         const Files& files) {
    if (const auto plugin = compose_plugin(docker, environment, files)) {
        // As docker itself would call it (docker/cli, cli-plugins/manager, PluginRunCommand): it takes docker's own
        // flags before its name, and is a program of its own without this variable. Our socket leads to the docker
        // that waits for us.
        command.set_variables["DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND"] = command.argv.front();
        command.set_variables["DOCKER_CLI_PLUGIN_SOCKET"] = "";
        command.argv.front() = plugin->string();
    }
}

Command compose_command_line(std::vector<std::string> arguments, const Surroundings& surroundings) {
    Command command;
    command.argv = surroundings.docker;
    command.argv.emplace_back("compose");
    std::move(arguments.begin(), arguments.end(), std::back_inserter(command.argv));
    command.working_directory = surroundings.environment.working_directory;
    // Errors as JSON and coloured ones are for others to read.
    command.set_variables = {{"COMPOSE_PROGRESS", "plain"}, {"COMPOSE_ANSI", "never"}};
    call_compose_itself(command, surroundings.docker, surroundings.environment, surroundings.files);
    command.timeout = kTime;
    command.memory_limit = kMemory;
    return command;
}

void require_compose(const Finished& finished, const Surroundings& surroundings) {
    if (finished.ok()) {
        return;
    }
    if (finished.not_found) {
        throw Error(
            ExitCode::kBadInput, "there is no docker program to ask",
            "install Docker's command line and its Compose plugin (Debian: apt-get install docker-cli docker-compose)");
    }
    if (finished.timed_out) {
        throw Error(ExitCode::kBadInput,
                    fmt::format("Compose did not finish reading these files within {} s", kTime.count()),
                    "look for aliases that multiply each other, an alias that refers to itself, or a remote file that "
                    "does not come");
    }
    if (finished.signal != 0 || contains(finished.error, "out of memory") ||
        contains(finished.error, "cannot allocate memory")) {
        throw Error(ExitCode::kBadInput,
                    fmt::format("Compose needed more than {} MB to read these files", kMemory / 1'000'000),
                    "look for aliases that multiply each other, or for ranges of very many ports");
    }
    // Without its plugin docker complains of whatever stands first, in words that change with its version.
    const bool suspicious = contains(finished.error, "is not a docker command") ||
                            contains(finished.error, "unknown command") || contains(finished.error, "unknown flag") ||
                            contains(finished.error, "unknown shorthand flag");
    if (suspicious && !has_compose(surroundings)) {
        throw Error(
            ExitCode::kBadInput, "docker has no Compose plugin",
            "install it: apt-get install docker-compose-plugin (Docker's packages) or docker-compose (Debian 13)");
    }
}

}  // namespace pilotpros
