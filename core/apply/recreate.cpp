#include "core/apply/recreate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "core/apply/announce.h"
#include "core/apply/creation.h"
#include "core/apply/followers.h"
#include "core/apply/given.h"
#include "core/docker/json.h"
#include "core/model/sha256.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kMade = "make container";
constexpr const char* kStop = "stop container";

Request request_to(const char* method, const std::string& path) {
    Request request;
    request.method = method;
    request.path = path;
    return request;
}

/// A step that has to succeed; 304 says that it was so already.
void require(Engine& engine, const Request& request, const std::string& what, const std::string& next) {
    const Response response = engine.call(request);
    if (!response.ok() && response.status != 304) {
        throw Error(ExitCode::kNotRestored, fmt::format("{}: {}", what, response.message()), next);
    }
}

/// Whether it is gone. One that is going is waited for: a Compose that was killed had asked for it.
bool is_gone(Engine& engine, const std::string& id) {
    const std::string path = "/containers/" + id;
    const Response there = engine.call(request_to("GET", path + "/json"));
    const Json state = member(Json::parse(there.body, nullptr, false), "State");
    if (there.status == 404 || !(flag(state, "Dead") || text(state, "Status") == "removing")) {
        return there.status == 404;
    }
    Request wait = request_to("POST", path + "/wait");
    wait.query = {{"condition", "removed"}};
    wait.timeout = std::chrono::minutes{1};
    engine.call(wait);
    return engine.call(request_to("GET", path + "/json")).status == 404;
}

/// Gracefully: in the time that the container gives its program.
void stop(Engine& engine, const std::string& id) {
    constexpr std::chrono::minutes kBeside{2};  // for a busy engine
    Request request = request_to("POST", "/containers/" + id + "/stop");
    request.timeout = kBeside + std::chrono::seconds{longest_stop_grace(inspect_containers(engine, {id}))};
    engine.call(request);
}

void start(Engine& engine, const std::string& id, const std::string& name) {
    Request request = request_to("POST", "/containers/" + id + "/start");
    request.timeout = std::chrono::minutes{2};
    require(engine, request, fmt::format("cannot start {}", name),
            fmt::format("free what it says is taken, then docker pilotpros rollback"));
}

/// The name that the image had, while it still means the same image; else its ID, else nothing when it is gone.
std::string image_to_use(Engine& engine, const ContainerRecord& record, const std::string& reference) {
    for (const std::string& name : {reference, record.image_id}) {
        if (name.empty()) {
            continue;
        }
        const std::string path = "/images/" + name + "/json";
        const Response response = engine.call(request_to("GET", path));
        if (!response.ok() && response.status != 404) {  // no word on whether it is there
            throw Error(ExitCode::kNotRestored,
                        fmt::format("cannot look at the image of {}: {}", record.name, response.message()),
                        "docker pilotpros rollback tries again");
        }
        if (response.ok() && text(parse_answer(response.body, path), "Id") == record.image_id) {
            return name;
        }
    }
    return {};
}

/// Compose 2.26 names what replaces a container "<12 digits of its ID>_NAME" until the old one is gone.
std::string name_beneath(const std::string& name) {
    const bool prefixed = name.size() > kShortId + 1 && name[kShortId] == '_' &&
                          std::all_of(name.begin(), name.begin() + kShortId,
                                      [](unsigned char letter) { return std::isxdigit(letter) != 0; });
    return prefixed ? name.substr(kShortId + 1) : std::string{};
}

/// See image_to_use(). Throws Error (kNotRestored) where there is none.
std::string image_for(Engine& engine, const ContainerRecord& record, const Json& inspect) {
    const std::string reference = text(member(inspect, "Config"), "Image");
    std::string image = image_to_use(engine, record, reference);
    if (image.empty()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("the image of {} is gone from the engine ({})", record.name, record.image_id),
                    fmt::format("bring it back (docker pull {0}, or docker compose build), then docker pilotpros "
                                "rollback",
                                reference));
    }
    return image;
}

