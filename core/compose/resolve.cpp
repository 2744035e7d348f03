#include "core/compose/resolve.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/compose/complaint.h"
#include "core/compose/foreign.h"
#include "core/compose/invoke.h"
#include "core/compose/service_extensions.h"
#include "core/compose/yaml_aliases.h"
#include "core/compose/yaml_fault.h"
#include "core/docker/json.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

std::vector<std::string> selectors_of(const Selection& selection) {
    std::vector<std::string> arguments;
    if (selection.project_name) {
        arguments.insert(arguments.end(), {"-p", *selection.project_name});
    }
    arguments.insert(arguments.end(), {"--project-directory", selection.working_directory.string()});
    if (selection.name_environment_files) {
        for (const std::string& file : selection.environment_files) {
            arguments.insert(arguments.end(), {"--env-file", file});
        }
    }
    for (const std::string& file : selection.files) {
        arguments.insert(arguments.end(), {"-f", file});
    }
    if (selection.name_profiles) {
        for (const std::string& profile : selection.profiles) {
            arguments.insert(arguments.end(), {"--profile", profile});
        }
    }
    return arguments;
}

ComplaintCleaner cleaner_for(const Project& project, const Files& files) {
    std::vector<std::string> texts{project.standard_input,
                                   project.uninterpolated.is_null() ? "" : project.uninterpolated.dump(1)};
    std::vector<std::string> paths{project.working_directory};
    for (const std::vector<std::string>* list : {&project.files, &project.environment_files}) {
        for (const std::string& file : *list) {
            paths.push_back(file);
            paths.push_back(Path{file}.parent_path().string());
        }
    }
    for (const std::string& file : project.files) {
        texts.push_back(files.read(file).value_or(""));
    }
    return {texts, paths};
}

/// Which file, and what of it; Compose often names the file itself.
std::string complaint(const Project& project, const std::string& standard_error, const Files& files) {
    std::string said = cleaner_for(project, files).error(standard_error);
    const auto named = std::find_if(project.files.begin(), project.files.end(),
                                    [&](const std::string& file) { return said.find(file) != std::string::npos; });
    const bool names_it = named != project.files.end();
    std::string file = project.files.empty() ? "-" : project.files.front();
    if (said.find("yaml: ") != std::string::npos) {
        for (const std::string& one : names_it ? std::vector{*named} : project.files) {
            if (const auto fault = yaml_fault(one == "-" ? project.standard_input : files.read(one).value_or(""))) {
                said = with_yaml_place(said, *fault);
                file = one;
                break;
            }
        }
    }
    return names_it ? "the project: " + said : fmt::format("{}: {}", file == "-" ? "standard input" : file, said);
}

/// Nothing of what cannot be read: where Compose needs it, Compose says so; a secret's file it does not even open.
std::string text_if_readable(const Files& files, const std::string& path) {
    try {
        return files.read(path).value_or("");
    } catch (const Error&) {
        return {};
    }
}

/// Before Compose writes them out, which takes it all of its time and memory.
void refuse_multiplied_aliases(const Project& project, const Files& files) {
    std::vector<std::string> open = project.files;
    for (std::set<std::string> known{open.begin(), open.end()}; !open.empty();) {
        const std::string file = open.back();
        open.pop_back();
        const bool piped = file == "-";
        const Path folder = piped ? Path{project.working_directory} : Path{file}.parent_path();
        const YamlAliases aliases = aliases_in(piped ? project.standard_input : text_if_readable(files, file));
        if (const auto& place = aliases.multiplied) {
            throw Error(ExitCode::kBadInput,
                        fmt::format("{}: line {}, column {}: its aliases multiply to more than {} values, or {} MB",
                                    piped ? "standard input" : file, place->line, place->column, kMostYamlValues,
                                    kMostYamlValues * kTextOfYamlValue / 1'000'000),
                        "write out what an alias repeats, or leave out aliases of what is full of aliases");
        }
        for (const std::string& named : aliases.files) {  // of `include` and `extends`, and what else is one
            const std::string path = (folder / named).lexically_normal().string();
            if (files.exists(path) && !files.is_directory(path) && known.insert(path).second) {
                open.push_back(path);
            }
        }
    }
}

Service service_of(const std::string& name, const nlohmann::json& resolved, const nlohmann::json& as_written) {
    Service service;
    service.name = name;
    service.profiled_out = resolved.is_null();
    const nlohmann::json& known = service.profiled_out ? as_written : resolved;
    service.image = text(known, "image");
    service.built = !member(known, "build").is_null();
    service.replicas = replicas_in_files(known);
    service.resolved = resolved;
    service.extension = member(as_written.is_object() ? as_written : resolved, "x-pilotpros");
    return service;
}

void add_services(Project& project, const nlohmann::json& resolved) {
    const nlohmann::json& active = member(resolved, "services");
    const nlohmann::json& written = member(project.uninterpolated, "services");
    for (const nlohmann::json* services : {&active, &written}) {
        for (const auto& [name, ignored] : services->items()) {
            project.services.emplace(name,
                                     service_of(name, member(active, name.c_str()), member(written, name.c_str())));
        }
    }
}

/// Wishes of services where Compose cannot show the files as written.
void add_extensions(Project& project, const Finished& as_yaml) {
    if (!as_yaml.ok()) {
        project.warnings.emplace_back("x-pilotpros in services is not seen: Compose does not show the project as YAML");
        return;
    }
    for (auto& [name, extension] : service_extensions(as_yaml.output)) {
        if (const auto service = project.services.find(name); service != project.services.end()) {
            service->second.extension = std::move(extension);
        }
    }
}

