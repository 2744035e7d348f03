#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/compose/selection.h"
#include "core/docker/engine.h"
#include "core/model/project.h"

namespace pilotpros {

/// A Compose project as its containers' labels tell it: what its newest container was started with.
struct LabelledProject {
    std::string name;
    std::string working_directory;
    std::string config_files;       ///< as labelled: joined by commas, "-" for standard input
    std::string environment_files;  ///< likewise
    bool running = false;
    std::int64_t created = 0;                   ///< of the newest container, seconds since the epoch
    std::map<std::string, std::string> images;  ///< service to image
    std::map<std::string, int> replicas;        ///< service to number of containers
    std::vector<std::string> running_services;
    std::string manager;  ///< "Portainer", "Coolify"; empty when Compose itself
};

/// All projects that have containers, running or not; with a name only that one. One-off containers do not count.
/// Throws EngineLost without an answer.
std::vector<LabelledProject> labelled_projects(Engine& engine, const std::optional<std::string>& name);

/// Of `all`, those that were started from this folder, or from the nearest one above; of several the one that runs,
/// when only one does.
std::vector<LabelledProject> started_from(const Path& folder, const std::vector<LabelledProject>& all,
                                          const Files& files);

/// Paths joined by commas, which may hold commas themselves: the split whose paths exist is preferred.
std::vector<std::string> split_labelled_paths(const std::string& joined, const Files& files);

/// The files that the project was started with; nothing, and a reason in `warnings`, when they cannot be read any more.
std::optional<Selection> select_by_labels(const LabelledProject& labelled, const Selectors& selectors,
                                          const Surroundings& surroundings, std::vector<std::string>& warnings);

/// What can be said of a project whose files cannot be read.
Project project_from_labels(const LabelledProject& labelled, const Surroundings& surroundings);

}  // namespace pilotpros
