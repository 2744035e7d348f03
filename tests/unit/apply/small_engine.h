#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/model/json.h"
#include "core/model/sha256.h"
#include "tests/unit/apply/killer.h"
#include "tests/unit/apply/small_container.h"
#include "tests/unit/fake_engine_memory.h"

namespace pilotpros::testing {

/// An engine that knows containers, as far as an apply asks: what it makes, starts, renames and removes is really
/// there. It answers as the real one does (tests/engine_contract); of events it tells none, of volumes it knows the
/// names, and no program in it runs.
class SmallEngine final : public Engine {
  public:
    using Container = SmallContainer;

    SmallEngine() = default;

    std::vector<Response> call_all(const std::vector<Request>& requests) override {
        std::vector<Response> responses;
        for (const Request& request : requests) {
            if (request.method != "GET") {
                killer->step();
            } else if (killer->dead()) {
                throw Killed();
            }
            if (killer->engine_lost()) {
                responses.push_back({0, "connection reset", {}});
                continue;
            }
            asked.push_back(request.method + " " + request.path);
            responses.push_back(answer(request));
        }
        return responses;
    }
    /// What differs from an image comes when time passes; of the project's events none does but by `events`.
    StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override {
        asked.push_back(request.method + " " + request.path);
        if (request.path == "/events") {
            if (events) {
                streams_.push_back([told = events(), on_bytes = std::move(on_bytes), on_end = std::move(on_end)] {
                    if (!told.first.empty()) {
                        on_bytes(told.first);
                    }
                    if (told.second != 0) {
                        on_end(told.second, "");
                    }
                });
            }
            return kEvents;
        }
        streams_.push_back([response = answer(request), on_bytes = std::move(on_bytes), on_end = std::move(on_end)] {
            on_bytes(response.body);
            on_end(response.status, "");
        });
        return streams_.size();
    }
    static constexpr StreamId kEvents = 1000;
    void close(StreamId /*id*/) override {}
    void pump(std::chrono::milliseconds /*at_most*/) override {
        for (const auto& stream : std::exchange(streams_, {})) {
            stream();
        }
    }

    /// By ID, name or the beginning of an ID.
    Container* find(const std::string& reference) {
        const auto first = [this](const auto& fits) {
            const auto found = std::find_if(containers.begin(), containers.end(), fits);
            return found == containers.end() ? nullptr : &*found;
        };
        Container* const exact =
            first([&](const Container& one) { return one.id == reference || one.name == reference; });
        return exact != nullptr || reference.empty()
                   ? exact
                   : first([&](const Container& one) { return one.id.starts_with(reference); });
    }
    Container& create(const std::string& name, const nlohmann::json& body) {
        ++made_so_far;
        containers.push_back(made_from(body, sha256_hex(fmt::format("container {}", made_so_far)),
                                       name.empty() ? fmt::format("nameless_{}", made_so_far) : name,
                                       id_of_image(text(body, "Image"))));
        return containers.back();
    }
    void remove(const std::string& id) {
        std::erase_if(containers, [&](const Container& one) { return one.id == id; });
    }

    Killer none;
    Killer* killer = &none;
    std::vector<Container> containers;
    std::set<std::string> images{"sha256:web", "sha256:lean"};  ///< the second one has no volume
    std::map<std::string, std::string> tags{{"nginx:1", "sha256:web"}, {"lean:1", "sha256:lean"}};
    std::set<std::string> networks{"bridge", "host", "none", "shop_default"};
    int made_so_far = 0;         ///< containers so far: an ID is given once
    std::string broken_when;     ///< a container with this in its description never gets healthy: it ends
    std::string broken_service;  ///< … if it is one of this service; empty: of any
    std::vector<std::string> asked;
    std::map<std::string, std::string> layers;  ///< by name: a path that differs from the image
    bool has_shell = true;                      ///< every image
    std::string listens;                        ///< what /proc/net/tcp says inside of each container
    bool hides_after_update = false;            ///< the first look at a container after that is refused
    /// What a stream of events tells, and the status with which it ends then; 0: it goes on.
    std::function<std::pair<std::string, int>()> events = nullptr;
    /// What a program prints inside of a container, where it is none of those that are known here.
    std::function<std::optional<std::string>(const Container&, const std::vector<std::string>& argv)> prints = nullptr;

