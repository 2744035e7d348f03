#include "core/compose/selection.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/compose/compose_variables.h"
#include "core/compose/default_files.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

std::vector<std::string> split(const std::string& text, const std::string& separator) {
    std::vector<std::string> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find(separator, begin), text.size());
        parts.push_back(text.substr(begin, end - begin));
        begin = end + separator.size();
    }
    return parts;
}

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(" \t");
    return begin == std::string::npos ? std::string{} : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_remote(const std::string& file) { return file.find("://") != std::string::npos || file.starts_with("git@"); }

/// Over ssh a name alone is a user; anywhere else it may be a token.
bool has_credentials(const std::string& url) {
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) {
        return false;
    }
    const std::string authority = url.substr(scheme + 3, url.find('/', scheme + 3) - scheme - 3);
    const auto at = authority.rfind('@');
    const bool ssh = url.starts_with("ssh://") || url.starts_with("git+ssh://");
    return at != std::string::npos && (!ssh || authority.find(':') < at);
}

bool is_file(const Path& path, const Files& files) { return files.exists(path) && !files.is_directory(path); }

/// Compose files that may have been meant.
std::string candidates(const Path& folder, const Files& files) {
    std::vector<std::string> names;
    for (const std::string& name : files.list(folder)) {
        if (name.ends_with(".yml") || name.ends_with(".yaml")) {
            names.push_back(name);
        }
    }
    if (names.empty() || names.size() > 9) {
        return "name the project's own Compose files with -f";
    }
    return fmt::format("{} holds {}", folder.string(), fmt::join(names, ", "));
}

std::string existing_compose_file(const std::string& name, const Path& folder, const Files& files) {
    if (name == "-") {
        return name;
    }
    const Path path = absolute_from(folder, name);
    if (files.is_directory(path)) {
        throw Error(ExitCode::kBadInput, fmt::format("{} is a folder, not a Compose file", path.string()),
                    candidates(path, files));
    }
    if (!files.exists(path)) {
        if (is_remote(name)) {
            if (has_credentials(name)) {
                // Every process list would show it.
                throw Error(
                    ExitCode::kRefused, "a Compose file is named by a URL with a password or a token in it",
                    "keep the password where git keeps its own (git help credentials), and name the file without it");
            }
            return name;
        }
        throw Error(ExitCode::kBadInput, fmt::format("there is no file {}", path.string()),
                    candidates(path.parent_path(), files));
    }
    return path.string();
}

/// The folder of the first file, against which Compose resolves relative paths.
Path folder_of(const std::vector<std::string>& files, const Path& otherwise) {
    const auto first = std::find_if(files.begin(), files.end(), [](const std::string& file) { return file != "-"; });
    return first == files.end() || is_remote(*first) ? otherwise : Path{*first}.parent_path();
}

bool environment_file_disabled(const Environment& environment) {
    static constexpr std::array kTrue{"1", "t", "T", "true", "TRUE", "True"};
    const auto value = environment.get("COMPOSE_DISABLE_ENV_FILE");
    return value && std::find(kTrue.begin(), kTrue.end(), *value) != kTrue.end();
}

class Finder {
  public:
    Finder(const Selectors& selectors, const Surroundings& surroundings)
        : selectors_(selectors),
          surroundings_(surroundings),
          folder_(user_folder(surroundings)),
          explicit_environment_(explicit_environment_files(selectors, surroundings)) {
        if (selectors.project_directory) {
            project_directory_ = absolute_from(folder_, *selectors.project_directory);
        }
    }

    std::optional<Selection> find() {
        if (!selectors_.files.empty()) {
            take_files(selectors_.files, "-f");
        } else if (const auto file = surroundings_.environment.get("COMPOSE_FILE")) {
            const auto separator = surroundings_.environment.get("COMPOSE_PATH_SEPARATOR").value_or(":");
            take_files(split(*file, separator), "COMPOSE_FILE");
        } else if (!find_without_being_told()) {
            return std::nullopt;
        }
        name_and_profiles();
        set_ours_apart(selection_, surroundings_.files);
        return std::move(selection_);
    }

  private:
    void take_files(const std::vector<std::string>& names, std::string found_by) {
        for (const std::string& name : names) {
            selection_.files.push_back(existing_compose_file(name, folder_, surroundings_.files));
        }
        selection_.working_directory = project_directory_.value_or(folder_of(selection_.files, folder_));
        // With -f the user's own folder does not count, when it is not the project's.
        set_environment(environment_of(selectors_.files.empty() ? folder_ : selection_.working_directory,
                                       selection_.working_directory));
        selection_.found_by = std::move(found_by);
    }

    bool find_without_being_told() {
        const auto defaults = find_default_files(project_directory_.value_or(folder_), surroundings_.files);
        const Path first_guess = project_directory_.value_or(defaults ? defaults->folder : folder_);
        const std::vector<std::string> environment = environment_of(folder_, first_guess);
        const auto variables = compose_variables(environment, surroundings_);
        const auto file = variables.find("COMPOSE_FILE");
        if (file != variables.end()) {
            const auto separator = variables.find("COMPOSE_PATH_SEPARATOR");
            take_files(split(file->second, separator == variables.end() ? ":" : separator->second),
                       "COMPOSE_FILE in an environment file");
            add_environment(environment);
            return true;
        }
        if (!defaults) {
            return false;
        }
        selection_.files.push_back((defaults->folder / defaults->main).string());
        if (defaults->override_file) {
            selection_.files.push_back((defaults->folder / *defaults->override_file).string());
        }
        selection_.our_files = defaults->ours;
        selection_.warnings = defaults->warnings;
        selection_.working_directory = first_guess;
        set_environment(environment);
        selection_.found_by = fmt::format("{} in {}", defaults->main,
                                          defaults->folder == folder_ ? "this folder" : defaults->folder.string());
        return true;
    }