std::string make(Engine& engine, const ContainerRecord& record, const Json& inspect, Journal& journal) {
    const std::string image = image_for(engine, record, inspect);
    Request create = post_json("/containers/create", creation_of(inspect, image));
    create.query = {{"name", record.name}};
    journal.intend(kMade, record.id);
    const Response response = engine.call(create);
    if (!response.ok()) {
        throw Error(ExitCode::kNotRestored, fmt::format("cannot make {} again: {}", record.name, response.message()),
                    "docker pilotpros rollback tries again");
    }
    std::string id = text(parse_answer(response.body, create.path), "Id");
    const Json further = further_networks_of(inspect);
    for (const auto& [network, endpoint] : further.items()) {
        require(engine,
                post_json("/networks/" + network + "/connect", {{"Container", id}, {"EndpointConfig", endpoint}}),
                fmt::format("cannot attach {} to the network {}", record.name, network),
                fmt::format("docker network create {}, then docker pilotpros rollback", network));
    }
    journal.done(kMade, record.id + " " + id);
    return id;
}

void remove_others(Engine& engine, const std::vector<LiveContainer>& live, const std::set<std::string>& kept) {
    for (const LiveContainer& container : live) {
        if (!kept.contains(container.id)) {
            remove(engine, container);
        }
    }
}

/// What an earlier, killed attempt made for this container of the snapshot.
std::string made_for(const Journal& journal, const std::string& id) {
    std::string made;
    for (const JournalRecord& record : journal.records()) {
        if (record.step == kMade && record.state == "done" && record.detail.starts_with(id + " ")) {
            made = record.detail.substr(id.size() + 1);
        }
    }
    return made;
}

/// Whether we asked the engine to stop it, and did not live to see it gone.
bool told_to_stop(const Journal& journal, const std::string& id) {
    return std::any_of(journal.records().begin(), journal.records().end(),
                       [&](const JournalRecord& record) { return record.step == kStop && record.detail == id; });
}

}  // namespace

void remove(Engine& engine, const LiveContainer& container) {
    if (container.running()) {
        stop(engine, container.id);
    }
    Request request = request_to("DELETE", "/containers/" + container.id);
    request.query = {{"force", "1"}};
    const Response response = engine.call(request);
    if (!response.ok() && response.status != 404) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("cannot remove the container {}: {}", container.name, response.message()),
                    fmt::format("docker rm -f {}, then docker pilotpros rollback", container.name));
    }
}

void rename(Engine& engine, const std::string& id, const std::string& name) {
    Request request = request_to("POST", "/containers/" + id + "/rename");
    request.query = {{"name", name}};
    require(engine, request, fmt::format("cannot name a container {}", name),
            fmt::format("free the name {}, then docker pilotpros rollback", name));
}

void stop_and_remove(Engine& engine, const LiveContainer& container, Journal& journal) {
    journal.intend(kStop, container.id);
    remove(engine, container);
    journal.done(kStop, container.id);
}

std::vector<ContainerRecord> keep_containers(Engine& engine, const std::string& project, const std::string& service,
                                             const std::vector<std::string>& given, const Path& directory, int& number,
                                             Files& files) {
    std::vector<ContainerRecord> records;
    for (const LiveContainer& live : containers_of(engine, project, service)) {
        const std::string inspected = engine.get("/containers/" + live.id + "/json");
        const Json json = Json::parse(inspected, nullptr, false);
        ContainerRecord record;
        record.id = live.id;
        record.name = live.name;
        record.image_id = text(json, "Image");
        record.config_hash = text(member(member(json, "Config"), "Labels"), "com.docker.compose.config-hash");
        record.running = live.running();
        record.kept = fmt::format("container-{}.json", ++number);
        record.sha256 = sha256_hex(inspected);
        files.write_durably(directory / record.kept, inspected, 0600);
        if (const std::string archive = given_to(engine, json, given); !archive.empty()) {
            record.given = fmt::format("container-{}.tar", number);
            record.given_sha256 = sha256_hex(archive);
            files.write_durably(directory / record.given, archive, 0600);
        }
        records.push_back(std::move(record));
    }
    return records;
}

