#include "core/observe/probe_commands.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/docker/json.h"
#include "core/docker/path_stat.h"
#include "core/docker/throwaway.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";  // what the engine itself assumes

/// The directories that exist, in order, each once: /bin is often a link to /usr/bin.
std::vector<std::string> real_directories(Engine& engine, const std::string& container,
                                          const std::vector<std::string>& directories) {
    std::vector<std::string> resolved;
    const auto stats = stat_resolved(engine, container, directories, resolved);
    std::set<std::string> seen;
    std::vector<std::string> result;
    for (std::size_t i = 0; i < directories.size(); ++i) {
        if (stats[i] && stats[i]->is_directory() && seen.insert(resolved[i]).second) {
            result.push_back(directories[i]);
        }
    }
    return result;
}

std::map<std::string, std::string> look(Engine& engine, const std::string& container,
                                        const std::string& path_variable) {
    const auto directories = real_directories(engine, container, search_path(path_variable));
    std::vector<std::string> paths;
    for (const std::string& name : probe_command_names()) {
        for (const std::string& directory : directories) {
            std::string path = directory;
            paths.push_back(path.append("/").append(name));
        }
    }
    std::vector<std::string> resolved;
    const auto stats = stat_resolved(engine, container, paths, resolved);
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        const std::string& name = probe_command_names().at(i / directories.size());
        if (!stats[i] || !stats[i]->is_executable_file() || !found.emplace(name, paths[i]).second) {
            continue;
        }
        const bool busybox = resolved[i].substr(resolved[i].rfind('/') + 1) == "busybox";
        if (busybox && (name == "wget" || name == "nc")) {
            found.emplace("busybox-" + name, resolved[i]);
        }
    }
    return found;
}

}  // namespace

std::vector<std::string> search_path(const std::string& path_variable) {
    const std::string path = path_variable.empty() ? std::string{kDefaultPath} : path_variable;
    std::vector<std::string> directories;
    std::size_t at = 0;
    while (at <= path.size() && directories.size() < 32) {
        const auto end = std::min(path.find(':', at), path.size());
        if (end > at && path[at] == '/') {
            directories.push_back(path.substr(at, end - at));
        }
        at = end + 1;
    }
    return directories;
}

const std::vector<std::string>& probe_command_names() {
    static const std::vector<std::string> kNames{"curl",       "wget", "nc",        "bash",  "sh",  "node", "python3",
                                                 "pg_isready", "psql", "redis-cli", "nginx", "php", "perl"};
    return kNames;
}

ProbeCommands find_probe_commands(Engine& engine, ImageAnswers& answers, const std::string& image_id,
                                  const std::string& path_variable, const std::string& container) {
    const std::string question = "probe-commands 1 " + path_variable;
    ProbeCommands result;
    if (const Json kept = answers.find(image_id, question); kept.is_object()) {
        for (const auto& [name, path] : kept.items()) {
            if (path.is_string()) {
                result.paths[name] = path.get<std::string>();
            }
        }
        result.known = true;
        return result;
    }
    try {
        if (!container.empty()) {
            result.paths = look(engine, container, path_variable);
        } else {
            ThrowawayRequest request;
            request.image = image_id;
            // Never run; an image FROM scratch that names no command would be refused without one.
            request.argv = {"/pilotpros"};
            const ThrowawayContainer created{engine, request};
            if (created.id().empty()) {
                result.why = created.complaint();
                return result;
            }
            result.paths = look(engine, created.id(), path_variable);
        }
    } catch (const EngineLost&) {
        throw;
    } catch (const Interrupted&) {
        throw;
    } catch (const Error& error) {
        result.why = error.what();
        return result;
    }
    result.known = true;
    answers.keep(image_id, question, result.paths);
    return result;
}

}  // namespace pilotpros
