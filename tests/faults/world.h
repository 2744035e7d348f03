#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/apply/status.h"
#include "core/apps/nginx/facts.h"
#include "tests/faults/disk.h"
#include "tests/faults/points.h"
#include "tests/unit/apply/apply_world.h"

namespace pilotpros::testing {

/// What a service was last told to read: set when its container starts, and by a reload.
inline constexpr const char* kReadByDb = "/shop/.pilotpros/nginx/db/server.conf";

/// The small engine behind a connection that may fail at any request, and with programs that read their file when they
/// start and when they are told to.
class FaultEngine final : public Engine {
  public:
    FaultEngine(SmallEngine& engine, const MemoryFiles& files, FaultPoints& points)
        : engine_(engine), files_(files), points_(points) {}

    std::vector<Response> call_all(const std::vector<Request>& requests) override {
        std::vector<Response> responses;
        for (const Request& request : requests) {
            let_programs_read();
            if (request.method == "DELETE") {
                for (const auto& [name, value] : request.query) {
                    volumes_removed += name == "v" && value != "0" ? 1 : 0;
                }
            }
            const Response lost{0, "connection reset by peer", {}};
            switch (points_.next(FaultPoints::Seam::kEngine, request.method + " " + request.path,
                                 request.method == "GET")) {
                case Fault::kResetBefore:
                case Fault::kEngineGone:
                    responses.push_back(lost);
                    break;
                case Fault::kResetAfter:
                    answer(request);
                    responses.push_back(lost);
                    break;
                case Fault::kServerError:
                case Fault::kServerErrors:
                    responses.push_back({500, R"({"message":"server error"})", {}});
                    break;
                default:
                    responses.push_back(answer(request));
            }
        }
        return responses;
    }
    StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override {
        return engine_.open(request, std::move(on_bytes), std::move(on_end));
    }
    void close(StreamId id) override { engine_.close(id); }
    void pump(std::chrono::milliseconds at_most) override { engine_.pump(at_most); }

    /// Who runs and has not read its file yet reads it now.
    void let_programs_read() {
        std::map<std::string, std::string> now;
        for (const SmallEngine::Container& container : engine_.containers) {
            if (container.state == "running") {
                const auto known = read.find(container.id);
                now[container.id] = known == read.end() ? files_.read(kReadByDb).value_or("none") : known->second;
            }
        }
        read = std::move(now);
    }

    std::map<std::string, std::string> read;  ///< by container, what its program goes by
    int volumes_removed = 0;

  private:
    Response answer(const Request& request) {
        const std::string& path = request.path;
        Response done = engine_.call_all({request}).front();
        if (request.method == "POST" && path.ends_with("/exec") && done.ok()) {
            const auto argv = nlohmann::json::parse(request.body)["Cmd"].get<std::vector<std::string>>();
            if (argv == std::vector<std::string>{"nginx", "-s", "reload"}) {
                const std::string id = path.substr(12, path.size() - 12 - 5);
                reloads_[text(nlohmann::json::parse(done.body), "Id")] = engine_.find(id)->id;
            }
        }
        if (request.method == "POST" && path.starts_with("/exec/") && done.ok()) {
            const auto reload = reloads_.find(path.substr(6, path.rfind('/') - 6));
            if (reload != reloads_.end() && read.contains(reload->second)) {
                read[reload->second] = files_.read(kReadByDb).value_or("none");
            }
        }
        return done;
    }

    SmallEngine& engine_;
    const MemoryFiles& files_;
    FaultPoints& points_;
    std::map<std::string, std::string> reloads_;  ///< by exec, in which container
};

/// All of the world that outlives a process.
struct Remains {
    FaultDisk::Image disk;
    std::vector<SmallEngine::Container> containers;
    std::map<std::string, std::string> read;

