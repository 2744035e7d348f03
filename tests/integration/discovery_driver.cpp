// Discovery as a program: tests/integration/discovery*.sh run it in a folder, to compare with what the user's own
// `docker compose` says. Its arguments are Compose's selectors, each flag followed by its value; DISCOVERY_ENGINE=1 in
// the environment: ask the engine, too. DISCOVERY_MERGE={"service", "path", "after", "as_written", "without"}: instead
// what Compose says of that one Change in an override, as a list of verdicts; "without" names checks that do not count.

#include <exception>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/compose/discovery.h"
#include "core/docker/curl_engine.h"
#include "core/docker/endpoint.h"
#include "core/model/error.h"
#include "core/verify/compose_merge.h"

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

MergeChecks checks_without(const nlohmann::json& names) {
    static const std::map<std::string, bool MergeChecks::*> kChecks{{"accepted", &MergeChecks::accepted},
                                                                    {"warnings", &MergeChecks::warnings},
                                                                    {"arrival", &MergeChecks::arrival},
                                                                    {"strays", &MergeChecks::strays}};
    MergeChecks checks;
    for (const nlohmann::json& name : names) {
        checks.*kChecks.at(name.get<std::string>()) = false;
    }
    return checks;
}

nlohmann::json merged(const Project& project, const std::string& change_text, Files& files,
                      const Surroundings& surroundings) {
    const nlohmann::json given = nlohmann::json::parse(change_text);
    Change change;
    change.service = given.at("service");
    change.key = "planted";
    change.rule = "planted";
    change.target.path = given.at("path").get<std::vector<std::string>>();
    change.after = given.at("after");
    change.as_written = given.value("as_written", false);
    Plan plan;
    plan.project = project.name;
    plan.changes = {change};
    MergeQuestion question(plan, project, surroundings.environment.state_directory() / "scratch", files, surroundings,
                           checks_without(given.value("without", nlohmann::json::array())));
    nlohmann::json said = nlohmann::json::array();
    for (const Verdict& verdict : question.answer().verdicts) {
        said.push_back({{"outcome", verdict.outcome}, {"said", verdict.said}});
    }
    return said;
}

nlohmann::json discovered(const std::vector<std::string>& arguments) {
    const Environment environment = Environment::of_process();
    DiskFiles files;
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
        const Project project = discover(selectors_from(arguments), surroundings);
        const auto change = environment.get("DISCOVERY_MERGE");
        return change ? merged(project, *change, files, surroundings) : shown(project);
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