  private:
    struct Exec {
        int exit_code = 0;
        std::string output;
        bool began = true;
    };

    static Response say(int status, const nlohmann::json& body) { return {status, body.dump(), {}}; }
    static Response nothing(int status) { return {status, "", {}}; }
    static Response refuse(int status, const std::string& message) { return say(status, {{"message", message}}); }

    static std::string parameter(const Request& request, const std::string& name) {
        for (const auto& [key, value] : request.query) {
            if (key == name) {
                return value;
            }
        }
        return {};
    }

    /// One that is broken has ended as soon as somebody looks.
    [[nodiscard]] bool broken(const Container& container) const {
        return !broken_when.empty() && container.body.dump().find(broken_when) != std::string::npos &&
               (broken_service.empty() || container.matches("com.docker.compose.service=" + broken_service));
    }
    [[nodiscard]] bool running(const Container& container) const {
        return container.state == "running" && !broken(container);
    }
    [[nodiscard]] std::string state_of(const Container& container) const {
        return container.state == "running" && broken(container) ? "exited" : container.state;
    }
    [[nodiscard]] int exit_code_of(const Container& container) const {
        return container.state != "running" ? container.exit_code : broken(container) ? 1 : 0;
    }

    [[nodiscard]] std::string id_of_image(const std::string& reference) const {
        return tags.contains(reference) ? tags.at(reference) : reference;
    }
    Response list(const Request& request) const {
        const bool all = parameter(request, "all") == "1";
        const auto filters = nlohmann::json::parse(parameter(request, "filters"), nullptr, false);
        const std::vector<std::string> ids = texts(filters, "id");
        const std::vector<std::string> labels = texts(filters, "label");
        nlohmann::json listed = nlohmann::json::array();
        for (auto one = containers.rbegin(); one != containers.rend(); ++one) {  // the newest first
            const Container& container = *one;
            const bool wanted = (all || running(container)) &&
                                (ids.empty() || std::find(ids.begin(), ids.end(), container.id) != ids.end()) &&
                                std::all_of(labels.begin(), labels.end(),
                                            [&](const std::string& label) { return container.matches(label); });
            if (wanted) {
                listed.push_back({{"Id", container.id},
                                  {"Names", {"/" + container.name}},
                                  {"State", state_of(container)},
                                  {"Image", text(container.body, "Image")},
                                  {"ImageID", container.image},
                                  {"Labels", member(container.body, "Labels")}});
            }
        }
        return say(200, listed);
    }

    /// What the engine says to whoever wants a name that is given.
    [[nodiscard]] std::optional<Response> taken(const std::string& name) const {
        for (const Container& one : containers) {
            if (one.name == name) {
                return refuse(409, fmt::format("Conflict. The container name \"/{}\" is already in use by container "
                                               "\"{}\".",
                                               name, one.id));
            }
        }
        return std::nullopt;
    }

    Response answer(const Request& request) {
        const std::string& path = request.path;
        if (path == "/info") {
            return say(200, {{"ID", "ENGINE"}, {"SwapLimit", true}, {"MemTotal", std::int64_t{8} << 30U}, {"NCPU", 4}});
        }
        if (path == "/version") {
            return say(200, {{"Version", "26"}});
        }
        if (path == "/events") {
            return nothing(200);
        }
        if (path == "/containers/json") {
            return list(request);
        }
        if (path == "/containers/create") {
            return make(parameter(request, "name"), nlohmann::json::parse(request.body));
        }
        if (path.starts_with("/images/")) {
            return image(path.substr(8, path.rfind("/json") - 8));
        }
        if (path.starts_with("/networks/")) {
            return connect(path.substr(10, path.rfind('/') - 10), nlohmann::json::parse(request.body));
        }
        if (path.starts_with("/exec/")) {
            return exec(path.substr(6, path.rfind('/') - 6), path.ends_with("/start"));
        }
        if (!path.starts_with("/containers/")) {
            throw std::logic_error("the small engine is not asked for " + path);
        }
        const std::string rest = path.substr(12);
        const std::string reference = rest.substr(0, rest.find('/'));
        Container* const container = find(reference);
        if (container == nullptr) {
            return refuse(404, "No such container: " + reference);
        }
        return request.method == "GET" || request.method == "HEAD"
                   ? told_of(*container, request, rest.substr(reference.size()))
                   : done_to(*container, request, rest.substr(reference.size()));
    }

