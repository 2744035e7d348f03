#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "core/apply/live_containers.h"
#include "core/docker/exec.h"
#include "core/docker/json.h"
#include "core/observe/containers.h"
#include "tests/engine_contract/answers.h"
#include "tests/engine_contract/transcript.h"

namespace pilotpros::testing {

inline constexpr std::int64_t kMega = std::int64_t{1} << 20U;

/// As Compose describes one.
inline nlohmann::json description(const std::string& service, int number) {
    return {{"Image", kWebImage},
            {"Cmd", {"sleep", "infinity"}},
            {"Labels",
             {{"com.docker.compose.project", kContractProject},
              {"com.docker.compose.service", service},
              {"com.docker.compose.oneoff", "False"},
              {"com.docker.compose.container-number", std::to_string(number)},
              {"com.docker.compose.config-hash", "abc123"}}},
            {"HostConfig",
             {{"Init", true},
              {"Memory", 64 * kMega},
              {"NetworkMode", kFront},
              {"Mounts",
               {{{"Type", "volume"}, {"Target", "/named"}, {"Source", "pp-engine-contract-named"}},
                {{"Type", "tmpfs"}, {"Target", "/scratch"}}}}}},
            {"NetworkingConfig", {{"EndpointsConfig", {{kFront, {{"Aliases", {service}}}}}}}}};
}

inline std::string named(const std::string& service, int number) {
    return fmt::format("{}-{}-{}", kContractProject, service, number);
}

/// What scenarios have in common: how they ask, and how they tell what they were answered.
class Asking {
  public:
    Asking(Engine& engine, Others& others) : engine_(engine), others_(others) {
        said_.call(image_id(kWebImage), "web");
        said_.call(image_id(kLeanImage), "lean");
    }
    [[nodiscard]] const std::vector<std::string>& lines() const { return said_.lines(); }

  protected:
    using Json = nlohmann::json;

    std::string image_id(const std::string& name) {
        const std::string path = fmt::format("/images/{}/json", name);
        return text(parse_answer(engine_.get(path), path), "Id");
    }
    Response ask(const std::string& method, const std::string& path,
                 std::vector<std::pair<std::string, std::string>> query = {}) {
        Request request;
        request.method = method;
        request.path = path;
        request.query = std::move(query);
        return engine_.call(request);
    }
    Response post(const std::string& path, const Json& body) { return engine_.call(post_json(path, body)); }
    Response act(const std::string& container, const std::string& verb) {
        return ask("POST", fmt::format("/containers/{}/{}", container, verb));
    }
    Json inspect(const std::string& container) {
        const std::string path = fmt::format("/containers/{}/json", container);
        return parse_answer(engine_.get(path), path);
    }
    Response create(const std::string& name, const Json& body) {
        Request request = post_json("/containers/create", body);
        request.query = {{"name", name}};
        Response response = engine_.call(request);
        if (response.ok()) {
            made_.push_back(text(parse_answer(response.body, request.path), "Id"));
            said_.call(made_.back(), name);
        }
        return response;
    }
    std::string made(const std::string& name, const Json& body) {
        const Response response = create(name, body);
        if (!response.ok()) {
            throw Error(ExitCode::kInternal, fmt::format("cannot make {}: {}", name, response.message()));
        }
        return made_.back();
    }
    void forget() {
        for (const std::string& id : std::exchange(made_, {})) {
            ask("DELETE", "/containers/" + id, {{"force", "1"}, {"v", "1"}});
        }
    }

    void list(const std::string& what, const std::string& service) {
        std::vector<std::string> lines;
        for (const LiveContainer& one : containers_of(engine_, kContractProject, service)) {
            lines.push_back(fmt::format("{} {}", one.name, one.state));
        }
        said_.say(what, fmt::format("[{}]", fmt::join(lines, ", ")));
    }
    /// What we read of a container.
    void look(const std::string& what, const std::string& id) {
        const std::vector<Container> found = inspect_containers(engine_, {id});
        if (found.empty()) {
            said_.say(what, "none");
            return;
        }
        const Container& one = found.front();
        std::vector<std::string> mounts;
        for (const Mount& mount : one.mounts) {
            mounts.push_back(fmt::format("{} {} at {} {}", mount.type, mount.anonymous ? "anonymous" : mount.name,
                                         mount.destination, mount.writable ? "rw" : "ro"));
        }
        std::sort(mounts.begin(), mounts.end());
        said_.say(what, Json{{"name", one.name},
                             {"status", one.status},
                             {"ended with", one.exit_code},
                             {"restarts", one.restart_count},
                             {"killed for memory", one.oom_killed},
                             {"image", one.image_id},
                             {"reference", one.image_reference},
                             {"service", one.service},
                             {"number", one.number},
                             {"hash", one.config_hash},
                             {"network", one.network_mode},
                             {"networks", one.networks},
                             {"memory", one.limits.memory},
                             {"pids", one.limits.pids},
                             {"cpus", one.limits.cpus},
                             {"init", one.init},
                             {"health", one.health},
                             {"mounts", mounts}});
    }
    void run_program(const std::string& what, const std::vector<std::string>& argv, const std::string& container) {
        ExecRequest request;
        request.container = container;
        request.argv = argv;
        const ExecResult result = exec(engine_, request);
        const bool stopped = result.complaint.find("is not running") != std::string::npos;
        said_.say(what, fmt::format("{}, {}, {}", result.started ? "started" : "not started",
                                    result.ok() ? "well" : "not well",
                                    stopped                    ? "it is not running"
                                    : result.complaint.empty() ? "no complaint"
                                                               : "a complaint"));
    }
    bool has_address(const std::string& id) {
        const Json found = inspect(id);
        const Json& networks = member(member(found, "NetworkSettings"), "Networks");
        return std::any_of(networks.begin(), networks.end(),
                           [](const Json& network) { return !text(network, "IPAddress").empty(); });
    }
    void wait_for_its_end(const std::string& id) {
        constexpr std::chrono::seconds kLongest{10};
        const auto until = std::chrono::steady_clock::now() + kLongest;
        while (flag(member(inspect(id), "State"), "Running") && std::chrono::steady_clock::now() < until) {
            engine_.pump(std::chrono::milliseconds{50});
        }
    }

    Engine& engine_;
    Others& others_;
    Transcript said_;
    std::vector<std::string> made_;
};

}  // namespace pilotpros::testing
