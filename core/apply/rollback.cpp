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
#include "core/apply/swap.h"
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

/// A rollback of transactions that were committed, newest first; the lock is held.
class Rollback {
  public:
    Rollback(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher)
        : world_(world), engine_(engine), store_(store), watcher_(watcher) {}

    RollbackResult run(const std::vector<std::string>& ids) {
        RollbackResult result;
        for (const std::string& id : ids) {
            Snapshot snapshot = store_.snapshot(id);
            Journal journal = store_.journal(id);
            refuse_conflicts(changed_since(snapshot.paths, world_.files));
            Guard guard(engine_, snapshot.project, lock_owner(world_));
            lock(guard, snapshot);
            if (journal.phase() == Journal::Phase::kApplied) {
                std::map<std::string, int> running;
                for (const ServiceRecord& service : snapshot.services) {
                    running[service.service] = running_of(containers_of(engine_, snapshot.project, service.service));
                }
                journal.intend(Journal::kUndo, nlohmann::json(running).dump());
            }
            watcher_.step(fmt::format("putting the files of {} back", id));
            restore_paths(snapshot.paths, store_.directory_of(id), world_.files);
            result.undone.push_back(std::move(snapshot));
        }
        recreate_services(result);
        for (const Snapshot& snapshot : result.undone) {
            Guard guard(engine_, snapshot.project, lock_owner(world_));
            guard.drop(snapshot.id);  // first: once the journal says undone, nobody looks for it any more
            store_.journal(snapshot.id).done(Journal::kUndo);
            guard.unlock();
        }
        if (!unhealthy_.empty()) {
            throw Error(ExitCode::kNotRestored,
                        fmt::format("the files are as they were, but {}", fmt::join(unhealthy_, "; ")),
                        "docker compose logs SERVICE says why; nothing is left for docker pilotpros to undo");
        }
        return result;
    }

  private:
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
        if (resolved.is_object()) {
            constexpr std::chrono::minutes kTime{5};
            remove_where_swapped(engine_, snapshot.project, name);
            const auto& replicas = member(member(resolved, "deploy"), "replicas");
            const int declared = replicas.is_number_integer() ? replicas.get<int>() : 1;
            const bool alone = !dependencies_stand(engine_, run, snapshot.project, member(model, "services"), name);
            by_compose = run.run({run.up(name, alone, running == declared ? 0 : running, kTime)}).front().ok();
        }
        if (by_compose) {
            // What was mounted is what it was; a container that Compose saw no reason to replace has to read it again.
            reload(engine_, snapshot.project, service.reloads);
        } else {
            watcher_.step(fmt::format("docker compose cannot: making {} again as it was", name));
            Journal journal = store_.journal(snapshot.id);
            restore_containers(engine_, snapshot.project, service, store_.directory_of(snapshot.id), world_.files,
                               journal);
            resolved = nullptr;
            running = static_cast<int>(std::count_if(service.containers.begin(), service.containers.end(),
                                                     [](const ContainerRecord& one) { return one.running; }));
        }
        watcher_.step(fmt::format("waiting until {} is healthy", name));
        // Swap is left out: what the files say of it is the user's own, and was in force or not before us.
        const GateResult gate =
            pass_gate(engine_, world_.clock, {snapshot.project, name, running, resolved, false, service.start_seconds});
        if (!gate.passed) {
            unhealthy_.push_back(gate.said);
        }
        for (const std::string& line : look_up_again(engine_, snapshot.project, name, service.name_users)) {
            watcher_.step(line);
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
    journal.intend(Journal::kUndo);
    restore_paths(snapshot.paths, store.directory_of(id), world.files);
    const bool look_again = take_pins_back(engine, journal);
    for (const ServiceRecord& service : snapshot.services) {
        if (look_again) {
            reload(engine, snapshot.project, service.name_users);
        }
        restore_containers(engine, snapshot.project, service, store.directory_of(id), world.files, journal);
        reload(engine, snapshot.project, service.name_users);
        reload(engine, snapshot.project, service.reloads);
    }
    journal.done(Journal::kUndo);
}

int finish_pending(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher) {
    int finished = 0;
    const std::vector<std::string> half_applied = newest_first(store.in_phase(Journal::Phase::kApplying));
    for (const std::string& id : half_applied) {
        watcher.step(fmt::format("an apply was cut short: taking {} back", id));
        undo_exactly(world, engine, store, id);
        ++finished;
    }
    const std::vector<std::string> half_undone = newest_first(store.in_phase(Journal::Phase::kUndoing));
    if (!half_undone.empty()) {
        watcher.step("a rollback was cut short: finishing it");
        Rollback{world, engine, store, watcher}.run(half_undone);
        finished += static_cast<int>(half_undone.size());
    }
    // What a killed command left elsewhere: what it kept before its journal began, and its lock on the engine, which is
    // to keep the images of the last one that was applied.
    store.sweep();
    Guard guard(engine, store.project(), lock_owner(world));
    if (const auto applied = store.in_phase(Journal::Phase::kApplied); !applied.empty()) {
        guard.keep(applied.back());
    }
    guard.unlock();
    return finished;
}

RollbackPreview preview_rollback(const ApplyStore& store, const Files& files, bool all) {
    RollbackPreview preview;
    std::set<std::string> seen;
    for (const std::string& id : to_undo(store, all)) {
        Snapshot snapshot = store.snapshot(id);
        std::vector<PathRecord> paths = snapshot.paths;
        std::erase_if(paths, [&](const PathRecord& record) { return !seen.insert(record.path).second; });
        for (std::string& path : changed_since(paths, files)) {
            preview.conflicts.push_back(std::move(path));
        }
        for (const std::string& service : snapshot.service_names()) {
            if (std::find(preview.services.begin(), preview.services.end(), service) == preview.services.end()) {
                preview.services.push_back(service);
            }
        }
        preview.undone.push_back(std::move(snapshot));
    }
    return preview;
}

RollbackResult roll_back(World& world, Engine& engine, ApplyStore& store, bool all, ApplyWatcher& watcher) {
    refuse_conflicts(preview_rollback(store, world.files, all).conflicts);
    return Rollback{world, engine, store, watcher}.run(to_undo(store, all));
}

RollbackResult purge(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher) {
    RollbackResult result = roll_back(world, engine, store, true, watcher);
    Guard guard(engine, store.project(), lock_owner(world));
    for (const std::string& id : store.transactions()) {
        guard.drop(id);
    }
    guard.unlock();
    store.purge();
    return result;
}

}  // namespace pilotpros