    /// The same for two worlds in which the same will happen: it does not matter which ID a container got, how often a
    /// journal says the same, nor what is in a temporary file.
    [[nodiscard]] std::string identity() const {
        std::string all;
        const auto add = [&](const std::string& part) { all.append(part).push_back('\n'); };
        for (const auto& [path, content] : disk.contents) {
            add(path.native());
            if (path.filename() == kJournalFile) {
                add(journal_of(content));
            } else if (!path.native().starts_with("/state/")) {
                add(content);
            } else if (path.native().find(".json.") == std::string::npos) {
                add(std::to_string(content.size()));  // written once, whole
            }
        }
        for (const auto& [path, target] : disk.links) {
            add(path.native() + " -> " + target.native());
        }
        for (const auto& [path, mode] : disk.modes) {
            add(std::to_string(mode));
        }
        for (const auto& one : containers) {
            const auto known = read.find(one.id);
            add(one.name + " " + one.state + " " + (known == read.end() ? std::string{} : known->second));
            for (const std::string& line : one.hosts) {
                add(line);
            }
            add(body_of(one));
        }
        return with_plain_ids(std::move(all));
    }

  private:
    static std::string body_of(const SmallEngine::Container& container) {
        std::string body = container.body.dump();
        for (const std::string& volume : container.volumes) {
            body += " " + volume;
        }
        return body;
    }
    static const std::string& journal_of(const std::string& content) {
        static std::map<std::size_t, std::string> known;
        std::string& all = known[std::hash<std::string>{}(content)];
        if (all.empty()) {
            std::vector<std::string> said;
            for (const auto& record : member(nlohmann::json::parse(content, nullptr, false), "content")) {
                const std::string line = record.dump();
                std::erase(said, line);
                said.push_back(line);
            }
            all = fmt::format("{}", fmt::join(said, "\n"));
        }
        return all;
    }
    [[nodiscard]] std::string with_plain_ids(std::string text) const {
        for (std::size_t at = 0; at < containers.size(); ++at) {
            for (const std::string& id : {containers[at].id, containers[at].id.substr(0, 12)}) {
                for (auto found = text.find(id); found != std::string::npos; found = text.find(id, found)) {
                    text.replace(found, id.size(), containers[at].name);
                }
            }
        }
        return text;
    }
};

/// A machine with the project "shop", whose services "db" and "web" run, that can be struck at every point.
struct FaultMachine {
    /// `web_may_run_twice`: it is swapped, and an nginx in front of it, "front", looked its name up once.
    explicit FaultMachine(bool web_may_run_twice = false) : machine{true, web_may_run_twice} {
        machine.process.answer = [this, compose = machine.process.answer](const Command& command) {
            return struck(compose, command);
        };
        machine.engine.killer = &machine.engine.none;  // what is asked by us is counted before it
        machine.killer.instead = [this] { compose_step(); };
        engine.let_programs_read();
    }

    /// Limits the memory of "db" to 128m and that of "web" as given, and writes a file that "db" reads.
    ApplyResult apply(const std::string& web, const std::string& file) {
        World seams = world();
        const Project project = discover(
            {}, {machine.environment, machine.files, machine.process, machine.cancel, &engine, {"docker"}, {}});
        Observation observation = observe_services(engine, project, {}, machine.files, machine.clock.now());
        observation.engine->local = true;
        if (machine.stateless) {
            observation.services.push_back(ApplyMachine::front_of_web());
        }
        for (ServiceObservation& service : observation.services) {
            if (service.service == "db") {
                service.applications = {Application{}};
                service.applications.front().kind = "nginx";
                service.applications.front().facts = nlohmann::json(apps::nginx::Facts{});
            }
        }
        Plan plan = memory_plan("shop", {"db"}, "128m");
        const Plan more = memory_plan("shop", {"web"}, web);
        plan.changes.insert(plan.changes.end(), more.changes.begin(), more.changes.end());
        Bundle bundle = make_bundle(plan, project);
        if (!machine.in_place) {
            bundle.files.push_back({"nginx/db/server.conf", file});
        }
        ApplyRequest request{project, observation,        plan,         bundle, hash_of(plan),
                             {},      Replace::kServices, machine.live, false};
        request.in_place = machine.in_place;
        return apply_plan(seams, engine, request, machine.watcher);
    }
    void roll_back(bool all = false) {
        RollbackRequest request;
        request.all = all;
        roll_back(request);
    }
    void roll_back(const RollbackRequest& request) {
        World seams = world();
        ApplyStore kept = store();
        finish_pending(seams, engine, kept, machine.watcher);
        pilotpros::roll_back(seams, engine, kept, request, machine.watcher);
    }
    void purge() {
        World seams = world();
        ApplyStore kept = store();
        finish_pending(seams, engine, kept, machine.watcher);
        pilotpros::purge(seams, engine, kept, {}, machine.watcher);
    }
    /// What `status` does: it finishes what is pending, and reads the whole history.
    ProjectStatus status() {
        World seams = world();
        ApplyStore kept = store();
        if (kept.used()) {
            finish_pending(seams, engine, kept, machine.watcher);
        }
        const Project project = discover(
            {}, {machine.environment, machine.files, machine.process, machine.cancel, &engine, {"docker"}, {}});
        return read_status(seams, engine, project, kept, true);
    }
    ApplyStore store() { return {disk, machine.environment.state_directory(), "ENGINE", "shop"}; }
    World world() {
        return {machine.environment,         disk, machine.process, machine.clock, machine.cancel, GlobalFlags{},
                [] { return std::string{}; }};
    }

