// pilotpros-apply-driver (apply|rollback|same-in-place) SERVICE MEMORY [KILL_AT [inside]]: applies a memory limit to
// services
// ("web" or "web,db") of the project in this folder, or rolls back, through the very functions that the commands use.
// With KILL_AT it ends itself with SIGKILL just before that step; "inside" ends it in the middle of a file's writing
// instead: the temporary file is there, and has not become the file. Without it, or with 0, the last line says how many
// steps there were.
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>

#include "core/apply/compose_run.h"
#include "core/apply/patched_files.h"
#include "core/apply/rollback.h"
#include "core/bundle/compose_override.h"
#include "core/bundle/make_bundle.h"
#include "core/compose/discovery.h"
#include "core/connection.h"
#include "core/inplace/in_place.h"
#include "core/model/json.h"
#include "core/observe/services.h"
#include "tests/apply_driver/memory_plan.h"

using namespace pilotpros;

namespace {

int steps = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): counted over all seams
int kill_at = 0;
bool inside = false;

/// A step of ours: the process ends at the one it was told.
void step(const std::string& what) {
    ++steps;
    if (steps == kill_at) {
        std::cerr << fmt::format("killed at step {}: {}\n", steps, what) << std::flush;
        kill(getpid(), SIGKILL);
    }
}

class CountedFiles final : public Files {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override { return disk_.read(path); }
    [[nodiscard]] bool exists(const Path& path) const override { return disk_.exists(path); }
    [[nodiscard]] bool is_directory(const Path& path) const override { return disk_.is_directory(path); }
    [[nodiscard]] std::vector<std::string> list(const Path& directory) const override { return disk_.list(directory); }
    [[nodiscard]] Path canonical(const Path& path) const override { return disk_.canonical(path); }
    [[nodiscard]] FileState state(const Path& path) const override { return disk_.state(path); }
    [[nodiscard]] std::optional<Path> read_link(const Path& path) const override { return disk_.read_link(path); }
    void write_durably(const Path& path, const std::string& bytes, unsigned mode) override {
        if (inside && steps + 1 == kill_at) {
            std::ofstream{path.string() + ".pilotpros-tmp-Ab12Cd"} << bytes.substr(0, bytes.size() / 2);
        }
        step("write " + path.string());
        disk_.write_durably(path, bytes, mode);
    }
    void make_private_directory(const Path& directory) override {
        if (!disk_.is_directory(directory)) {
            step("make " + directory.string());
        }
        disk_.make_private_directory(directory);
    }
    void write_link(const Path& path, const Path& target) override {
        step("link " + path.string());
        disk_.write_link(path, target);
    }
    void make_directory(const Path& directory, unsigned mode) override {
        step("make " + directory.string());
        disk_.make_directory(directory, mode);
    }
    void remove(const Path& path) override {
        step("remove " + path.string());
        disk_.remove(path);
    }
    void remove_tree(const Path& directory) override {
        step("remove all of " + directory.string());
        disk_.remove_tree(directory);
    }
    [[nodiscard]] FileLock lock_with_children(const Path& file, std::chrono::milliseconds at_most) override {
        return disk_.lock_with_children(file, at_most);
    }

  private:
    DiskFiles disk_;
};

/// Only what changes something is a step: questions leave no trace.
class CountedEngine final : public Engine {
  public:
    explicit CountedEngine(Engine& engine) : engine_(engine) {}
    std::vector<Response> call_all(const std::vector<Request>& requests) override {
        for (const Request& request : requests) {
            if (request.method != "GET") {
                step(request.method + " " + request.path);
            }
        }
        return engine_.call_all(requests);
    }
    StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override {
        return engine_.open(request, std::move(on_bytes), std::move(on_end));
    }
    void close(StreamId id) override { engine_.close(id); }
    void pump(std::chrono::milliseconds at_most) override { engine_.pump(at_most); }

  private:
    Engine& engine_;
};

class CountedProcess final : public Process {
  public:
    std::vector<Finished> run_all(const std::vector<Command>& commands, const Cancel& cancel) override {
        step("run " + commands.front().argv.back());
        return process_.run_all(commands, cancel);
    }
    ConnectedChild connect(const std::vector<std::string>& argv) override { return process_.connect(argv); }

  private:
    SystemProcess process_;
};

class Said final : public ApplyWatcher {
  public:
    void step(const std::string& line) override { std::cerr << line << "\n"; }
};

std::vector<std::string> split(const std::string& names) {
    std::vector<std::string> result;
    std::istringstream rest(names);
    for (std::string name; std::getline(rest, name, ',');) {
        result.push_back(name);
    }
    return result;
}

Change wanted(const std::string& service, std::vector<std::string> path, nlohmann::json after) {
    Change change;
    change.service = service;
    change.target.path = std::move(path);
    change.after = std::move(after);
    return change;
}