    Response make(const std::string& name, const nlohmann::json& body) {
        const std::string reference = text(body, "Image");
        if (!images.contains(id_of_image(reference))) {
            return refuse(404, "No such image: " + reference);
        }
        const std::optional<Response> refused = taken(name);
        return refused ? *refused : say(201, {{"Id", create(name, body).id}});
    }

    [[nodiscard]] Response image(const std::string& reference) const {
        const std::string id = id_of_image(reference);
        if (!images.contains(id)) {
            return refuse(404, "No such image: " + reference);
        }
        nlohmann::json named = nlohmann::json::array();
        for (const auto& [tag, means] : tags) {
            if (means == id) {
                named.push_back(tag);
            }
        }
        nlohmann::json volumes;
        for (const std::string& volume : volumes_of_image(id)) {
            volumes[volume] = nlohmann::json::object();
        }
        return say(200, {{"Id", id}, {"RepoTags", named}, {"Config", {{"Volumes", volumes}}}});
    }

    /// The network itself is looked for when the container is started.
    Response connect(const std::string& network, const nlohmann::json& body) {
        Container* const container = find(text(body, "Container"));
        if (container == nullptr) {
            return refuse(404, "No such container: " + text(body, "Container"));
        }
        container->networks[network] = endpoint_of(member(body, "EndpointConfig"));
        return nothing(200);
    }

    Response told_of(const Container& container, const Request& request, const std::string& what) {
        if (what == "/json" && std::exchange(hides_next_, false)) {
            return refuse(500, "server error");
        }
        if (what == "/json") {
            return say(200, inspection_of(container, state_of(container), exit_code_of(container)));
        }
        if (what == "/changes") {
            nlohmann::json changes;
            if (layers.contains(container.name)) {
                changes.push_back({{"Path", layers.at(container.name)}, {"Kind", 1}});
            }
            return say(200, changes);
        }
        if (what == "/stats") {
            const std::int64_t used = running(container) ? std::int64_t{1} << 20U : 0;
            return say(200, {{"read", running(container) ? "2027-01-15T08:00:00Z" : "0001-01-01T00:00:00Z"},
                             {"cpu_stats", {{"cpu_usage", {{"total_usage", used}}}}},
                             {"memory_stats", {{"usage", used}, {"stats", nlohmann::json::object()}}}});
        }
        if (what == "/top") {
            return running(container)
                       ? say(200, {{"Titles", nlohmann::json::array()}, {"Processes", nlohmann::json::array()}})
                       : refuse(409, fmt::format("container {} is not running", container.id));
        }
        if (what == "/logs") {
            return nothing(200);
        }
        if (what == "/archive") {
            return refuse(404, fmt::format("Could not find the file {} in container {}", parameter(request, "path"),
                                           container.id));
        }
        throw std::logic_error("the small engine is not asked for " + what);
    }

