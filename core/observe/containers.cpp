#include "core/observe/containers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "core/docker/json.h"
#include "core/model/paths.h"
#include "core/observe/read_inspect.h"

namespace pilotpros {

namespace {

using nlohmann::json;

Request get(std::string path, std::vector<std::pair<std::string, std::string>> query = {}) {
    Request request;
    request.path = std::move(path);
    request.query = std::move(query);
    return request;
}

}  // namespace

std::vector<ListedContainer> list_containers(Engine& engine) {
    const json answer = parse_answer(engine.get("/containers/json", {{"all", "1"}}), "/containers/json");
    std::vector<ListedContainer> result;
    for (const json& entry : answer) {
        const json& labels = member(entry, "Labels");
        ListedContainer listed;
        listed.id = text(entry, "Id");
        listed.state = text(entry, "State");
        const auto names = texts(entry, "Names");
        listed.name =
            names.empty() ? listed.id.substr(0, 12) : names.front().substr(names.front().starts_with('/') ? 1 : 0);
        listed.project = text(labels, "com.docker.compose.project");
        listed.service = text(labels, "com.docker.compose.service");
        listed.oneoff =
            text(labels, "com.docker.compose.oneoff") == "True" || labels.contains("com.docker.compose.hook");
        result.push_back(std::move(listed));
    }
    return result;
}

namespace {

std::string why_refused(const Response& response) {
    return response.status == 0 ? "the engine gave no answer: " + response.body
           : response.ok()      ? "the engine's answer is no JSON"
                                : fmt::format("the engine answers {}: {}", response.status, response.message());
}

}  // namespace

std::vector<Container> inspect_containers(Engine& engine, const std::vector<std::string>& ids,
                                          std::map<std::string, std::string>* refused) {
    std::vector<Request> requests;
    requests.reserve(ids.size());
    for (const std::string& id : ids) {
        requests.push_back(get(fmt::format("/containers/{}/json", id)));
    }
    std::vector<Container> containers;
    const std::vector<Response> responses = engine.call_all(requests);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const Response& response = responses[i];
        if (response.status == 0) {
            throw EngineLost("the engine gave no answer: " + response.body);
        }
        const json inspect = json::parse(response.body, nullptr, false);
        if (response.ok() && inspect.is_object()) {
            containers.push_back(read_container(inspect));
        } else if (response.status != 404 && refused != nullptr) {
            (*refused)[ids[i]] = why_refused(response);
        }
    }
    return containers;
}

std::map<std::string, Image> inspect_images(Engine& engine, const std::set<std::string>& references,
                                            std::map<std::string, std::string>* refused) {
    std::vector<Request> requests;
    requests.reserve(references.size());
    for (const std::string& reference : references) {
        requests.push_back(get(fmt::format("/images/{}/json", reference)));
    }
    std::map<std::string, Image> images;
    const std::vector<Response> responses = engine.call_all(requests);
    auto reference = references.begin();
    for (const Response& response : responses) {
        const json inspect = json::parse(response.body, nullptr, false);
        if (response.ok() && inspect.is_object()) {
            images[*reference] = read_image(inspect);
        } else if (response.status != 404 && refused != nullptr) {
            (*refused)[*reference] = why_refused(response);
        }
        ++reference;
    }
    return images;
}

std::vector<ContainerProcess> read_top(const std::string& answer) {
    const json top = json::parse(answer, nullptr, false);
    std::vector<ContainerProcess> processes;
    for (const json& row : member(top, "Processes")) {
        if (!row.is_array() || row.size() < 4) {
            continue;
        }
        const auto number = [&](std::size_t column) {
            return row[column].is_string() ? std::atoll(row[column].get_ref<const std::string&>().c_str()) : 0;
        };
        ContainerProcess process;
        process.pid = static_cast<int>(number(0));
        process.parent = static_cast<int>(number(1));
        process.resident = number(2) * 1024;
        std::istringstream words{row[3].is_string() ? row[3].get<std::string>() : ""};
        for (std::string word; words >> word;) {
            process.argv.emplace_back(word);
        }
        processes.push_back(std::move(process));
    }
    return processes;
}

std::map<std::string, std::vector<ContainerProcess>> list_processes(Engine& engine,
                                                                    const std::vector<std::string>& ids) {
    std::vector<Request> requests;
    requests.reserve(ids.size());
    for (const std::string& id : ids) {
        requests.push_back(get(fmt::format("/containers/{}/top", id), {{"ps_args", "-eo pid,ppid,rss,args"}}));
    }
    std::map<std::string, std::vector<ContainerProcess>> result;
    const std::vector<Response> responses = engine.call_all(requests);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (responses[i].ok()) {
            result[ids[i]] = read_top(responses[i].body);
        }
    }
    return result;
}

WritableLayer read_changes(const std::string& answer, const std::vector<Mount>& mounts,
                           const std::vector<std::string>& given) {
    std::vector<std::string> made_by_every_start{"/run",
                                                 "/var/run",
                                                 "/tmp",
                                                 "/proc",  // the engine mounts them
                                                 "/sys",
                                                 "/dev",
                                                 "/etc/mtab",  // or links them,
                                                 "/sbin/docker-init",
                                                 "/usr/sbin/docker-init"};  // or puts its init there
    made_by_every_start.insert(made_by_every_start.end(), given.begin(), given.end());
    const json changes = json::parse(answer, nullptr, false);
    std::vector<std::pair<std::string, std::int64_t>> kept;
    if (changes.is_array()) {
        for (const json& change : changes) {
            const std::string path = text(change, "Path");
            const bool made = std::any_of(made_by_every_start.begin(), made_by_every_start.end(),
                                          [&](const std::string& place) { return lies_in(path, place); });
            const bool mounted = std::any_of(mounts.begin(), mounts.end(),
                                             [&](const Mount& mount) { return lies_in(path, mount.destination); });
            if (!path.empty() && !made && !mounted) {
                kept.emplace_back(path, integer(change, "Kind"));
            }
        }
    }
    std::sort(kept.begin(), kept.end());
    WritableLayer layer;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const std::string& path = kept[i].first;
        const std::int64_t kind = kept[i].second;
        // A directory shows as changed because something below it did; where that something was left out above, the
        // directory says nothing either.
        const bool parent_of_next =
            i + 1 < kept.size() && lies_in(kept[i + 1].first, path) && kept[i + 1].first != path;
        const bool parent_of_mount =
            std::any_of(mounts.begin(), mounts.end(),
                        [&](const Mount& mount) { return lies_in(mount.destination, path); }) ||
            std::any_of(made_by_every_start.begin(), made_by_every_start.end(),
                        [&](const std::string& entry) { return lies_in(entry, path); });
        if (kind == 0 && !parent_of_next && !parent_of_mount) {
            layer.changed.push_back(path);
        } else if (kind == 1 && !parent_of_next && !parent_of_mount) {
            layer.added.push_back(path);
        } else if (kind == 2) {
            layer.deleted.push_back(path);
        }
    }
    return layer;
}

}  // namespace pilotpros
