#include "core/docker/throwaway.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "core/docker/frames.h"
#include "core/docker/json.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

std::string our_mark() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return fmt::format("{}:{}", host.data(), getpid());
}

Json description(const ThrowawayRequest& request) {
    Json host{{"NetworkMode", "none"},
              {"AutoRemove", false},
              {"ReadonlyRootfs", false},
              {"PidsLimit", request.pids},
              {"CapDrop", Json::array({"ALL"})},
              {"SecurityOpt", Json::array({"no-new-privileges"})},
              {"RestartPolicy", {{"Name", "no"}}},
              // The answer is read from the log: a default driver that cannot be read, or sends it elsewhere, must not
              // decide.
              {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "32m"}}}}}};
    if (request.memory > 0) {
        host["Memory"] = request.memory;
        host["MemorySwap"] = request.memory;
    }
    if (request.cpus > 0) {
        host["NanoCpus"] = std::llround(request.cpus * 1e9);
    }
    if (request.shm_size > 0) {
        host["ShmSize"] = request.shm_size;
    }
    Json whole{{"Image", request.image},
               {"Entrypoint", request.argv},
               {"Env", request.environment},
               {"Tty", false},
               {"Healthcheck", {{"Test", Json::array({"NONE"})}}},
               // Compose labels the images it builds with its project, and containers inherit: ours must not be taken
               // for one of the project's.
               {"Labels",
                {{kThrowawayLabel, our_mark()},
                 {"com.docker.compose.project", ""},
                 {"com.docker.compose.service", ""},
                 {"com.docker.compose.oneoff", "True"}}},
               {"HostConfig", host}};
    if (!request.user.empty()) {
        whole["User"] = request.user;
    }
    return whole;
}

Request request_to(const char* method, std::string path) {
    Request request;
    request.method = method;
    request.path = std::move(path);
    return request;
}

Request removal_of(const std::string& id) {
    Request request = request_to("DELETE", "/containers/" + id);
    request.query = {{"force", "1"}, {"v", "1"}};
    return request;
}

Response answered(Response response) {
    if (response.status == 0) {
        throw EngineLost("the engine gave no answer: " + response.body);
    }
    return response;
}

/// Removes every throw-away container that the filter names and `wanted` accepts.
template <typename Wanted>
int sweep(Engine& engine, const std::string& filter, Wanted wanted) {
    Request list = request_to("GET", "/containers/json");
    list.query = {{"all", "1"}, {"filters", Json{{"label", Json::array({filter})}}.dump()}};
    const Response response = answered(engine.call_all({list}).front());
    const Json containers = Json::parse(response.body, nullptr, false);
    if (!response.ok() || !containers.is_array()) {
        return 0;
    }
    std::vector<Request> removals;
    for (const Json& container : containers) {
        if (const std::string id = text(container, "Id"); !id.empty() && wanted(container)) {
            removals.push_back(removal_of(id));
        }
    }
    int removed = 0;
    for (const Response& removal : engine.call_all(removals)) {
        removed += removal.ok() ? 1 : 0;
    }
    return removed;
}

}  // namespace

ThrowawayContainer::ThrowawayContainer(Engine& engine, const ThrowawayRequest& request) : engine_(engine) {
    Request create = request_to("POST", "/containers/create");
    create.owed = true;  // the engine makes it, whether or not anybody waits, and sweeping must not come before it
    create.body = description(request).dump(-1, ' ', false, Json::error_handler_t::replace);
    const Response response = answered(engine.call_all({create}).front());
    id_ = response.ok() ? text(Json::parse(response.body, nullptr, false), "Id") : std::string{};
    if (id_.empty()) {
        complaint_ = response.ok() ? "the engine's answer is no container" : response.message();
    }
}

ThrowawayContainer::~ThrowawayContainer() {
    if (id_.empty()) {
        return;
    }
    try {
        engine_.call_all({removal_of(id_)});
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): its label lets sweep_own_throwaways() or the
                                       // next run find it
    }
}

ThrowawayResult ask_in_throwaway(Engine& engine, const ThrowawayRequest& request) {
    ThrowawayResult result;
    const ThrowawayContainer container{engine, request};
    if (container.id().empty()) {
        result.complaint = container.complaint();
        return result;
    }
    const std::string path = "/containers/" + container.id();
    if (!request.files.empty()) {
        Request put = request_to("PUT", path + "/archive");
        put.query = {{"path", "/"}};
        put.body = tar_of(request.files);
        if (const Response response = answered(engine.call_all({put}).front()); !response.ok()) {
            result.complaint = response.message();
            return result;
        }
    }
    const Response started = answered(engine.call_all({request_to("POST", path + "/start")}).front());
    if (!started.ok()) {
        result.complaint = started.message();
        return result;
    }
    result.started = true;
    Request wait = request_to("POST", path + "/wait");
    wait.timeout = request.timeout;
    const Response waited = engine.call_all({wait}).front();

    Request logs = request_to("GET", path + "/logs");
    logs.query = {{"stdout", "1"}, {"stderr", "1"}};
    const std::vector<Response> responses = engine.call_all({request_to("GET", path + "/json"), logs});
    const Json state = member(Json::parse(answered(responses[0]).body, nullptr, false), "State");
    result.timed_out = waited.status == 0 && flag(state, "Running");
    result.oom_killed = flag(state, "OOMKilled");
    if (!result.timed_out && member(state, "ExitCode").is_number_integer()) {
        result.exit_code = static_cast<int>(integer(state, "ExitCode"));
    }
    Frames frames;
    frames.feed(responses[1].ok() ? responses[1].body : std::string{});
    result.output = frames.output();
    result.error = frames.error();
    if (!responses[1].ok()) {
        result.complaint = responses[1].message();
    }
    return result;
}

int sweep_throwaways(Engine& engine, TimePoint older_than) {
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(older_than.time_since_epoch()).count();
    return sweep(engine, kThrowawayLabel, [&](const Json& container) { return integer(container, "Created") < limit; });
}

int sweep_own_throwaways(Engine& engine) {
    return sweep(engine, fmt::format("{}={}", kThrowawayLabel, our_mark()),
                 [](const Json& /*container*/) { return true; });
}

void sweep_after_interruption(Engine& engine, Cancel& cancel) {
    cancel.acknowledge();  // what follows takes milliseconds
    try {
        sweep_own_throwaways(engine);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next run sweeps what is left
    }
}

}  // namespace pilotpros
