#include "core/apply/transaction.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/apply/compose_run.h"
#include "core/apply/dependencies.h"
#include "core/apply/gate.h"
#include "core/apply/guard.h"
#include "core/apply/project_files.h"
#include "core/apply/recreate.h"
#include "core/apply/rollback.h"
#include "core/apply/store.h"
#include "core/model/json.h"
#include "core/model/sha256.h"
#include "core/observe/startup.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

const ServiceObservation* observed(const Observation& observation, const std::string& service) {
    const auto found = std::find_if(observation.services.begin(), observation.services.end(),
                                    [&](const ServiceObservation& one) { return one.service == service; });
    return found == observation.services.end() ? nullptr : &*found;
}

int running_of(const ServiceObservation* service) {
    return service == nullptr
               ? 0
               : static_cast<int>(std::count_if(service->containers.begin(), service->containers.end(),
                                                [](const Container& container) { return container.running(); }));
}

/// The slowest start that was seen, in seconds; 0: none was.
double start_seconds_of(const ServiceObservation* service) {
    double slowest = 0;
    if (service != nullptr) {
        slowest = usage_of(*service).start_seconds;
        for (const Container& container : service->containers) {
            slowest = std::max(slowest, StartUp{container}.took().value_or(Seconds{0}).count());
        }
    }
    return slowest;
}

void refuse_what_was_not_shown(const ApplyRequest& request) {
    std::set<std::string> services;
    for (const Change& change : request.plan.changes) {
        services.insert(change.service);
    }
    if (services.size() > 1) {
        throw Error(ExitCode::kUsage, fmt::format("one service at a time: {}", fmt::join(services, ", ")),
                    "name one of them");
    }
    if (hash_of(request.plan) != request.hash) {
        throw Error(ExitCode::kRefused, "the plan is not the one that was shown any more",
                    "run the command again and look at what it shows");
    }
}

void refuse_what_loses_data(const ApplyRequest& request, const std::string& service) {
    if (!request.data_in_layer.empty()) {
        throw Error(
            ExitCode::kRefused,
            fmt::format("{} keeps data in its container's writable layer, which a new container does not have: {}",
                        service, fmt::join(request.data_in_layer, ", ")),
            "put it on a volume first, or name it disposable: x-pilotpros: {disposable: [PATH]} in the service");
    }
    const bool mounts = std::any_of(request.bundle.files.begin(), request.bundle.files.end(),
                                    [](const BundleFile& file) { return file.path != kOurFile; });
    if (mounts && !request.observation.engine->local) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} would mount files of ours, and the engine is not proven to run on this machine: "
                                "there it would find an empty folder instead",
                                service),
                    "run the command on the engine's machine, or leave these out with --skip");
    }
}

/// Every mount of the base has to be there, unchanged, in what Compose makes of both.
void refuse_another_mount(const Json& base, const Json& merged, const std::string& service) {
    for (const Json& mount : member(base, "volumes")) {
        const Json& now = member(merged, "volumes");
        const bool same = std::any_of(now.begin(), now.end(), [&](const Json& other) { return other == mount; });
        if (!same) {
            throw Error(ExitCode::kRefused,
                        fmt::format("the change would replace what {} mounts at {}: mounts of yours are never changed",
                                    service, text(mount, "target")),
                        "leave that change out with --skip");
        }
    }
}

std::vector<BundleFile> files_to_write(const World& world, const Bundle& bundle, const Route& route) {
    std::vector<BundleFile> files = bundle.files;
    for (BundleFile& file : files) {
        if (file.path == kOurFile) {
            file.content = merge_override(world.files.read(route.ours).value_or(""), file.content);
        }
    }
    return files;
}

ComposeRun base_of(World& world, const Project& project) {
    return {world, compose_arguments(project, world), project.working_directory};
}

/// One transaction being applied; the lock is held.
Json services_as_resolved(const Project& project) {
    Json services = Json::object();
    for (const auto& [name, service] : project.services) {
        services[name] = service.resolved;
    }
    return services;
}

