// Discovery as a program: tests/integration/discovery*.sh run it in a folder, to compare with what the user's own
// `docker compose` says. Its arguments are Compose's selectors, each flag followed by its value; DISCOVERY_ENGINE=1 in
// the environment: ask the engine, too.

#include <exception>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/compose/discovery.h"
#include "core/docker/curl_engine.h"
#include "core/docker/endpoint.h"
#include "core/model/error.h"

using namespace pilotpros;

namespace {

Selectors selectors_from(const std::vector<std::string>& arguments) {
    Selectors selectors;
    for (std::size_t at = 0; at + 1 < arguments.size(); at += 2) {
        const std::string& flag = arguments[at];
        const std::string& value = arguments[at + 1];
        if (flag == "-f") {
            selectors.files.push_back(value);
        } else if (flag == "-p") {
            selectors.project_name = value;
        } else if (flag == "--project-directory") {
            selectors.project_directory = value;
        } else if (flag == "--env-file") {
            selectors.env_files.push_back(value);
        } else if (flag == "--profile") {
            selectors.profiles.push_back(value);
        }
    }
    return selectors;
}

nlohmann::json shown(const Project& project) {
    nlohmann::json services;
    nlohmann::json inactive = nlohmann::json::array();
    nlohmann::json extensions;
    for (const auto& [name, service] : project.services) {
        (service.profiled_out ? inactive.emplace_back(name) : services[name] = service.resolved);
        extensions[name] = service.extension;
    }
    return {{"name", project.name},
            {"working_directory", project.working_directory},
            {"files", project.files},
            {"ours", project.our_files},
            {"environment_files", project.environment_files},
            {"profiles", project.profiles},
            {"found_by", project.found_by},
            {"command", project.compose_command},
            {"services", services},
            {"inactive", inactive},
            {"extension", project.extension},
            {"extensions", extensions},
            {"from_labels", project.from_labels},
            {"warnings", project.warnings}};
}

nlohmann::json discovered(const std::vector<std::string>& arguments) {
    const Environment environment = Environment::of_process();
    const DiskFiles files;
    SystemProcess process;
    const Cancel cancel;
    std::unique_ptr<CurlEngine> engine;
    if (environment.get("DISCOVERY_ENGINE")) {
        engine = std::make_unique<CurlEngine>(resolve_endpoint({}, environment, files),
                                              std::vector<std::string>{"docker"}, process, cancel);
    }
    const Surroundings surroundings{environment, files, process, cancel, engine.get(), {"docker"}, [] {
                                        return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
                                    }};
    try {
        return shown(discover(selectors_from(arguments), surroundings));
    } catch (const Error& error) {
        return {{"code", static_cast<int>(error.code())}, {"error", error.what()}, {"hint", error.hint()}};
    }
}

}  // namespace

int main(int count, char** arguments) {
    try {
        std::cout << discovered({arguments + 1, arguments + count}).dump(1) << '\n';
        return 0;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
