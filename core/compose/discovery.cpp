#include "core/compose/discovery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/compose/foreign.h"
#include "core/compose/labels.h"
#include "core/compose/resolve.h"
#include "core/compose/selection.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

std::vector<LabelledProject> ask_engine(const Surroundings& surroundings, const std::optional<std::string>& name,
                                        const std::string& what_for) {
    const std::string hint = "start the engine, or go to the project's folder, or name its files with -f";
    if (surroundings.engine == nullptr) {
        throw Error(ExitCode::kEngineNeeded, what_for + ", and there is no engine to ask for running projects", hint);
    }
    try {
        return labelled_projects(*surroundings.engine, name);
    } catch (const EngineLost& lost) {
        throw Error(ExitCode::kEngineNeeded,
                    fmt::format("{}, and the engine does not answer: {}", what_for, lost.what()),
                    lost.hint().empty() ? hint : lost.hint());
    }
}

void warn_of_running_profiles(Project& project, const LabelledProject& labelled) {
    for (const std::string& name : labelled.running_services) {
        const auto service = project.services.find(name);
        if (service == project.services.end()) {
            project.warnings.push_back(fmt::format("{} runs, but the files have no such service any more", name));
        } else if (service->second.profiled_out) {
            project.warnings.push_back(
                fmt::format("{} runs, but its profile is not active: name it with --profile", name));
        }
    }
}

Project from_labels(const LabelledProject& labelled, const Selectors& selectors, const Surroundings& surroundings) {
    std::vector<std::string> warnings;
    const auto selection = select_by_labels(labelled, selectors, surroundings, warnings);
    Project project = selection ? resolve(*selection, surroundings) : project_from_labels(labelled, surroundings);
    project.warnings.insert(project.warnings.begin(), warnings.begin(), warnings.end());
    if (selection) {
        warn_of_running_profiles(project, labelled);
    }
    const std::string explained = labelled.manager.empty() ? "" : explain_manager(labelled.manager);
    if (!explained.empty() &&
        std::find(project.warnings.begin(), project.warnings.end(), explained) == project.warnings.end()) {
        project.warnings.push_back(explained);
    }
    return project;
}

std::string names_in(const std::vector<LabelledProject>& projects) {
    std::vector<std::string> names;
    names.reserve(projects.size());
    for (const LabelledProject& project : projects) {
        names.push_back(fmt::format("-p {} ({})", project.name, project.working_directory));
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

bool same_start(const LabelledProject& labelled, const Selection& selection, const Surroundings& surroundings) {
    const std::vector<std::string> paths = split_labelled_paths(labelled.config_files, surroundings.files);
    return !paths.empty() && !selection.files.empty() &&
           surroundings.files.canonical(paths.front()) == surroundings.files.canonical(selection.files.front());
}

/// -p from anywhere. The folder's own files are meant only when the project was started from them, or does not exist
/// yet.
Project by_name(const std::string& name, const std::optional<Selection>& by_files, const Selectors& selectors,
                const Surroundings& surroundings) {
    std::vector<LabelledProject> projects;
    if (surroundings.engine != nullptr || !by_files) {
        try {
            projects = ask_engine(surroundings, name, fmt::format("no Compose file here tells of {}", name));
        } catch (const Error& error) {
            if (!by_files || error.code() == ExitCode::kInterrupted) {
                throw;
            }
        }
    }
    if (!projects.empty() && !(by_files && same_start(projects.front(), *by_files, surroundings))) {
        return from_labels(projects.front(), selectors, surroundings);
    }
    if (by_files) {
        return resolve(*by_files, surroundings);
    }
    const auto all = ask_engine(surroundings, std::nullopt, "");
    throw Error(ExitCode::kUsage,
                fmt::format("no project {} runs here, and there is no Compose file in this folder", name),
                all.empty() ? "name its files with -f" : "there are: " + names_in(all));
}

/// The project that was started from this folder, or the nearest one above, by files with names of their own.
Project by_folder(const Selectors& selectors, const Surroundings& surroundings) {
    const Path folder = selectors.project_directory
                            ? absolute_from(user_folder(surroundings), *selectors.project_directory)
                            : user_folder(surroundings);
    const std::string nothing = fmt::format("there is no Compose file in {} or above it", folder.string());
    const auto all = ask_engine(surroundings, std::nullopt, nothing);
    const auto fitting = started_from(folder, all, surroundings.files);
    if (fitting.size() == 1) {
        return from_labels(fitting.front(), selectors, surroundings);
    }
    if (!fitting.empty()) {
        throw Error(ExitCode::kUsage,
                    fmt::format("several projects were started from {}", fitting.front().working_directory),
                    "name one: " + names_in(fitting));
    }
    throw Error(ExitCode::kBadInput, nothing,
                all.empty() ? "go to the project's folder, or name its files with -f"
                            : "name its files with -f, or a running project: " + names_in(all));
}

}  // namespace

Project discover(const Selectors& selectors, const Surroundings& surroundings) {
    const std::optional<Selection> by_files = select_by_files(selectors, surroundings);
    const bool told =
        !selectors.files.empty() || selectors.project_directory || surroundings.environment.get("COMPOSE_FILE");
    if (selectors.project_name && !(by_files && told)) {
        return by_name(*selectors.project_name, by_files, selectors, surroundings);
    }
    if (by_files) {
        return resolve(*by_files, surroundings);
    }
    if (const auto name = surroundings.environment.get("COMPOSE_PROJECT_NAME")) {
        return by_name(*name, by_files, selectors, surroundings);
    }
    return by_folder(selectors, surroundings);
}

}  // namespace pilotpros