/// What may be wanted of a service. Its memory where it is limited already: Compose takes no two limits that differ.
std::vector<Change> changes_of_all_kinds(const Service& service) {
    std::vector<Change> changes{wanted(service.name, {"healthcheck", "interval"}, "77s"),
                                wanted(service.name, {"healthcheck", "test"}, {"CMD", "planted", "$here"}),
                                wanted(service.name, {"environment", "NODE_OPTIONS"}, "--planted=$77"),
                                wanted(service.name, {"logging", "options", "max-size"}, "77m"),
                                wanted(service.name, {"command"}, {"planted", "-c", "x=77"}),
                                wanted(service.name, {"volumes"}, {"./planted:/planted:ro"})};
    const bool deployed = !member(service.resolved, "deploy").is_null();
    if (!deployed) {
        changes.push_back(wanted(service.name, {"mem_limit"}, "777m"));
    } else if (member(service.resolved, "mem_limit").is_null()) {
        changes.push_back(wanted(service.name, {"deploy", "resources", "limits", "memory"}, "777m"));
    }
    return changes;
}

/// All that can be changed in place of the project in this folder, held against an override by Compose itself: what is
/// printed is how many changes are the same, and how many are refused.
int same_in_place(World& world, const Project& project) {
    std::vector<ProjectFile> own;
    for (const std::string& path : project.files) {
        own.push_back({path, world.files.read(path).value_or("")});
    }
    Plan plan;
    plan.project = project.name;
    int refused = 0;
    for (const auto& [name, service] : project.services) {
        for (const Change& change :
             service.resolved.is_null() ? std::vector<Change>{} : changes_of_all_kinds(service)) {
            Plan alone;
            alone.changes = {change};
            const bool fits = edits_in_place(own, alone).refusals.empty();
            refused += fits ? 0 : 1;
            if (fits) {
                plan.changes.push_back(change);
            }
        }
    }
    const ComposeRun run = ComposeRun{world, compose_arguments(project, world), project.working_directory}.with("-");
    const std::string override_text = compose_override(plan);
    const Finished said = run.run({run.question({"config", "--format", "json"}, override_text)}).front();
    if (!said.ok()) {
        throw Error(ExitCode::kGateFailed, "Compose takes no such override: " + said.error);
    }
    require_same_as_override(world, project, patch_files(project, plan, world.files),
                             nlohmann::json::parse(said.output, nullptr, false), run.hashes(said.output));
    std::cout << fmt::format("{} same, {} refused\n", plan.changes.size(), refused);
    return 0;
}

int run(const std::vector<std::string>& words) {
    const Environment environment = Environment::of_process();
    CountedFiles files;
    CountedProcess process;
    const Clock clock;
    Cancel cancel = Cancel::install("");
    World world{environment, files, process, clock, cancel, {}, [] { return std::string{}; }};
    const Connection connection = connect(world);
    if (!connection.engine) {
        throw EngineLost(*connection.why_not);
    }
    CountedEngine engine{*connection.engine};
    Selectors selectors;
    if (const auto file = environment.get("DRIVER_FILE")) {
        selectors.files.push_back(*file);
    }
    const Project project =
        discover(selectors, {environment, files, process, cancel, &engine, world.docker_command(), {}});
    if (words[0] == "same-in-place") {
        return same_in_place(world, project);
    }
    const Observation observation = observe_services(engine, project, {}, files, clock.now());
    ApplyStore store(files, environment.state_directory(), observation.engine->id, project.name);
    Said said;
    if (words[0] == "rollback") {
        const FileLock lock = store.lock();
        finish_pending(world, engine, store, said);
        roll_back(world, engine, store, {}, said);
        finish_pending(world, engine, store, said);
        return 0;
    }
    const Plan plan = testing::memory_plan(project.name, split(words[1]), words[2]);
    const Bundle bundle = make_bundle(plan, project);
    ApplyRequest request{project,
                         observation,
                         plan,
                         bundle,
                         hash_of(plan),
                         {},
                         Replace::kServices,
                         false,
                         environment.get("DRIVER_YES").has_value()};
    request.watch = Seconds{std::atof(environment.get("DRIVER_WATCH").value_or("0").c_str())};
    request.in_place = environment.get("DRIVER_IN_PLACE").has_value();
    const ApplyResult result = apply_plan(world, engine, request, said);
    for (const std::string& line : result.said) {
        std::cout << line << "\n";
    }
    return static_cast<int>(result.code);
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words{argv + 1, argv + argc};
    if (words.size() < 3) {
        return 64;
    }
    kill_at = words.size() > 3 ? std::atoi(words[3].c_str()) : 0;
    inside = words.size() > 4;
    try {
        const int code = run(words);
        std::cout << steps << " steps\n";
        return code;
    } catch (const Error& error) {
        std::cerr << error.what() << "\n  next: " << error.hint() << "\n" << steps << " steps\n";
        return static_cast<int>(error.code());
    }
}