std::set<std::string> restore_containers(Engine& engine, const std::string& project, const ServiceRecord& service,
                                         const Path& directory, const Files& files, Journal& journal,
                                         const Successor& successor) {
    std::set<std::string> stood;
    if (service.containers.empty()) {
        return stood;  // it did not run, and nothing was started
    }
    const std::vector<LiveContainer> live = containers_of(engine, project, service.service);
    std::set<std::string> kept;
    std::map<std::string, const LiveContainer*> standing;  // by the snapshot's ID
    std::map<std::string, Json> kept_as;                   // by the snapshot's ID, for those to be made again
    for (const ContainerRecord& record : service.containers) {
        const Json inspect = Json::parse(files.read(directory / record.kept).value_or(""), nullptr, false);
        for (const std::string& id : {record.id, made_for(journal, record.id)}) {
            const auto found =
                std::find_if(live.begin(), live.end(), [&](const LiveContainer& one) { return one.id == id; });
            const bool usable = found != live.end() && (bindings_of(inspect).empty() || !is_unbound(engine, id));
            if (usable && standing.emplace(record.id, &*found).second) {
                kept.insert(id);
            }
        }
        // Before anything goes: there may be nothing to make it of, or to bind it to.
        if (!standing.contains(record.id)) {
            static_cast<void>(image_for(engine, record, inspect));
        }
        kept_as[record.id] =
            standing.contains(record.id) ? inspect : bound_to_successors(engine, record.name, inspect, successor);
    }
    remove_others(engine, live, kept);
    const auto make_again = [&](const ContainerRecord& record) {
        const std::string id = make(engine, record, kept_as.at(record.id), journal);
        kept.insert(id);
        give_again(engine, id, record, directory, files);
        if (record.running) {
            start(engine, id, record.name);
        }
    };
    const auto put_right = [&](const ContainerRecord& record, const LiveContainer* const there) {
        if (there->name != record.name) {
            rename(engine, there->id, record.name);
        }
        // Compose makes the next container and then stops this one. Killed in between, its request to stop goes on in
        // the engine and would end what looks running now: waited for. So does ours.
        const bool stopping =
            told_to_stop(journal, record.id) || std::any_of(live.begin(), live.end(), [&](const LiveContainer& other) {
                return name_beneath(other.name) == record.name;
            });
        if (stopping && there->running()) {
            stop(engine, there->id);
        }
        if (there->id != record.id && !there->running()) {  // made by an attempt that was killed
            give_again(engine, there->id, record, directory, files);
        }
        if (record.running && (stopping || !there->running())) {
            start(engine, there->id, record.name);
        } else if (there->running()) {
            stood.insert(there->id);
        }
    };
    for (const ContainerRecord& record : service.containers) {
        if (!standing.contains(record.id)) {
            make_again(record);
            continue;
        }
        const LiveContainer* const there = standing.at(record.id);
        try {
            put_right(record, there);
        } catch (const Error& error) {
            // It was listed, and what a killed Compose had asked for came meanwhile.
            if (error.code() != ExitCode::kNotRestored || !is_gone(engine, there->id)) {
                throw;
            }
            kept.erase(there->id);
            make_again(record);
        }
    }
    // What a killed Compose had asked for may have come meanwhile.
    remove_others(engine, containers_of(engine, project, service.service), kept);
    return stood;
}

void tidy_after_compose(Engine& engine, const std::string& project, const std::string& service) {
    const std::vector<LiveContainer> live = containers_of(engine, project, service);
    for (const LiveContainer& container : live) {
        const std::string name = name_beneath(container.name);
        if (name.empty()) {
            continue;
        }
        const bool old_lives =
            std::any_of(live.begin(), live.end(), [&](const LiveContainer& other) { return other.name == name; });
        if (old_lives) {
            remove(engine, container);
        } else {
            rename(engine, container.id, name);
        }
    }
}

}  // namespace pilotpros