    /// What Compose loads when the user is in one folder and the project in another.
    [[nodiscard]] std::vector<std::string> environment_of(const Path& folder, const Path& project) const {
        if (!explicit_environment_.empty() || environment_file_disabled(surroundings_.environment)) {
            return explicit_environment_;
        }
        const Path in_folder = folder / ".env";
        const Path in_project = project / ".env";
        std::vector<std::string> files{in_project.string()};
        if (!project_directory_ && folder != project && is_file(in_folder, surroundings_.files)) {
            files = order_of_environment_files(compose_version(surroundings_), in_folder.string(), in_project.string());
        }
        std::erase_if(files, [&](const std::string& file) { return !is_file(file, surroundings_.files); });
        return files;
    }

    void set_environment(std::vector<std::string> files) {
        selection_.environment_files = std::move(files);
        const std::string by_itself = (selection_.working_directory / ".env").string();
        selection_.name_environment_files =
            !explicit_environment_.empty() ||
            std::any_of(selection_.environment_files.begin(), selection_.environment_files.end(),
                        [&](const std::string& file) { return file != by_itself; });
    }

    /// The file that named the Compose files is read first, and what is read first wins.
    void add_environment(const std::vector<std::string>& files) {
        std::vector<std::string> all = selection_.environment_files;
        for (const std::string& file : files) {
            std::erase(all, file);
            all.push_back(file);
        }
        set_environment(std::move(all));
    }

    void name_and_profiles() {
        const Environment& environment = surroundings_.environment;
        selection_.project_name =
            selectors_.project_name ? selectors_.project_name : environment.get("COMPOSE_PROJECT_NAME");
        choose_profiles(selection_, selectors_, surroundings_);
    }

    const Selectors& selectors_;
    const Surroundings& surroundings_;
    Path folder_;
    std::vector<std::string> explicit_environment_;
    std::optional<Path> project_directory_;
    Selection selection_;
};

}  // namespace

std::optional<Selection> select_by_files(const Selectors& selectors, const Surroundings& surroundings) {
    return Finder{selectors, surroundings}.find();
}

Path user_folder(const Surroundings& surroundings) {
    const Path& physical = surroundings.environment.working_directory;
    const auto logical = surroundings.environment.get("PWD");
    if (logical && Path{*logical}.is_absolute() &&
        surroundings.files.canonical(*logical) == surroundings.files.canonical(physical)) {
        return absolute_from("/", *logical);
    }
    return physical;
}

Path absolute_from(const Path& folder, const Path& path) {
    const Path absolute = (folder / path).lexically_normal();
    return absolute.has_filename() || absolute == absolute.root_path() ? absolute : absolute.parent_path();
}

bool is_ours(const Path& file, const std::vector<Path>& folders, const Files& files) {
    const std::string real = files.canonical(file).string();
    return std::any_of(folders.begin(), folders.end(), [&](const Path& folder) {
        return real.starts_with((files.canonical(folder) / ".pilotpros" / "").string());
    });
}

void set_ours_apart(Selection& selection, const Files& files) {
    std::vector<Path> folders{selection.working_directory};
    for (const std::string& file : selection.files) {
        if (file != "-") {
            folders.push_back(Path{file}.parent_path());
        }
    }
    std::vector<std::string> theirs;
    for (const std::string& file : selection.files) {
        (file != "-" && is_ours(file, folders, files) ? selection.our_files : theirs).push_back(file);
    }
    if (theirs.empty() && !selection.our_files.empty()) {
        throw Error(ExitCode::kBadInput,
                    fmt::format("{} is only what pilotpros adds to a project", selection.our_files.front()),
                    "name the project's own Compose files with -f, too");
    }
    selection.files = std::move(theirs);
}

void choose_profiles(Selection& selection, const Selectors& selectors, const Surroundings& surroundings) {
    selection.profiles = selectors.profiles;
    selection.name_profiles =
        !selectors.profiles.empty() || surroundings.environment.get("COMPOSE_PROFILES").has_value();
    if (!selectors.profiles.empty()) {
        return;
    }
    const auto variables = compose_variables(selection.environment_files, surroundings);
    const auto profiles = variables.find("COMPOSE_PROFILES");
    for (const std::string& profile : split(profiles == variables.end() ? "" : profiles->second, ",")) {
        if (!trimmed(profile).empty()) {
            selection.profiles.push_back(trimmed(profile));
        }
    }
}

std::vector<std::string> explicit_environment_files(const Selectors& selectors, const Surroundings& surroundings) {
    std::vector<std::string> names = selectors.env_files;
    if (names.empty()) {
        names = split(surroundings.environment.get("COMPOSE_ENV_FILES").value_or(""), ",");
        std::erase(names, "");
    }
    const Path folder = user_folder(surroundings);
    for (std::string& name : names) {
        const Path path = absolute_from(folder, name);
        if (!surroundings.files.exists(path)) {
            throw Error(
                ExitCode::kBadInput, fmt::format("there is no environment file {}", path.string()),
                selectors.env_files.empty() ? "COMPOSE_ENV_FILES names it" : "name one that is there with --env-file");
        }
        name = path.string();
    }
    return names;
}

}  // namespace pilotpros
