#include "core/apply/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/compose/default_files.h"
#include "core/compose/foreign.h"
#include "core/model/error.h"
#include "core/model/shell_word.h"

namespace pilotpros {

namespace {

bool is_remote(const std::string& file) { return file.find("://") != std::string::npos || file.starts_with("git@"); }

void refuse_where_nothing_lasts(const Project& project) {
    if (project.from_labels) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} is known by its containers alone: its files cannot be read here", project.name),
                    "go to the project's folder, or name its files with -f");
    }
    for (const std::string& file : project.files) {
        if (file == "-") {
            throw Error(
                ExitCode::kRefused,
                fmt::format("{} is read from standard input: no later `up` could be told of a change", project.name),
                "save it to a file, and name that with -f");
        }
        if (is_remote(file)) {
            throw Error(ExitCode::kRefused,
                        fmt::format("{} is fetched from elsewhere: a change has no place beside it", project.name),
                        "clone it, and work in the clone");
        }
    }
    std::vector<std::string> paths = project.files;
    paths.push_back(project.working_directory + "/");
    std::vector<std::string> labels;
    for (const auto& [name, service] : project.services) {
        if (service.resolved.is_object() && service.resolved.contains("labels")) {
            for (const auto& [label, value] : service.resolved["labels"].items()) {
                labels.push_back(label);
            }
        }
    }
    if (const std::string manager = foreign_manager(paths, labels); !manager.empty()) {
        throw Error(ExitCode::kRefused, explain_manager(manager),
                    "docker pilotpros tune --diff shows what would be changed");
    }
}

/// Relative to the folder when it lies below it, as a person would type it.
std::string typed(const std::string& path, const Path& folder) {
    const Path relative = Path{path}.lexically_relative(folder);
    return relative.empty() || *relative.begin() == ".." ? path : relative.string();
}

/// Whether plain `docker compose` takes these very files, and none of ours is in question. What was found by the
/// containers' labels counts when it has default names: plain `up` and `-f compose.yaml` leave the same labels.
bool by_default_names(const Project& project, const Files& files) {
    const Path folder{project.working_directory};
    const auto defaults = find_default_files(folder, files);
    if (project.found_by == "-f" || project.found_by.starts_with("COMPOSE_FILE") || !defaults ||
        defaults->folder != folder) {
        return false;
    }
    std::vector<std::string> plain{(folder / defaults->main).string()};
    if (defaults->override_file) {
        plain.push_back((folder / *defaults->override_file).string());
    }
    return plain == project.files;
}

/// The selectors of Project::compose_command as a person types them in the project's folder.
std::vector<std::string> as_typed(const Project& project, const std::vector<std::string>& docker, bool name_files) {
    const Path folder{project.working_directory};
    const bool own_directory = Path{project.files.front()}.parent_path() != folder;
    std::vector<std::string> command{"docker"};
    const auto& argv = project.compose_command;
    command.insert(command.end(), docker.begin() + 1, docker.end());
    for (std::size_t at = docker.size(); at < argv.size(); ++at) {
        const bool file = argv[at] == "-f";
        const bool directory = argv[at] == "--project-directory";
        if ((file && !name_files) || (directory && !own_directory)) {
            ++at;
        } else if (file || argv[at] == "--env-file") {
            command.push_back(argv[at]);
            command.push_back(typed(argv[++at], folder));
        } else {
            command.push_back(argv[at]);
        }
    }
    return command;
}

void add_file(std::vector<std::string>& command, const std::string& file) {
    command.insert(command.end(), {"-f", file});
}

}  // namespace

Route route_of(const Project& project, const std::vector<std::string>& docker, const Files& files) {
    refuse_where_nothing_lasts(project);
    Route route;
    route.folder = project.working_directory;
    route.ours = route.folder / kOurFolder / kOurFile;
    const bool defaults = by_default_names(project, files);
    route.starting = as_typed(project, docker, !defaults);
    if (!project.our_files.empty()) {
        route.kind = Route::Kind::kStanding;
        const Path standing{project.our_files.back()};
        if (standing != route.ours) {
            route.link = standing;
        }
        if (!defaults) {
            add_file(route.starting, typed(standing.string(), route.folder));
        }
        route.command = route.starting;
        route.why = fmt::format("{} is merged already", typed(standing.string(), route.folder));
        return route;
    }
    if (defaults && project.files.size() == 1) {
        route.kind = Route::Kind::kLink;
        route.link = route.folder / kLinkName;
        route.command = route.starting;
        route.why = fmt::format("plain docker compose reads {} beside {}", kLinkName,
                                Path{project.files.front()}.filename().string());
        return route;
    }
    route.kind = Route::Kind::kCommand;
    route.command = as_typed(project, docker, true);
    add_file(route.command, typed(route.ours.string(), route.folder));
    route.why = defaults ? fmt::format("{} is your own: nothing is hidden in it, so our file has to be named",
                                       typed(project.files.back(), route.folder))
                         : fmt::format("the files are named ({}): ours has to be named, too", project.found_by);
    return route;
}

Route route_in_place(const Project& project, const std::vector<std::string>& docker, const Files& files) {
    refuse_where_nothing_lasts(project);
    Route route;
    route.kind = Route::Kind::kInPlace;
    route.folder = project.working_directory;
    const Path ours = route.folder / kOurFolder / kOurFile;
    if (!project.our_files.empty() || files.exists(ours)) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} was applied before, and would hide what your own files say", ours.string()),
                    "docker pilotpros rollback --all takes it back; or leave --in-place out");
    }
    route.starting = as_typed(project, docker, !by_default_names(project, files));
    route.command = route.starting;
    route.why = "the values go into your own files, and nothing else in them changes";
    return route;
}

std::string shown(const std::vector<std::string>& command) {
    std::string line;
    for (const std::string& word : command) {
        const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char letter) {
            return std::isalnum(letter) != 0 ||
                   std::string{"-_./:=,@%+"}.find(static_cast<char>(letter)) != std::string::npos;
        });
        line += (line.empty() ? "" : " ") + (plain ? word : single_quoted(word));
    }
    return line;
}

std::string typed_from(const Path& here, const Path& folder, const std::string& command) {
    const bool names_files =
        command.find(" -f ") != std::string::npos || command.find(" --env-file ") != std::string::npos;
    const Path way = here.lexically_relative(folder);
    const bool below = !way.empty() && *way.begin() != "..";
    return here == folder || (below && !names_files) ? command
                                                     : fmt::format("(cd {} && {})", shown({folder.string()}), command);
}

}  // namespace pilotpros