/// Compose says nothing of a profile that no service has.
void warn_of_profiles(Project& project) {
    std::vector<std::string> known;
    for (const auto& [name, service] : member(project.uninterpolated, "services").items()) {
        for (const std::string& profile : texts(service, "profiles")) {
            if (std::find(known.begin(), known.end(), profile) == known.end()) {
                known.push_back(profile);
            }
        }
    }
    const bool computed = std::any_of(known.begin(), known.end(),
                                      [](const auto& profile) { return profile.find('$') != std::string::npos; });
    for (const std::string& profile : project.profiles) {
        if (profile != "*" && !computed && !project.uninterpolated.is_null() &&
            std::find(known.begin(), known.end(), profile) == known.end()) {
            project.warnings.push_back(known.empty() ? fmt::format("no service has the profile {}", profile)
                                                     : fmt::format("no service has the profile {} (there are: {})",
                                                                   profile, fmt::join(known, ", ")));
        }
    }
}

void warn_of_managers(Project& project) {
    std::vector<std::string> names;
    for (const auto& [name, service] : project.services) {
        for (const std::string& label : keys(service.resolved, "labels")) {
            names.push_back(label);
        }
    }
    std::vector<std::string> paths = project.files;
    paths.push_back(project.working_directory + "/");
    if (const std::string manager = foreign_manager(paths, names); !manager.empty()) {
        project.warnings.push_back(explain_manager(manager));
    }
}

}  // namespace

int replicas_in_files(const nlohmann::json& service) {
    for (const nlohmann::json* value : {&member(member(service, "deploy"), "replicas"), &member(service, "scale")}) {
        if (value->is_number_integer()) {
            return static_cast<int>(std::clamp<std::int64_t>(value->get<std::int64_t>(), 0, 1'000'000));
        }
    }
    return 1;
}

Project resolve(const Selection& selection, const Surroundings& surroundings) {
    Project project;
    project.working_directory = selection.working_directory.string();
    project.files = selection.files;
    project.our_files = selection.our_files;
    project.environment_files = selection.environment_files;
    project.profiles = selection.profiles;
    project.found_by = selection.found_by;
    project.warnings = selection.warnings;
    if (std::find(project.files.begin(), project.files.end(), "-") != project.files.end() &&
        surroundings.read_standard_input) {
        project.standard_input = surroundings.read_standard_input();
    }
    refuse_multiplied_aliases(project, surroundings.files);

    const std::vector<std::string> selectors = selectors_of(selection);
    std::vector<Command> commands;
    for (const bool interpolated : {true, false}) {
        std::vector<std::string> arguments = selectors;
        arguments.insert(arguments.end(), {"config", "--format", "json"});
        if (!interpolated) {
            arguments.emplace_back("--no-interpolate");
        }
        commands.push_back(compose_command_line(std::move(arguments), surroundings));
        commands.back().input = project.standard_input;
    }
    project.compose_command.assign(commands.front().argv.begin(), commands.front().argv.end() - 3);
    const std::vector<Finished> finished = surroundings.process.run_all(commands, surroundings.cancel);

    const Finished& with_values = finished.front();
    require_compose(with_values, surroundings);
    const nlohmann::json resolved = nlohmann::json::parse(with_values.output, nullptr, false);
    if (with_values.ok() && !resolved.is_object()) {
        throw Error(ExitCode::kBadInput,
                    fmt::format("what Compose makes of the files is no JSON, or more than {} MB of it",
                                commands.front().output_limit >> 20U),
                    "`docker compose config --format json` with the same selectors shows it");
    }
    if (!with_values.ok()) {
        throw Error(
            ExitCode::kBadInput, "Compose does not accept " + complaint(project, with_values.error, surroundings.files),
            "`docker compose config --quiet` with the same selectors says it in full; values are left out here");
    }
    if (nlohmann::json written = nlohmann::json::parse(finished.back().output, nullptr, false);
        finished.back().ok() && written.is_object()) {
        project.uninterpolated = std::move(written);
        project.extension = member(project.uninterpolated, "x-pilotpros");
    } else {
        project.warnings.emplace_back(
            "Compose cannot show these files as written (`docker compose config --no-interpolate` with the same "
            "selectors says why): services of other profiles are not seen");
        project.extension = member(resolved, "x-pilotpros");
    }
    project.name = text(resolved, "name");
    add_services(project, resolved);
    if (project.uninterpolated.is_null()) {
        std::vector<std::string> arguments = selectors;
        arguments.emplace_back("config");
        Command command = compose_command_line(std::move(arguments), surroundings);
        command.input = project.standard_input;
        add_extensions(project, surroundings.process.run(command, surroundings.cancel));
    }
    for (std::string& warning : cleaner_for(project, surroundings.files).warnings(with_values.error)) {
        project.warnings.push_back(std::move(warning));
    }
    if (std::all_of(project.services.begin(), project.services.end(),
                    [](const auto& entry) { return entry.second.profiled_out; })) {
        project.warnings.emplace_back(project.services.empty() ? "the project has no services"
                                                               : "no service is active: each needs a --profile");
    }
    warn_of_profiles(project);
    warn_of_managers(project);
    return project;
}

}  // namespace pilotpros