    /// All that a person could see, by a look that knows nothing of how it came about: files, folders and links with
    /// their modes, containers with what they were made of, what their programs go by, whether they run; IDs left out.
    /// Not what we keep of it in the state directory; without `lock`, not our lock on the engine either.
    std::string seen(bool lock = true) {
        engine.let_programs_read();
        nlohmann::json all;
        const auto ours = [](const Path& path) { return path == "/state" || path.string().starts_with("/state/"); };
        for (const auto& [path, content] : machine.files.contents) {
            if (!ours(path)) {
                all["files"][path.string()] = content;
            }
        }
        for (const auto& [path, mode] : machine.files.modes) {
            if (!ours(path)) {
                all["modes"][path.string()] = mode;
            }
        }
        for (const auto& [path, target] : machine.files.links) {
            all["links"][path.string()] = target.string();
        }
        for (const SmallEngine::Container& one : machine.engine.containers) {
            if (!lock && one.name.starts_with("pilotpros-lock-shop")) {  // one an image
                continue;
            }
            nlohmann::json host = member(one.body, "HostConfig");
            if (host.is_object()) {
                host.erase("Mounts");  // a volume without a name has one after the container was made again
            }
            nlohmann::json labels = member(one.body, "Labels");
            if (machine.stateless) {
                // What cannot be seen to be fit for two is stopped first, and numbered otherwise.
                labels.erase("com.docker.compose.container-number");
            }
            const auto known = engine.read.find(one.id);
            const bool reads = text(member(one.body, "Labels"), "com.docker.compose.service") == "db";
            all["containers"][one.name] = {
                one.state, std::move(labels), member(one.body, "Image"),
                host,      one.volumes,       reads && known != engine.read.end() ? known->second : ""};
        }
        all["volumes removed"] = engine.volumes_removed;
        return all.dump(1);
    }
    [[nodiscard]] bool trace_left() const {
        return std::any_of(machine.files.contents.begin(), machine.files.contents.end(),
                           [](const auto& entry) { return entry.first.string().starts_with("/state/"); });
    }

    [[nodiscard]] Remains remains() {
        engine.let_programs_read();
        return {disk.now(), machine.engine.containers, engine.read};
    }
    void load(const Remains& remains) {
        disk.load(remains.disk);
        machine.engine.containers = remains.containers;
        engine.read = remains.read;
        points = {};
    }

    ApplyMachine machine;
    FaultPoints points;
    FaultDisk disk{machine.files, points};
    FaultEngine engine{machine.engine, machine.files, points};

  private:
    struct ComposeEnds {
        Finished how;
    };

    void compose_step() {
        engine.let_programs_read();
        if (answer_lost_) {
            throw ComposeEnds{failed("connection reset by peer")};
        }
        switch (points.next(FaultPoints::Seam::kCompose, "a request of Compose's", false)) {
            case Fault::kNone:
                break;
            case Fault::kResetAfter:
                answer_lost_ = true;  // this one is still done
                break;
            case Fault::kComposeKilled: {
                Finished killed;
                killed.signal = 9;
                throw ComposeEnds{killed};
            }
            default:
                throw ComposeEnds{failed("no answer")};
        }
    }

    Finished struck(const std::function<Finished(const Command&)>& compose, const Command& command) {
        answer_lost_ = false;
        try {
            Finished finished = compose(command);
            return answer_lost_ ? failed("connection reset by peer") : finished;
        } catch (const ComposeEnds& ends) {
            return ends.how;
        }
    }

    bool answer_lost_ = false;
};

}  // namespace pilotpros::testing
