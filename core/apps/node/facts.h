#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/units.h"

namespace pilotpros::apps::node {

/// What a Node.js service says of itself.
struct Facts {
    std::string version;  ///< without the v, e.g. "20.19.2"
    std::string v8;
    Bytes heap_limit = 0;                 ///< V8's heap_size_limit as the server's own process has it; 0 when unknown
    std::string heap_decided_by;          ///< "command line", "environment", "entrypoint", "image" or "V8's default"
    std::vector<std::string> heap_flags;  ///< in the order in which V8 reads them: the last of a name wins
    std::vector<std::string> command_heap_flags;  ///< of these, those on the command line, which win
    bool entrypoint_sets_options = false;         ///< the process has another NODE_OPTIONS than its container
    std::vector<std::string> option_names;        ///< other options of NODE_OPTIONS and the command line, names only
    Bytes memory_limit = 0;                       ///< of the container, with which V8 was asked; 0: none
    std::string node_environment;                 ///< NODE_ENV; empty when not set
    std::string package;                          ///< of a well-known server or tool that the process runs, e.g. "vite"
    std::vector<std::string> wrappers;     ///< what started the server and stays beside it, e.g. "npm", "nodemon"
    std::vector<std::string> development;  ///< signs of a development server
    int servers = 0;                       ///< node processes that are neither wrappers nor only start another
    int processes = 0;                     ///< node processes, wrappers included
    int server_pid = 0;                    ///< in the engine's PID namespace; 0 when it does not run
    bool from_files = false;               ///< nothing ran: by files and image
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Facts, version, v8, heap_limit, heap_decided_by, heap_flags,
                                                command_heap_flags, entrypoint_sets_options, option_names, memory_limit,
                                                node_environment, package, wrappers, development, servers, processes,
                                                server_pid, from_files)

std::vector<std::string> describe(const Facts& facts);

}  // namespace pilotpros::apps::node