    Response done_to(Container& container, const Request& request, const std::string& what) {
        if (request.method == "DELETE") {
            if (running(container) && parameter(request, "force") != "1") {
                return refuse(409,
                              fmt::format("cannot remove container \"/{}\": container is running", container.name));
            }
            remove(container.id);
            return nothing(204);
        }
        if (what == "/start") {
            return start(container);
        }
        if (what == "/stop") {
            const bool ran = running(container);
            if (container.state == "running") {
                container.exit_code = ran ? kTerminated : exit_code_of(container);
                container.state = "exited";
            }
            return nothing(ran ? 204 : 304);
        }
        if (what == "/rename") {
            return rename(container, parameter(request, "name"));
        }
        if (what == "/update") {
            return update(container, nlohmann::json::parse(request.body));
        }
        if (what == "/exec") {
            if (!running(container)) {
                return refuse(409, fmt::format("container {} is not running", container.id));
            }
            execs_.push_back(run_inside(container, nlohmann::json::parse(request.body).at("Cmd")));
            return say(201, {{"Id", fmt::format("exec-{}", execs_.size())}});
        }
        if (what == "/wait") {
            return say(200, {{"StatusCode", exit_code_of(container)}});
        }
        throw std::logic_error("the small engine does not do " + what);
    }

    Response start(Container& container) {
        if (running(container)) {
            return nothing(304);
        }
        for (const auto& [network, endpoint] : container.networks) {
            if (!networks.contains(network)) {
                container.exit_code = kNotStarted;
                return refuse(404, fmt::format("network {} not found", network));
            }
        }
        container.state = "running";
        return nothing(204);
    }

    Response rename(Container& container, const std::string& name) {
        if (name == container.name) {
            return refuse(400, "Renaming a container with the same name as its current name");
        }
        if (const std::optional<Response> refused = taken(name)) {
            return *refused;
        }
        container.name = name;
        return nothing(204);
    }

    Response update(Container& container, const nlohmann::json& limits) {
        nlohmann::json& host = container.body["HostConfig"];
        if (integer(limits, "MemorySwap") == 0 && integer(limits, "Memory") > integer(host, "MemorySwap")) {
            return refuse(409, fmt::format("Cannot update container {}: Memory limit should be smaller than already "
                                           "set memoryswap limit, update the memoryswap at the same time",
                                           container.id));
        }
        host.update(limits);
        hides_next_ = std::exchange(hides_after_update, false);
        return say(200, {{"Warnings", nullptr}});
    }

    Response exec(const std::string& id, bool start) {
        const std::size_t number = id.starts_with("exec-") ? std::stoul(id.substr(5)) : 0;
        if (number == 0 || number > execs_.size()) {
            return refuse(404, "No such exec instance: " + id);
        }
        const Exec& one = execs_[number - 1];
        return start ? Response{200, one.output.empty() ? "" : frame(1, one.output), {}}
                     : say(200, {{"Running", false}, {"ExitCode", one.exit_code}, {"Pid", one.began ? 4711 : 0}});
    }

    /// What a program inside does to the container's hosts file, which is what an apply runs there.
    [[nodiscard]] Exec run_inside(Container& container, const std::vector<std::string>& argv) const {
        if (const auto printed = prints ? prints(container, argv) : std::nullopt) {
            return {0, *printed};
        }
        const std::string& program = argv.front();
        const bool there = program == "cat" || program == "nginx" || (program == "sh" && has_shell);
        if (!there) {
            return {127, fmt::format("exec: \"{}\": executable file not found\r\n", program), false};
        }
        if (program == "cat") {
            return {0, argv.at(1) == "/etc/hosts" ? fmt::format("{}", fmt::join(container.hosts, "\n")) : listens};
        }
        if (program == "nginx") {
            container.looked_up = container.hosts;
        } else if (argv.at(2).find(">>/etc/hosts") != std::string::npos) {
            container.hosts.insert(container.hosts.end(), argv.begin() + 4, argv.end());
        } else if (argv.at(2).find("</etc/hosts") != std::string::npos) {
            std::erase_if(container.hosts, [&](const std::string& line) { return line.ends_with(argv.at(4)); });
        }
        return {};
    }

    static constexpr int kNotStarted = 128;
    static constexpr int kTerminated = 143;  // 128 and SIGTERM: what a program without a handler ends with

    std::vector<std::function<void()>> streams_;
    std::vector<Exec> execs_;
    bool hides_next_ = false;
};

}  // namespace pilotpros::testing