class Transaction {
  public:
    Transaction(World& world, Engine& engine, const ApplyRequest& request, ApplyPreview preview, ApplyStore& store,
                ApplyWatcher& watcher)
        : world_(world),
          engine_(engine),
          request_(request),
          preview_(std::move(preview)),
          store_(store),
          watcher_(watcher),
          guard_(engine, request.project.name, lock_owner(world)),
          service_(observed(request.observation, preview_.service)) {}

    ApplyResult run() {
        ApplyResult result;
        result.route = preview_.route;
        std::vector<PathRecord> paths = paths_to_write(preview_.files, preview_.route, world_.files);
        if (paths.empty() && !preview_.recreates) {
            result.said = "it is applied already";
            return result;
        }
        result.id = store_.begin();  // before the lock: where something was begun, the next command looks for ours
        lock_engine();
        take_snapshot(result.id, std::move(paths));
        Journal journal = store_.journal(result.id);
        try {
            apply(journal);
            result.recreated = preview_.recreates;
            result.said = said_;
        } catch (const EngineLost& lost) {
            throw EngineLost(lost.what(),
                             "the journal is pending: any command of docker pilotpros finishes the undo "
                             "when the engine is back");
        } catch (const Error& error) {
            const bool stopped = error.code() == ExitCode::kInterrupted;
            if (stopped) {
                world_.cancel.acknowledge();
            }
            watcher_.step(fmt::format("taking it back: {}", error.what()));
            undo_exactly(world_, engine_, store_, result.id);
            guard_.unlock();
            // Refused is what was found out before anything was interrupted.
            result.code = stopped                              ? ExitCode::kInterrupted
                          : error.code() == ExitCode::kRefused ? ExitCode::kRefused
                                                               : ExitCode::kGateFailed;
            result.said = error.what();
            return result;
        }
        guard_.keep(result.id);
        return result;
    }

  private:
    void lock_engine() {
        std::vector<std::string> images;
        if (service_ != nullptr) {
            for (const Container& container : service_->containers) {
                images.push_back(container.image_id);
            }
            images.push_back(service_->image_id);
        }
        std::erase(images, "");
        guard_.lock(images);
    }

    void take_snapshot(const std::string& id, std::vector<PathRecord> paths) {
        watcher_.step("keeping what is there now");
        const Path directory = store_.directory_of(id);
        Snapshot& snapshot = snapshot_;
        snapshot.id = id;
        snapshot.taken = format_time(world_.clock.now());
        snapshot.engine = request_.observation.engine->id;
        snapshot.project = request_.project.name;
        snapshot.working_directory = request_.project.working_directory;
        snapshot.service = preview_.service;
        snapshot.plan = request_.hash;
        snapshot.compose_arguments = compose_arguments(request_.project, world_);
        snapshot.variables = compose_variables_of(world_.environment);
        snapshot.layer = preview_.route.layer().string();
        snapshot.start = shown(preview_.route.command) + " up -d";
        snapshot.start_seconds = start_seconds_of(service_);
        snapshot.masks = request_.bundle.masks;
        snapshot.changes = Json::array();
        for (const Change& change : request_.plan.changes) {
            snapshot.changes.push_back({{"key", change.key},
                                        {"target", change.target.path},
                                        {"before", change.before},
                                        {"after", change.after}});
        }
        keep_bytes(paths, directory, world_.files);
        snapshot.paths = std::move(paths);
        keep_containers(directory);
        write_snapshot(snapshot, directory, world_.files);
    }

    void keep_containers(const Path& directory) {
        int number = 0;
        for (const LiveContainer& live : containers_of(engine_, snapshot_.project, snapshot_.service)) {
            const std::string inspected = engine_.get("/containers/" + live.id + "/json");
            const Json json = Json::parse(inspected, nullptr, false);
            ContainerRecord record;
            record.id = live.id;
            record.name = live.name;
            record.image_id = text(json, "Image");
            record.config_hash = text(member(member(json, "Config"), "Labels"), "com.docker.compose.config-hash");
            record.running = live.running();
            record.kept = fmt::format("container-{}.json", ++number);
            record.sha256 = sha256_hex(inspected);
            world_.files.write_durably(directory / record.kept, inspected, 0600);
            snapshot_.containers.push_back(std::move(record));
        }
    }

