#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/compose/discovery.h"

namespace pilotpros {

/// Which files make the project, before Compose has read any of them. Paths are absolute.
struct Selection {
    std::vector<std::string> files;  ///< in merge order, without ours; "-" for standard input
    std::vector<std::string> our_files;
    Path working_directory;
    std::vector<std::string> environment_files;  ///< later ones win
    bool name_environment_files = false;      ///< they are not what Compose would take by itself: --env-file is needed
    std::optional<std::string> project_name;  ///< when something other than the files names it
    std::vector<std::string> profiles;
    bool name_profiles = false;  ///< they do not come from an environment file: --profile is needed
    std::string found_by;
    std::vector<std::string> warnings;
};

/// By -f, COMPOSE_FILE, or Compose's default names in the folder and above; nothing when there is no such file.
std::optional<Selection> select_by_files(const Selectors& selectors, const Surroundings& surroundings);

/// The folder as the user sees it: PWD when it leads there, as for Compose, else the system's.
Path user_folder(const Surroundings& surroundings);

/// `path` as seen from the folder, without "." and "..".
Path absolute_from(const Path& folder, const Path& path);

/// Sets `our_files` apart: what lies in, or is a symlink into, the .pilotpros of one of the folders that the project's
/// files lie in.
void set_ours_apart(Selection& selection, const Files& files);
bool is_ours(const Path& file, const std::vector<Path>& folders, const Files& files);

/// --profile, else COMPOSE_PROFILES of the process or the selection's environment files.
void choose_profiles(Selection& selection, const Selectors& selectors, const Surroundings& surroundings);

/// --env-file, else COMPOSE_ENV_FILES; absolute.
std::vector<std::string> explicit_environment_files(const Selectors& selectors, const Surroundings& surroundings);

}  // namespace pilotpros
