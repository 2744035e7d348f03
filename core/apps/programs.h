#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model/observation.h"

namespace pilotpros::apps {

/// Which program a command line runs, seen through what merely starts others (sh -c, tini, gosu, entrypoint scripts,
/// env).
struct Program {
    std::string name;  ///< base name without a version's or title's decoration: "postgres" of "postgres: checkpointer"
    std::string path;  ///< as written
    std::string script;  ///< what an interpreter runs: a path, or a module of `python -m`; empty for -e, -c, -p
    std::vector<std::string> options;    ///< between interpreter and script, or all of a program that is no interpreter
    std::vector<std::string> arguments;  ///< after the script
};

/// The last part of a path.
std::string base_name(std::string_view path);

/// Reads an argument vector, or what ps made of one. Nothing of it is public: callers keep names that they know.
Program program_of(const std::vector<Secret>& argv);

/// "python3.11" and "python" are "python"; "nodejs" is "node"; everything else is itself.
std::string interpreter_of(const std::string& name);

/// The processes below the container's main one, itself first; what was brought in by exec or a health check is left
/// out. All of them when the main one is not known.
std::vector<const ContainerProcess*> main_processes(const Container* container,
                                                    const std::vector<ContainerProcess>& processes);

}  // namespace pilotpros::apps