    void apply(Journal& journal) {
        watcher_.step(fmt::format("writing {}", (preview_.route.folder / kOurFolder).string()));
        journal.intend("files");
        write_paths(snapshot_.paths, preview_.files, preview_.route, world_.files);
        journal.done("files");
        prove_the_command();
        if (preview_.recreates) {
            recreate(journal);
        } else {
            said_ = preview_.service + (running_of(service_) == 0
                                            ? " does not run: the change is in force when it is started"
                                            : " runs with it already");
        }
        world_.cancel.check();  // the last moment at which it can be taken back by asking
        journal.done(Journal::kCommit);
    }

    /// The very command that starts the project from now on has to give the service with the change.
    void prove_the_command() {
        const std::vector<std::string>& command = preview_.route.command;
        const auto skipped = static_cast<std::ptrdiff_t>(world_.docker_command().size());
        const ComposeRun typed{world_, {command.begin() + skipped, command.end()}, preview_.route.folder};
        const Finished finished = typed.run({typed.question({"config", "--hash", preview_.service})}).front();
        if (printed_hash(finished) != preview_.hash) {
            throw Error(ExitCode::kRefused, fmt::format("`{} up -d` would not keep the change", shown(command)),
                        "name the project's files with -f");
        }
    }

    void recreate(Journal& journal) {
        const int running = running_of(service_);
        int stop_timeout = 10;
        for (const Container& container : service_->containers) {
            stop_timeout = std::max(stop_timeout, container.stop_timeout);
        }
        const std::chrono::seconds time{2 * stop_timeout + 120};
        watcher_.step(fmt::format("recreating {}: docker compose may take up to {} for it", preview_.service,
                                  format_duration(time)));
        journal.intend("recreate");
        const ComposeRun run = base_of(world_, request_.project).with(preview_.route.layer());
        const auto service = request_.project.services.find(preview_.service);
        const int declared = service == request_.project.services.end() ? running : service->second.replicas;
        const bool alone = !dependencies_stand(engine_, run, request_.project.name,
                                               services_as_resolved(request_.project), preview_.service);
        if (alone) {
            watcher_.step(
                fmt::format("what {} depends on does not run as its files say and is left alone: the next up "
                            "may recreate {} once more",
                            preview_.service, preview_.service));
        }
        const Finished finished =
            run.run({run.up(preview_.service, alone, running == declared ? 0 : running, time)}).front();
        if (!finished.ok()) {
            throw Error(ExitCode::kGateFailed,
                        fmt::format("docker compose up did not replace {} (exit {}{})", preview_.service,
                                    finished.exit_code, finished.timed_out ? ", out of time" : ""));
        }
        journal.done("recreate");
        gate(journal, running);
    }

    void gate(Journal& journal, int running) {
        const double seen = snapshot_.start_seconds;
        Seconds healthy = time_to_be_stable(seen);
        for (const Container& container : service_->containers) {
            if (container.healthcheck && !container.healthcheck->disabled()) {
                healthy = time_to_be_healthy(container, seen);
            }
        }
        watcher_.step(fmt::format("waiting until {} is healthy, at most {} (its slowest start seen: {})",
                                  preview_.service, format_duration(healthy),
                                  seen > 0 ? format_duration(Seconds{seen}) : "none"));
        journal.intend("gate");
        const GateResult result = pass_gate(engine_, world_.clock,
                                            {snapshot_.project, snapshot_.service, running, preview_.resolved,
                                             request_.observation.engine->swap_limit, seen});
        if (!result.passed) {
            throw Error(ExitCode::kGateFailed, result.said);
        }
        journal.done("gate");
        said_ = result.said;
    }

