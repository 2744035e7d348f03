#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/rollback.h"
#include "core/bundle/make_bundle.h"
#include "core/compose/discovery.h"
#include "core/lint/as_written.h"
#include "core/model/json.h"
#include "core/model/sha256.h"
#include "core/observe/services.h"
#include "tests/apply_driver/memory_plan.h"
#include "tests/unit/apply/small_engine.h"
#include "tests/unit/compose/discovery_fakes.h"

namespace pilotpros::testing {

class KillableFiles final : public Files {
  public:
    KillableFiles(MemoryFiles& disk, Killer& killer) : disk_(disk), killer_(killer) {}
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override { return disk_.read(path); }
    [[nodiscard]] bool exists(const Path& path) const override { return disk_.exists(path); }
    [[nodiscard]] bool is_directory(const Path& path) const override { return disk_.is_directory(path); }
    [[nodiscard]] std::vector<std::string> list(const Path& path) const override { return disk_.list(path); }
    [[nodiscard]] Path canonical(const Path& path) const override { return disk_.canonical(path); }
    [[nodiscard]] FileState state(const Path& path) const override { return disk_.state(path); }
    [[nodiscard]] std::optional<Path> read_link(const Path& path) const override { return disk_.read_link(path); }
    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override {
        if (killer_.torn && killer_.next_is_last()) {
            disk_.write_durably(path.string() + ".pilotpros-tmp-Ab12Cd", bytes.substr(0, bytes.size() / 2), 0600);
        }
        killer_.file_step();
        disk_.write_durably(path, bytes, mode);
        killer_.file_written();
    }
    void make_private_directory(const Path& directory) override {
        killer_.file_step();
        disk_.make_private_directory(directory);
    }
    void write_link(const Path& path, const Path& target) override {
        killer_.file_step();
        disk_.write_link(path, target);
    }
    void make_directory(const Path& directory, unsigned mode) override {
        killer_.file_step();
        disk_.make_directory(directory, mode);
    }
    void remove(const Path& path) override {
        killer_.file_step();
        disk_.remove(path);
    }
    void remove_tree(const Path& directory) override {
        killer_.file_step();
        disk_.remove_tree(directory);
    }
    [[nodiscard]] FileLock lock_with_children(const Path& file, std::chrono::milliseconds at_most) override {
        return disk_.lock_with_children(file, at_most);
    }

