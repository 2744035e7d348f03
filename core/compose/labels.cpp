#include "core/compose/labels.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/compose/default_files.h"
#include "core/compose/foreign.h"
#include "core/docker/json.h"

namespace pilotpros {

namespace {

constexpr const char* kPrefix = "com.docker.compose.";

std::string label(const nlohmann::json& container, const std::string& name) {
    return text(member(container, "Labels"), (kPrefix + name).c_str());
}

void add(LabelledProject& project, const nlohmann::json& container) {
    const std::string service = label(container, "service");
    const bool running = text(container, "State") == "running";
    const std::int64_t created = integer(container, "Created");
    if (created >= project.created) {
        project.created = created;
        project.working_directory = label(container, "project.working_dir");
        project.config_files = label(container, "project.config_files");
        project.environment_files = label(container, "project.environment_file");
    }
    project.running = project.running || running;
    project.images[service] = text(container, "Image");
    ++project.replicas[service];
    if (running && std::find(project.running_services.begin(), project.running_services.end(), service) ==
                       project.running_services.end()) {
        project.running_services.push_back(service);
    }
    if (project.manager.empty()) {
        project.manager =
            foreign_manager({label(container, "project.config_files"), label(container, "project.working_dir")},
                            keys(container, "Labels"));
    }
}

/// A file that plain `up` would no longer miss: an override that was taken away.
bool may_be_gone(const Path& file) {
    return is_default_override(file.filename().string()) || file.parent_path().filename() == ".pilotpros";
}

}  // namespace

std::vector<LabelledProject> labelled_projects(Engine& engine, const std::optional<std::string>& name) {
    const std::string filter = kPrefix + std::string{"project"} + (name ? "=" + *name : "");
    const nlohmann::json filters{{"label", {filter}}};
    const std::string path = "/containers/json";
    const nlohmann::json containers = parse_answer(
        engine.get(path,
                   {{"all", "1"}, {"filters", filters.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}}),
        path);
    std::map<std::string, LabelledProject> projects;
    for (const nlohmann::json& container : containers) {
        const std::string project = label(container, "project");
        if (project.empty() || label(container, "service").empty() || label(container, "oneoff") == "True" ||
            !label(container, "hook").empty()) {
            continue;
        }
        LabelledProject& entry = projects[project];
        entry.name = project;
        add(entry, container);
    }
    std::vector<LabelledProject> result;
    result.reserve(projects.size());
    for (auto& [key, project] : projects) {
        result.push_back(std::move(project));
    }
    return result;
}

std::vector<LabelledProject> started_from(const Path& folder, const std::vector<LabelledProject>& all,
                                          const Files& files) {
    std::vector<LabelledProject> fitting;
    for (Path here = files.canonical(folder); fitting.empty(); here = here.parent_path()) {
        std::copy_if(all.begin(), all.end(), std::back_inserter(fitting), [&](const LabelledProject& project) {
            return !project.working_directory.empty() && files.canonical(project.working_directory) == here;
        });
        if (here == here.parent_path()) {
            break;
        }
    }
    if (fitting.size() > 1 &&
        std::count_if(fitting.begin(), fitting.end(), [](const auto& one) { return one.running; }) == 1) {
        std::erase_if(fitting, [](const LabelledProject& project) { return !project.running; });
    }
    return fitting;
}

std::vector<std::string> split_labelled_paths(const std::string& joined, const Files& files) {
    std::vector<std::string> pieces;
    for (std::size_t begin = 0; begin < joined.size();) {
        const std::size_t end = std::min(joined.find(',', begin), joined.size());
        pieces.push_back(joined.substr(begin, end - begin));
        begin = end + 1;
    }
    std::vector<std::string> paths;
    for (std::size_t at = 0; at < pieces.size();) {
        std::string path = pieces[at];
        std::size_t next = at + 1;
        if (!files.exists(path)) {
            std::string longer = path;
            for (std::size_t more = next; more < pieces.size(); ++more) {
                longer += "," + pieces[more];
                if (files.exists(longer)) {
                    path = longer;
                    next = more + 1;
                    break;
                }
            }
        }
        paths.push_back(path);
        at = next;
    }
    return paths;
}

std::optional<Selection> select_by_labels(const LabelledProject& labelled, const Selectors& selectors,
                                          const Surroundings& surroundings, std::vector<std::string>& warnings) {
    const Files& files = surroundings.files;
    Selection selection;
    selection.working_directory = labelled.working_directory;
    selection.project_name = labelled.name;
    selection.found_by =
        fmt::format("labels of the {} project {}", labelled.running ? "running" : "stopped", labelled.name);
    for (const std::string& labelled_path : split_labelled_paths(labelled.config_files, files)) {
        if (labelled_path == "-") {
            warnings.push_back(
                fmt::format("{} was started from standard input: what its file said is gone; name the file with -f",
                            labelled.name));
            return std::nullopt;
        }
        const std::string path = absolute_from(labelled.working_directory, labelled_path).string();
        if (files.exists(path)) {
            selection.files.push_back(path);
        } else if (!selection.files.empty() && may_be_gone(path)) {
            warnings.push_back(fmt::format("{} is gone since {} was started: left out", path, labelled.name));
        } else {
            warnings.push_back(fmt::format(
                "{}, which {} was started from, is not on this machine's disk: only its containers are known", path,
                labelled.name));
            return std::nullopt;
        }
    }
    if (selection.files.empty()) {
        warnings.push_back(
            fmt::format("the containers of {} do not say which files they were started from", labelled.name));
        return std::nullopt;
    }
    selection.environment_files = explicit_environment_files(selectors, surroundings);
    if (selection.environment_files.empty()) {
        for (const std::string& labelled_path : split_labelled_paths(labelled.environment_files, files)) {
            const std::string path = absolute_from(labelled.working_directory, labelled_path).string();
            if (!files.exists(path)) {
                warnings.push_back(fmt::format("the environment file {}, which {} was started with, is gone: left out",
                                               path, labelled.name));
            } else {
                selection.environment_files.push_back(path);
            }
        }
    }
    selection.name_environment_files = !selection.environment_files.empty();
    if (const std::string by_itself = (selection.working_directory / ".env").string();
        selection.environment_files.empty() && files.exists(by_itself) && !files.is_directory(by_itself)) {
        selection.environment_files.push_back(by_itself);
    }
    choose_profiles(selection, selectors, surroundings);
    set_ours_apart(selection, files);
    return selection;
}

Project project_from_labels(const LabelledProject& labelled, const Surroundings& surroundings) {
    Project project;
    project.name = labelled.name;
    project.working_directory = labelled.working_directory;
    project.files = split_labelled_paths(labelled.config_files, surroundings.files);
    project.found_by = "labels of the containers alone";
    project.from_labels = true;
    project.compose_command = surroundings.docker;
    project.compose_command.insert(project.compose_command.end(), {"compose", "-p", labelled.name});
    for (const auto& [name, image] : labelled.images) {
        Service service;
        service.name = name;
        service.image = image;
        service.replicas = labelled.replicas.at(name);
        project.services.emplace(name, std::move(service));
    }
    return project;
}

}  // namespace pilotpros