    World& world_;
    Engine& engine_;
    const ApplyRequest& request_;
    ApplyPreview preview_;
    ApplyStore& store_;
    ApplyWatcher& watcher_;
    Guard guard_;
    const ServiceObservation* service_;
    Snapshot snapshot_;
    std::string said_;
};

}  // namespace

std::string lock_owner(const World& world) {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    return fmt::format("{}:{}", host.data(), world.environment.state_directory().string());
}

ApplyPreview preview_apply(World& world, const ApplyRequest& request) {
    refuse_what_was_not_shown(request);
    if (!request.observation.engine) {
        throw Error(ExitCode::kEngineNeeded, "applying needs the engine", "docker version shows whether it answers");
    }
    ApplyPreview preview;
    preview.route = route_of(request.project, world.docker_command(), world.files);
    if (request.plan.changes.empty() || request.bundle.file(kOurFile) == nullptr) {
        throw Error(ExitCode::kRefused, "there is nothing to apply", "");
    }
    preview.service = request.plan.changes.front().service;
    refuse_what_loses_data(request, preview.service);
    preview.files = files_to_write(world, request.bundle, preview.route);
    const auto ours = std::find_if(preview.files.begin(), preview.files.end(),
                                   [](const BundleFile& file) { return file.path == kOurFile; });

    const ComposeRun base = base_of(world, request.project);
    const ComposeRun merged = base.with("-");
    const std::vector<Finished> said = base.run({base.question({"config", "--hash", preview.service}),
                                                 merged.question({"config", "--hash", preview.service}, ours->content),
                                                 merged.question({"config", "--format", "json"}, ours->content)});
    preview.hash = printed_hash(said[1]);
    const Json resolved = Json::parse(said[2].output, nullptr, false);
    preview.resolved = member(member(resolved, "services"), preview.service.c_str());
    if (preview.hash.empty() || !preview.resolved.is_object()) {
        throw Error(ExitCode::kRefused, "docker compose does not accept the change together with the project's files",
                    "docker compose config shows whether it accepts them without");
    }
    refuse_another_mount(request.project.services.at(preview.service).resolved, preview.resolved, preview.service);

    const ServiceObservation* const service = observed(request.observation, preview.service);
    const bool standing = preview.route.kind == Route::Kind::kStanding;
    for (const Container& container : service == nullptr ? std::vector<Container>{} : service->containers) {
        preview.recreates = preview.recreates || (container.running() && container.config_hash != preview.hash);
        if (!standing && container.running() && container.config_hash != printed_hash(said[0])) {
            preview.notes.push_back(fmt::format(
                "{} does not run as its files say now: what changed in them since it was started comes in force, too",
                container.name));
        }
    }
    if (!preview.route.kept()) {
        preview.notes.push_back(fmt::format("`{} up -d` does not keep the change ({}); from now on: {} up -d",
                                            shown(preview.route.starting), preview.route.why,
                                            shown(preview.route.command)));
    }
    return preview;
}

ApplyResult apply_plan(World& world, Engine& engine, const ApplyRequest& request, ApplyWatcher& watcher) {
    if (!request.observation.engine) {
        throw Error(ExitCode::kEngineNeeded, "applying needs the engine", "docker version shows whether it answers");
    }
    ApplyStore store(world.files, world.environment.state_directory(), request.observation.engine->id,
                     request.project.name);
    const FileLock lock = store.lock();
    if (finish_pending(world, engine, store, watcher) > 0) {
        throw Error(ExitCode::kRefused, "an earlier command was cut short, and has been taken back just now",
                    "run the command again: what it shows has to rest on what is there now");
    }
    ApplyPreview preview = preview_apply(world, request);
    if (!preview.route.kept() && !request.accept_new_command) {
        throw Error(ExitCode::kRefused, preview.notes.back(), "--yes agrees to that");
    }
    return Transaction{world, engine, request, std::move(preview), store, watcher}.run();
}

}  // namespace pilotpros
