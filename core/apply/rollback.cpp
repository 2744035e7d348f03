#include "core/apply/rollback.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/apply/compose_run.h"
#include "core/apply/dependencies.h"
#include "core/apply/gate.h"
#include "core/apply/guard.h"
#include "core/apply/project_files.h"
#include "core/apply/recreate.h"
#include "core/apply/reload.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

void refuse_conflicts(const std::vector<std::string>& conflicts) {
    if (!conflicts.empty()) {
        throw Error(ExitCode::kRefused, fmt::format("{} changed since we wrote it", fmt::join(conflicts, ", ")),
                    "move your version away, or take it back, and run docker pilotpros rollback again");
    }
}

int running_of(const std::vector<LiveContainer>& containers) {
    return static_cast<int>(
        std::count_if(containers.begin(), containers.end(), [](const auto& one) { return one.running(); }));
}

/// How many containers of each service ran when its rollback began: what a killed one left stopped is to run again.
std::map<std::string, int> running_at_begin(const Journal& journal) {
    std::map<std::string, int> running;
    for (const JournalRecord& record : journal.records()) {
        if (record.step == Journal::kUndo && record.state == "intent") {
            running = nlohmann::json::parse(record.detail).get<std::map<std::string, int>>();
        }
    }
    return running;
}

/// Its programs read their files again. Whose container stood all along and was not told goes by what is taken back:
/// then the journal stays pending. A program that starts just now reads them by itself.
void require_reload(Engine& engine, const std::string& project, const ServiceRecord& service,
                    const std::set<std::string>& stood) {
    std::vector<std::string> failed = reload(engine, project, service.reloads);
    for (const LiveContainer& live : containers_of(engine, project, service.service)) {
        if (!stood.contains(live.id)) {
            std::erase(failed, live.name);
        }
    }
    if (!failed.empty()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("{} could not be told to read its files again", fmt::join(failed, ", ")),
                    fmt::format("docker restart {}, then docker pilotpros rollback", fmt::join(failed, " ")));
    }
}

/// What stops a restoration half way, a full disk for one, is no refusal: the journal stays pending.
template <typename Work>
void restoring(Work work) {
    try {
        work();
    } catch (const Error& error) {
        if (error.code() != ExitCode::kRefused) {
            throw;
        }
        throw Error(
            ExitCode::kNotRestored, fmt::format("cut short: {}", error.what()),
            (error.hint().empty() ? "" : error.hint() + "; ") + std::string{"docker pilotpros rollback goes on"});
    }
}

/// A rollback of transactions that were committed, newest first; the lock is held.
class Rollback {
  public:
    Rollback(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher)
        : world_(world), engine_(engine), store_(store), watcher_(watcher) {}

    RollbackResult run(const std::vector<std::string>& ids) {
        RollbackResult result;
        std::vector<PathRecord> paths;
        for (const std::string& id : ids) {
            result.undone.push_back(store_.snapshot(id));
            const std::vector<PathRecord>& more = result.undone.back().paths;
            paths.insert(paths.end(), more.begin(), more.end());
        }
        refuse_conflicts(changed_since(paths, world_.files));
        announce(result.undone);
        restoring([&] {
            restore_files(result.undone);
            recreate_services(result);
            for (const Snapshot& snapshot : result.undone) {
                Guard guard(engine_, snapshot.project, lock_owner(world_));
                guard.drop(snapshot.id);  // first: once the journal says undone, nobody looks for it any more
                store_.journal(snapshot.id).done(Journal::kUndo);
                guard.unlock();
            }
        });
        if (!unhealthy_.empty()) {
            throw Error(ExitCode::kNotRestored,
                        fmt::format("the files are as they were, but {}", fmt::join(unhealthy_, "; ")),
                        "docker compose logs SERVICE says why; nothing is left for docker pilotpros to undo");
        }
        return result;
    }

  private:
    /// The oldest first: from its record on, all of them are being taken back, see to_finish().
    void announce(const std::vector<Snapshot>& undone) {
        // clang 14 cannot compile libstdc++'s reverse_view. NOLINTNEXTLINE(modernize-loop-convert)
        for (auto snapshot = undone.rbegin(); snapshot != undone.rend(); ++snapshot) {
            Guard guard(engine_, snapshot->project, lock_owner(world_));
            lock(guard, *snapshot);
            Journal journal = store_.journal(snapshot->id);
            if (journal.phase() == Journal::Phase::kApplied) {
                std::map<std::string, int> running;
                for (const ServiceRecord& service : snapshot->services) {
                    running[service.service] = running_of(containers_of(engine_, snapshot->project, service.service));
                }
                journal.intend(Journal::kUndo, nlohmann::json(running).dump());
            }
        }
    }

