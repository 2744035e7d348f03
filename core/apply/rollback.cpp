#include "core/apply/rollback.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/apply/conflict.h"
#include "core/apply/followers.h"
#include "core/apply/guard.h"
#include "core/apply/layer_data.h"
#include "core/apply/live.h"
#include "core/apply/part.h"
#include "core/apply/project_files.h"
#include "core/apply/recreate.h"
#include "core/apply/recreation.h"
#include "core/apply/reload.h"
#include "core/apply/retention.h"
#include "core/apply/rollback_files.h"
#include "core/apply/swap.h"
#include "core/apply/take_back.h"

namespace pilotpros {

void undo_exactly(World& world, Engine& engine, ApplyStore& store, const std::string& id, ApplyWatcher& watcher,
                  bool force) {
    const Snapshot snapshot = store.snapshot(id);
    Journal journal = store.journal(id);
    const std::vector<std::string> changed = changed_since(snapshot.paths, world.files);
    if (!force) {
        refuse_changed(changed);
    }
    const std::map<std::string, int> inside = inside_before(engine, snapshot.project, journal);
    restoring([&] {
        journal.intend(Journal::kUndo);
        std::vector<std::string> kept;
        keep_changed(changed, world.files, kept);
        std::for_each(kept.begin(), kept.end(), [&](const std::string& line) { watcher.step(line); });
        restore_paths(snapshot.paths, store.directory_of(id), world.files);
        const bool look_again = take_pins_back(engine, journal);
        Recreation recreation{world, engine, store, watcher, true, {}};
        for (const ServiceRecord& service : snapshot.services) {
            if (look_again) {
                reload(engine, snapshot.project, service.name_users);
            }
            const std::set<std::string> stood = restore_containers(
                engine, snapshot.project, service, store.directory_of(id), world.files, journal,
                successor_in(engine, store, service.service, [&] {
                    return read_intended(recreation.compose_of(snapshot), engine, snapshot.project).services;
                }));
            if (service.live) {
                for (const std::string& line : restore_limits(engine, service, store.directory_of(id), world.files)) {
                    watcher.step(line);
                }
            }
            reload(engine, snapshot.project, service.name_users);
            require_reload(engine, snapshot.project, service.service, service.reloads, stood);
        }
        recreation.bring_along(snapshot, inside);
        for (const std::string& line : recreation.unhealthy()) {
            watcher.step(line);
        }
        journal.done(Journal::kUndo);
    });
}

namespace {

void refuse_to_lose(const std::map<std::string, std::vector<std::string>>& data) {
    for (const auto& [service, paths] : data) {
        throw Error(
            ExitCode::kNotRestored,
            fmt::format("an apply was cut short, and since then the container that it gave {} keeps data in its "
                        "writable layer: {}",
                        service, fmt::join(paths, ", ")),
            fmt::format("copy it out (docker cp) and name its path disposable (x-pilotpros: {{disposable: "
                        "[PATH]}} in {}), then docker pilotpros rollback",
                        service));
    }
}

}  // namespace

int finish_pending(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, bool force) {
    int finished = 0;
    const std::vector<std::string> half_applied = newest_first(store.in_phase(Journal::Phase::kApplying));
    for (const std::string& id : half_applied) {
        watcher.step(fmt::format("an apply was cut short: taking {} back", id));
        refuse_to_lose(data_since(world, engine, store.snapshot(id)));
        undo_exactly(world, engine, store, id, watcher, force);
        ++finished;
    }
    const std::vector<std::string> half_undone =
        to_finish(store, Journal::Phase::kUndoing, {Journal::Phase::kApplied, Journal::Phase::kFilesUndone});
    if (!half_undone.empty()) {
        watcher.step("a rollback was cut short: finishing it");
        Begun begun = begun_of(store.journal(half_undone.back()));  // which was announced first
        begun.force = begun.force || force;
        take_back(world, engine, store, watcher, begun, false, {}, half_undone);
        finished += static_cast<int>(half_undone.size());
    }
    for (const std::string& id : to_finish(store, Journal::Phase::kUndoingFiles, {Journal::Phase::kApplied})) {
        watcher.step(fmt::format("putting the files of {} back was cut short: finishing it", id));
        std::vector<std::string> said;
        finish_files(world, store, id, said);
        std::for_each(said.begin(), said.end(), [&](const std::string& line) { watcher.step(line); });
        ++finished;
    }
    // What a killed command left elsewhere: its lock on the engine, which is to keep the images of what it applied, and
    // what it kept before its journal began. That goes last: it is why the next command looks at all.
    Guard guard(engine, store.project(), lock_owner(world));
    if (const auto applied = store.in_phase(Journal::Phase::kApplied);
        !applied.empty() && applied.back() == store.last_begun()) {
        guard.keep(applied.back());
    }
    guard.unlock();
    store.sweep();
    prune(guard, store, watcher);
    return finished;
}

RollbackResult roll_back(World& world, Engine& engine, ApplyStore& store, const RollbackRequest& request,
                         ApplyWatcher& watcher) {
    const RollbackPreview preview = preview_rollback(world, &engine, store, request);
    refuse_what_is_in_the_way(preview, request);
    RollbackResult result = preview.scope.part
                                ? take_back_part(world, engine, store, request, preview, watcher)
                                : take_back(world, engine, store, watcher, {{}, {}, request.exact, request.force}, true,
                                            request.announced, preview.scope.ids);
    Guard guard(engine, store.project(), lock_owner(world));
    prune(guard, store, watcher);
    return result;
}

RollbackResult purge(World& world, Engine& engine, ApplyStore& store, RollbackRequest request, ApplyWatcher& watcher) {
    request.all = true;
    RollbackResult result = roll_back(world, engine, store, request, watcher);
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
