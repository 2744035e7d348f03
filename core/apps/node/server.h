#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/apps/programs.h"

namespace pilotpros::apps::node {

/// Which of a container's node processes is the server.
struct Server {
    const ContainerProcess* process = nullptr;
    Program program;
    std::string package;                ///< of a well-known server or tool, else empty
    std::vector<std::string> wrappers;  ///< names of package managers and watchers beside it
    std::vector<std::string> development;
    int processes = 0;  ///< node processes in all
    int servers = 0;    ///< of these, those that are neither wrappers nor only start another
};

/// Whether a program is Node.js, or a package manager that runs on it and shows its own title ("npm run dev").
bool is_node(const Program& program);

/// The topmost node process that is itself node (not an init or a shell that starts one), and no package manager,
/// watcher or process manager; among equals the largest. When there are only such, the largest of them. Nothing when no
/// process is node's.
std::optional<Server> find_server(const std::vector<std::pair<const ContainerProcess*, Program>>& programs);

/// The same of a command line alone, for what does not run.
std::optional<Server> server_of(const Program& program);

}  // namespace pilotpros::apps::node