    /// Each path once, as the oldest that wrote it found it: a killed run may have taken folders of it away already.
    void restore_files(const std::vector<Snapshot>& undone) {
        std::map<std::string, std::string> oldest;  // by path
        for (const Snapshot& snapshot : undone) {
            for (const PathRecord& record : snapshot.paths) {
                oldest[record.path] = snapshot.id;
            }
        }
        for (const Snapshot& snapshot : undone) {
            watcher_.step(fmt::format("putting the files of {} back", snapshot.id));
            std::vector<PathRecord> paths = snapshot.paths;
            std::erase_if(paths, [&](const PathRecord& record) { return oldest[record.path] != snapshot.id; });
            restore_paths(paths, store_.directory_of(snapshot.id), world_.files);
        }
    }

    void lock(Guard& guard, const Snapshot& snapshot) {
        std::vector<std::string> images;
        for (const ServiceRecord& service : snapshot.services) {
            for (const ContainerRecord& container : service.containers) {
                images.push_back(container.image_id);
            }
        }
        guard.lock(images);
    }

    /// Each service once, also when several transactions changed it: the oldest of them knows how it was. What others
    /// depend on comes first.
    void recreate_services(RollbackResult& result) {
        std::map<std::string, std::pair<const Snapshot*, const ServiceRecord*>> oldest;
        std::map<std::string, int> running;
        std::vector<std::string> order;
        for (const Snapshot& snapshot : result.undone) {
            for (const ServiceRecord& service : snapshot.services) {
                if (!oldest.contains(service.service)) {
                    order.push_back(service.service);
                }
                oldest[service.service] = {&snapshot, &service};
            }
            for (const auto& [service, number] : running_at_begin(store_.journal(snapshot.id))) {
                running[service] = std::max(running[service], number);
            }
        }
        for (const std::string& name : order) {
            const auto& [snapshot, service] = oldest.at(name);
            result.said.push_back(running[name] == 0
                                      ? fmt::format("{} does not run: only its files were put back", name)
                                      : recreate(*snapshot, *service, running[name]));
        }
    }

    std::string recreate(const Snapshot& snapshot, const ServiceRecord& service, int running) {
        const std::string& name = service.service;
        tidy_after_compose(engine_, snapshot.project, name);
        const ComposeRun base{world_, snapshot.compose_arguments, snapshot.working_directory, snapshot.variables};
        // What earlier applies wrote stays in force.
        const ComposeRun run = world_.files.exists(snapshot.layer) ? base.with(snapshot.layer) : base;
        watcher_.step(fmt::format("recreating {} from its files", name));
        const std::vector<Finished> read = run.run({run.question({"config", "--format", "json"})});
        const auto model = nlohmann::json::parse(read.front().output, nullptr, false);
        nlohmann::json resolved = member(member(model, "services"), name.c_str());
        bool by_compose = false;
        std::set<std::string> stood;
        for (const LiveContainer& live : containers_of(engine_, snapshot.project, name)) {
            if (live.running()) {
                stood.insert(live.id);
            }
        }
        if (resolved.is_object()) {
            constexpr std::chrono::minutes kTime{5};
            const auto& replicas = member(member(resolved, "deploy"), "replicas");
            const int declared = replicas.is_number_integer() ? replicas.get<int>() : 1;
            const bool alone = !dependencies_stand(engine_, run, snapshot.project, member(model, "services"), name);
            by_compose = run.run({run.up(name, alone, running == declared ? 0 : running, kTime)}).front().ok();
        }
        if (!by_compose) {
            watcher_.step(fmt::format("docker compose cannot: making {} again as it was", name));
            Journal journal = store_.journal(snapshot.id);
            stood = restore_containers(engine_, snapshot.project, service, store_.directory_of(snapshot.id),
                                       world_.files, journal);
            resolved = nullptr;
            running = static_cast<int>(std::count_if(service.containers.begin(), service.containers.end(),
                                                     [](const ContainerRecord& one) { return one.running; }));
        }
        // What was mounted is what it was; a container that nobody saw a reason to replace has to read it again.
        require_reload(engine_, snapshot.project, service, stood);
        watcher_.step(fmt::format("waiting until {} is healthy", name));
        // Swap is left out: what the files say of it is the user's own, and was in force or not before us.
        const GateResult gate =
            pass_gate(engine_, world_.clock, {snapshot.project, name, running, resolved, false, service.start_seconds});
        if (!gate.passed) {
            unhealthy_.push_back(gate.said);
        }
        for (const std::string& user : reload(engine_, snapshot.project, service.name_users)) {
            watcher_.step(
                fmt::format("{} could not be told that {} has a new container: should it not find it, "
                            "docker restart {}",
                            user, name, user));
        }
        return gate.said;
    }

    World& world_;
    Engine& engine_;
    ApplyStore& store_;
    ApplyWatcher& watcher_;
    std::vector<std::string> unhealthy_;
};