  private:
    MemoryFiles& disk_;
    Killer& killer_;
};

/// Time passes with every look at it.
class HurryingClock final : public Clock {
  public:
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point{std::chrono::milliseconds{now_ += 200}};
    }
    [[nodiscard]] TimePoint now() const override { return TimePoint{std::chrono::seconds{1'800'000'000}}; }

  private:
    mutable std::int64_t now_ = 0;
};

/// A machine in memory with the project "shop" in /shop, whose service "web" runs, and "db" on which it depends when
/// there are two; Compose 2.26 as far as it matters here, its own steps of replacing a container included.
struct ApplyMachine {
    explicit ApplyMachine(bool with_db = false, bool web_is_stateless = false)
        : ApplyMachine("web", "services: {web: {image: nginx:1}}\n", with_db, web_is_stateless) {}
    /// The same with another file, which is read as YAML, and its service of this name in the place of "web".
    ApplyMachine(std::string service_name, const std::string& file, bool with_db = false, bool web_is_stateless = false)
        : web(std::move(service_name)), two(with_db), stateless(web_is_stateless) {
        environment.working_directory = "/shop";
        environment.variables = {{"XDG_STATE_HOME", "/state"}, {"HOME", "/home/me"}};
        files.contents["/shop/compose.yaml"] = file;
        process.answer = [this](const Command& command) { return compose(command); };
        engine.killer = &killer;
        for (const std::string& name : names()) {
            up(service(name, {"/shop/compose.yaml"}, ""), name);
        }
        if (stateless) {
            engine
                .create("shop-front-1", {{"Labels",
                                          {{"com.docker.compose.project", "shop"},
                                           {"com.docker.compose.service", "front"},
                                           {"com.docker.compose.oneoff", "False"}}},
                                         {"HostConfig", {{"NetworkMode", "shop_default"}}}})
                .state = "running";
        }
        engine.asked.clear();
    }

    World world() {
        return {environment, killable, process, clock, cancel, {}, [] { return std::string{}; }};
    }

    Project discover(const Selectors& selectors = {}) {
        return pilotpros::discover(selectors, {environment, files, process, cancel, &engine, {"docker"}, {}});
    }

    [[nodiscard]] std::vector<std::string> names() const {
        return two ? std::vector<std::string>{"db", web} : std::vector<std::string>{web};
    }

    /// What `limits --apply` would ask for: a memory limit of every service.
    template <typename Use>
    auto requested(const std::string& memory, const Selectors& selectors, bool yes, const Use& use) {
        World seams = world();
        const Project project = discover(selectors);
        Observation observation = observe_services(engine, project, {}, files, clock.now());
        observation.engine->local = local;
        if (stateless) {
            observation.services.push_back(front_of_web());
        }
        const Plan plan = memory_plan("shop", only.empty() ? names() : only, memory);
        Bundle bundle = make_bundle(plan, project);
        bundle.files.insert(bundle.files.end(), more_files.begin(), more_files.end());
        const std::string hash = shown_hash.empty() ? hash_of(plan) : shown_hash;
        ApplyRequest request{project, observation, plan, bundle, hash, data, replace, live, yes};
        request.in_place = in_place;
        return use(seams, request);
    }
    /// Applies a memory limit to every service, as `limits --apply` would.
    ApplyResult apply(const std::string& memory = "128m", const Selectors& selectors = {}, bool yes = false) {
        return requested(memory, selectors, yes, [this](World& seams, const ApplyRequest& request) {
            return apply_plan(seams, engine, request, watcher);
        });
    }
    /// What is said before it is applied, a line each.
    std::vector<std::string> notes() {
        return requested("128m", {}, false,
                         [](World& seams, const ApplyRequest& request) { return preview_apply(seams, request).notes; });
    }
    /// An nginx that passes everything on to "web".
    static ServiceObservation front_of_web() {
        ServiceObservation front;
        front.service = "front";
        front.applications.push_back(
            {"nginx", 1, {}, {{"servers", {{{"locations", {{{"path", "/"}, {"target", "web:80"}}}}}}}}});
        return front;
    }
    ApplyStore store() { return {killable, environment.state_directory(), "ENGINE", "shop"}; }
    int recover() {
        World seams = world();
        ApplyStore kept = store();
        return finish_pending(seams, engine, kept, watcher);
    }
    RollbackResult roll_back(bool all = false) {
        RollbackRequest request;
        request.all = all;
        return roll_back(request);
    }
    RollbackResult roll_back(const RollbackRequest& request) {
        World seams = world();
        ApplyStore kept = store();
        return pilotpros::roll_back(seams, engine, kept, request, watcher);
    }

    /// All that a person could see: files with their modes and links, containers with what they were made of, whether
    /// they run; not what we keep in the state directory.
    std::string seen() const {
        nlohmann::json all;
        for (const auto& [path, content] : files.contents) {
            if (!path.string().starts_with("/state")) {
                const auto mode = files.modes.find(path);
                all["files"][path.string()] = {content, mode == files.modes.end() ? 0644U : mode->second};
            }
        }
        for (const auto& [path, target] : files.links) {
            all["links"][path.string()] = target.string();
        }
        for (const SmallEngine::Container& container : engine.containers) {
            nlohmann::json host = member(container.body, "HostConfig");
            if (host.is_object()) {
                // A volume without a name has one after the container was made again: the volumes are compared below.
                host.erase("Mounts");
            }
            all["containers"][container.name] = {container.state,
                                                 member(container.body, "Labels"),
                                                 member(container.body, "Image"),
                                                 host,
                                                 container.volumes,
                                                 container.hosts};
        }
        return all.dump(1);
    }

    MemoryFiles files;
    Killer killer;
    KillableFiles killable{files, killer};
    Environment environment;
    MemoryProcess process;
    SmallEngine engine;
    HurryingClock clock;
    Cancel cancel;
    ApplyWatcher watcher;
    std::map<std::string, std::vector<std::string>> data;
    Replace replace = Replace::kServices;
    std::vector<BundleFile> more_files;
    std::string shown_hash;
    std::vector<std::string> only;  ///< what gets a limit; empty: every service
    std::string web;
    bool two = false;
    bool stateless = false;  ///< web may run twice, and the nginx in front of it, "front", looked its name up once
    bool local = true;
    bool live = false;               ///< its containers get the limits while they run
    bool in_place = false;           ///< the limits go into the project's own file
    bool compose_is_broken = false;  ///< it reads files, and cannot replace a container

  private:
    /// What any other file says of a service's limit.
    static std::string limit_in(const std::string& content, const std::string& name) {
        if (content.find("mem_limit") == std::string::npos) {
            return {};
        }
        const std::vector<nlohmann::json> documents = linting::read_yaml(content);
        return documents.empty() ? std::string{}
                                 : text(member(member(documents.front(), "services"), name.c_str()), "mem_limit");
    }

    /// The lines of a service in an override of ours, or what a file of the user's has of it in braces.
    static std::string part_of(const std::string& content, const std::string& name) {
        const std::size_t brace = content.find(name + ": {");
        if (brace != std::string::npos) {
            return content.substr(brace, content.find('}', brace) - brace);
        }
        const std::size_t begin = content.find("\n  " + name + ":\n");
        const std::size_t end = begin == std::string::npos ? begin : content.find("\n  ", begin + 3);
        std::size_t at = end;
        while (at != std::string::npos && content.size() > at + 3 && content[at + 3] == ' ') {
            at = content.find("\n  ", at + 3);
        }
        return begin == std::string::npos ? std::string{} : content.substr(begin, at - begin);
    }

    /// What Compose makes of the files: our override is the only one that adds anything.
    [[nodiscard]] nlohmann::json service(const std::string& service, const std::vector<std::string>& names,
                                         const std::string& input) const {
        nlohmann::json result{{"image", "nginx:1"}, {"volumes", {{{"type", "volume"}, {"target", "/data"}}}}};
        if (stateless && service == "web") {
            result = {{"image", "lean:1"}};
        }
        if (two && service == "web") {
            result["depends_on"] = {{"db", {{"condition", "service_started"}}}};
        }
        for (const std::string& name : names) {
            const std::string content = name == "-" ? input : files.read(name).value_or("");
            const std::string part = part_of(content, service);
            for (const auto& [written, bytes] : {std::pair{"128m", "134217728"}, std::pair{"256m", "268435456"}}) {
                const std::string limit{written};
                const bool says_so = web == "web" ? part.find("mem_limit: \"" + limit + "\"") != std::string::npos ||
                                                        part.find("mem_limit: " + limit) != std::string::npos
                                                  : limit_in(content, service) == limit;
                if (says_so) {
                    result["mem_limit"] = bytes;
                }
            }
            if (part.find("stop_signal: \"SIGINT\"") != std::string::npos) {
                result["stop_signal"] = "SIGINT";
            }
            if (content.find("target: /data") != std::string::npos) {
                result["volumes"][0]["type"] = "bind";
            }
        }
        return result;
    }

    static std::string hash(const nlohmann::json& resolved) { return sha256_hex(resolved.dump()); }

    Finished compose(const Command& command) {
        if (killer.dead()) {
            throw Killed();
        }
        std::vector<std::string> merged;
        for (std::size_t at = 0; at + 1 < command.argv.size(); ++at) {
            if (command.argv[at] == "-f") {
                const Path path{command.argv[at + 1]};
                merged.push_back(path == "-" ? "-" : (command.working_directory / path).lexically_normal().string());
            }
        }
        if (merged.empty()) {
            merged = {"/shop/compose.yaml"};
            for (const char* name : {"/shop/compose.override.yml", "/shop/compose.override.yaml"}) {
                if (files.exists(name)) {
                    merged.emplace_back(name);
                    break;
                }
            }
        }
        if (std::any_of(merged.begin(), merged.end(),
                        [this](const std::string& name) { return name != "-" && !files.exists(name); })) {
            return failed("no such file");
        }
        if (has(command.argv, "up")) {
            killer.step();
            const std::string& name = command.argv.back();
            nlohmann::json resolved = service(name, merged, command.input);
            if (has(command.argv, "--no-deps")) {
                resolved.erase("depends_on");  // as Compose before 2.29.3 hashes it
            }
            return compose_is_broken                    ? failed("no")
                   : has(command.argv, "--no-recreate") ? up_beside(resolved, name, command.argv)
                                                        : up(resolved, name);
        }
        if (has(command.argv, "--hash")) {  // of a model that it printed
            const auto model = nlohmann::json::parse(command.input, nullptr, false);
            std::string hashes;
            for (const auto& [name, resolved] : member(model, "services").items()) {
                hashes += name + " " + hash(resolved) + "\n";
            }
            return printed(hashes);
        }
        nlohmann::json services;
        for (const std::string& name : names()) {
            services[name] = service(name, merged, command.input);
        }
        return printed(nlohmann::json{{"name", "shop"}, {"services", services}}.dump());
    }

    [[nodiscard]] nlohmann::json description(const nlohmann::json& resolved, const std::string& name,
                                             int number) const {
        const nlohmann::json memory = resolved.contains("mem_limit")
                                          ? nlohmann::json(std::stoll(resolved["mem_limit"].get<std::string>()))
                                          : nlohmann::json(0);
        nlohmann::json body{{"Image", resolved["image"]},
                            {"Labels",
                             {{"com.docker.compose.project", "shop"},
                              {"com.docker.compose.service", name},
                              {"com.docker.compose.oneoff", "False"},
                              {"com.docker.compose.container-number", std::to_string(number)},
                              {"com.docker.compose.config-hash", hash(resolved)}}},
                            {"HostConfig", {{"Memory", memory}, {"NetworkMode", "shop_default"}}},
                            {"NetworkingConfig", {{"EndpointsConfig", {{"shop_default", {{"Aliases", {name}}}}}}}}};
        if (resolved.contains("volumes")) {
            body["HostConfig"]["Mounts"] = {{{"Type", "volume"}, {"Target", "/data"}}};
        }
        return body;
    }

    /// Adds containers until there are as many as told; their numbers go on from the highest.
    Finished up_beside(const nlohmann::json& resolved, const std::string& name, const std::vector<std::string>& argv) {
        const auto scale = std::find(argv.begin(), argv.end(), "--scale") + 1;
        const int wanted = std::stoi(scale->substr(scale->find('=') + 1));
        int there = 0;
        int highest = 0;
        for (const SmallEngine::Container& one : engine.containers) {
            const nlohmann::json& labels = member(one.body, "Labels");
            if (text(labels, "com.docker.compose.service") == name) {
                ++there;
                highest = std::max(highest, std::stoi(text(labels, "com.docker.compose.container-number")));
            }
        }
        for (; there < wanted; ++there) {
            const std::string full = "shop-" + name + "-" + std::to_string(++highest);
            killer.step();
            engine.create(full, description(resolved, name, highest));
            killer.step();
            engine.find(full)->state = "running";
        }
        return printed("");
    }

    Finished up(const nlohmann::json& resolved, const std::string& name) {
        nlohmann::json body = description(resolved, name, 1);
        const std::string full = "shop-" + name + "-1";
        SmallEngine::Container* const old = engine.find(full);
        if (old == nullptr) {
            killer.step();
            engine.create(full, body).state = "running";
            return printed("");
        }
        if (member(old->body, "Labels")["com.docker.compose.config-hash"] == hash(resolved)) {
            old->state = "running";
            return printed("");
        }
        if (!old->volumes.empty()) {
            body["HostConfig"]["Mounts"][0]["Source"] = old->volumes.front();  // Compose carries it over
        }
        const std::string id = old->id;
        killer.step();
        const std::string made = engine.create(id.substr(0, 12) + "_" + full, body).id;
        killer.step();
        engine.find(id)->state = "exited";
        killer.step();
        engine.remove(id);
        killer.step();
        engine.find(made)->name = full;
        killer.step();
        engine.find(made)->state = "running";
        return printed("");
    }
};

}  // namespace pilotpros::testing
