#include "core/apply/given.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/docker/tar.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

bool is_mounted(const nlohmann::json& inspect, const std::string& path) {
    const nlohmann::json& mounts = member(inspect, "Mounts");
    return std::any_of(mounts.begin(), mounts.end(),
                       [&](const nlohmann::json& mount) { return text(mount, "Destination") == path; });
}

/// The directories that a file lies in, as an archive names them.
void add_directories_of(const std::string& path, std::vector<std::string>& into) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        into.push_back(path.substr(1, slash - 1));
    }
}

}  // namespace

std::string given_to(Engine& engine, const nlohmann::json& inspect, const std::vector<std::string>& paths) {
    std::vector<TarFile> files;
    std::vector<std::string> directories;  // no entries for them: they are as the image has them, or made by the engine
    for (const std::string& path : paths) {
        if (is_mounted(inspect, path)) {
            continue;
        }
        Request request;
        request.path = "/containers/" + text(inspect, "Id") + "/archive";
        request.query = {{"path", path}};
        const Response response = engine.call(request);
        if (response.status == 404) {
            continue;
        }
        std::optional<TarFile> file = response.ok() ? first_file_of(response.body) : std::nullopt;
        if (!file) {
            throw Error(ExitCode::kRefused,
                        fmt::format("cannot keep {}, which Compose put into {}: {}", path, text(inspect, "Name"),
                                    response.ok() ? "it is no file" : response.message()),
                        "try again; nothing was changed");
        }
        file->path = path;
        files.push_back(std::move(*file));
        add_directories_of(path, directories);
    }
    return files.empty() ? "" : tar_of(files, directories);
}

void give_again(Engine& engine, const std::string& container, const ContainerRecord& record, const Path& directory,
                const Files& files) {
    if (record.given.empty()) {
        return;
    }
    Request put;
    put.method = "PUT";
    put.path = "/containers/" + container + "/archive";
    put.query = {{"path", "/"}};
    put.body = files.read(directory / record.given).value_or("");
    const Response response = engine.call(put);
    if (!response.ok()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("cannot put its configs and secrets into {}: {}", record.name, response.message()),
                    "docker pilotpros rollback tries again");
    }
}

}  // namespace pilotpros