std::vector<std::string> newest_first(std::vector<std::string> ids) {
    std::reverse(ids.begin(), ids.end());
    return ids;
}

/// Of a rollback that was cut short, newest first. Whatever was applied later than what is being taken back is taken
/// back with it: that was announced last, or not yet.
std::vector<std::string> to_finish(const ApplyStore& store) {
    std::vector<std::string> ids = store.in_phase(Journal::Phase::kUndoing);
    if (!ids.empty()) {
        for (std::string& id : store.in_phase(Journal::Phase::kApplied)) {
            if (id > ids.front()) {
                ids.push_back(std::move(id));
            }
        }
        std::sort(ids.begin(), ids.end());
    }
    return newest_first(std::move(ids));
}

std::vector<std::string> to_undo(const ApplyStore& store, bool all) {
    std::vector<std::string> ids = newest_first(store.in_phase(Journal::Phase::kApplied));
    if (!all && ids.size() > 1) {
        ids.resize(1);
    }
    return ids;
}

}  // namespace

void undo_exactly(World& world, Engine& engine, ApplyStore& store, const std::string& id) {
    const Snapshot snapshot = store.snapshot(id);
    Journal journal = store.journal(id);
    refuse_conflicts(changed_since(snapshot.paths, world.files));
    restoring([&] {
        journal.intend(Journal::kUndo);
        restore_paths(snapshot.paths, store.directory_of(id), world.files);
        for (const ServiceRecord& service : snapshot.services) {
            const std::set<std::string> stood =
                restore_containers(engine, snapshot.project, service, store.directory_of(id), world.files, journal);
            reload(engine, snapshot.project, service.name_users);
            require_reload(engine, snapshot.project, service, stood);
        }
        journal.done(Journal::kUndo);
    });
}

int finish_pending(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher) {
    int finished = 0;
    const std::vector<std::string> half_applied = newest_first(store.in_phase(Journal::Phase::kApplying));
    for (const std::string& id : half_applied) {
        watcher.step(fmt::format("an apply was cut short: taking {} back", id));
        undo_exactly(world, engine, store, id);
        ++finished;
    }
    const std::vector<std::string> half_undone = to_finish(store);
    if (!half_undone.empty()) {
        watcher.step("a rollback was cut short: finishing it");
        Rollback{world, engine, store, watcher}.run(half_undone);
        finished += static_cast<int>(half_undone.size());
    }
    // What a killed command left elsewhere: its lock on the engine, which is to keep the images of the last one that
    // was applied, and what it kept before its journal began. That goes last: it is why the next command looks at all.
    Guard guard(engine, store.project(), lock_owner(world));
    if (const auto applied = store.in_phase(Journal::Phase::kApplied); !applied.empty()) {
        guard.keep(applied.back());
    }
    guard.unlock();
    store.sweep();
    return finished;
}

RollbackPreview preview_rollback(const ApplyStore& store, const Files& files, bool all) {
    RollbackPreview preview;
    std::map<std::string, PathImage> next;  // what stands at a path once all that is newer is taken back
    std::set<std::string> conflicts;
    for (const std::string& id : to_undo(store, all)) {
        Snapshot snapshot = store.snapshot(id);
        std::vector<PathRecord> paths;
        for (const PathRecord& record : snapshot.paths) {
            const auto newer = next.find(record.path);
            if (newer == next.end()) {
                paths.push_back(record);
            } else if (newer->second.kind != record.after.kind || newer->second.content != record.after.content) {
                conflicts.insert(record.path);  // changed between two applies: the newer one has kept that version
            }
            next[record.path] = record.before;
        }
        for (std::string& path : changed_since(paths, files)) {
            conflicts.insert(std::move(path));
        }
        for (const std::string& service : snapshot.service_names()) {
            if (std::find(preview.services.begin(), preview.services.end(), service) == preview.services.end()) {
                preview.services.push_back(service);
            }
        }
        preview.undone.push_back(std::move(snapshot));
    }
    preview.conflicts.assign(conflicts.begin(), conflicts.end());
    return preview;
}

RollbackResult roll_back(World& world, Engine& engine, ApplyStore& store, bool all, ApplyWatcher& watcher) {
    refuse_conflicts(preview_rollback(store, world.files, all).conflicts);
    return Rollback{world, engine, store, watcher}.run(to_undo(store, all));
}

RollbackResult purge(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher) {
    RollbackResult result = roll_back(world, engine, store, true, watcher);
    restoring([&] {
        Guard guard(engine, store.project(), lock_owner(world));
        for (const std::string& id : store.transactions()) {
            guard.drop(id);
        }
        guard.unlock();
        store.purge();
    });
    return result;
}

}  // namespace pilotpros
