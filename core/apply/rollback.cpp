#include "core/apply/rollback.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/apply/guard.h"
#include "core/apply/layer_data.h"
#include "core/apply/meanwhile.h"
#include "core/apply/part.h"
#include "core/apply/retention.h"
#include "core/apply/rollback_files.h"
#include "core/apply/take_back.h"
#include "core/apply/undo.h"

namespace pilotpros {

namespace {

void refuse_to_lose(const std::map<std::string, std::vector<std::string>>& data) {
    for (const auto& [service, paths] : data) {
        throw Error(
            ExitCode::kNotRestored,
            fmt::format("an apply was cut short, and since then the container that it gave {} keeps data in its "
                        "writable layer: {}",
                        service, fmt::join(paths, ", ")),
            fmt::format("copy it out (docker cp) and name its path disposable (x-pilotpros: {{disposable: "
                        "[PATH]}} in {}), or remove that container yourself; then docker pilotpros rollback",
                        service));
    }
}

/// Adds to `unhealthy` what went back and does not come up. Returns how many it finished.
int finish_undos(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, bool force, bool give_way,
                 std::vector<std::string>& unhealthy) {
    int finished = 0;
    for (const std::string& id : newest_first(store.in_phase(Journal::Phase::kApplying))) {
        watcher.step(fmt::format("an apply was cut short: taking {} back", id));
        refuse_to_lose(data_since(world, engine, store.snapshot(id)));
        for (std::string& line : undo_exactly(world, engine, store, id, watcher, force)) {
            unhealthy.push_back(std::move(line));
        }
        ++finished;
    }
    const std::vector<std::string> half_undone =
        to_finish(store, Journal::Phase::kUndoing, {Journal::Phase::kApplied, Journal::Phase::kFilesUndone});
    if (!half_undone.empty()) {
        watcher.step("a rollback was cut short: finishing it");
        Begun begun = begun_of(store.journal(half_undone.back()));  // which was announced first
        begun.force = begun.force || force;
        begun.give_way = give_way;
        take_back(world, engine, store, watcher, begun, false, {}, half_undone);
        finished += static_cast<int>(half_undone.size());
    }
    std::vector<std::string> said;
    finished += finish_files(world, store, force, watcher, said);
    std::for_each(said.begin(), said.end(), [&](const std::string& line) { watcher.step(line); });
    return finished;
}

/// What a killed command left elsewhere: its lock on the engine, which is to keep the images of what it applied, and
/// what it kept before its journal began. That goes last: it is why the next command looks at all.
void sweep_what_is_left(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher) {
    Guard guard(engine, store.project(), lock_owner(world));
    const auto applied = store.in_phase(Journal::Phase::kApplied);
    if (applied.empty() || applied.back() != store.last_begun() || guard.keep(applied.back())) {
        guard.unlock();
    }
    store.sweep();
    prune(guard, store, watcher);
}

}  // namespace

int finish_pending(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, bool force, bool give_way) {
    int finished = 0;
    std::vector<std::string> unhealthy;
    try {
        finished = finish_undos(world, engine, store, watcher, force, give_way, unhealthy);
        sweep_what_is_left(world, engine, store, watcher);
    } catch (const Error&) {  // which tells of something else, and the next command finds nothing to tell of
        std::for_each(unhealthy.begin(), unhealthy.end(), [&](const std::string& line) { watcher.step(line); });
        throw;
    }
    refuse_unhealthy(unhealthy);
    return finished;
}

RollbackResult roll_back(World& world, Engine& engine, ApplyStore& store, const RollbackRequest& request,
                         ApplyWatcher& watcher) {
    const RollbackPreview preview = preview_rollback(world, &engine, store, request);
    refuse_what_is_in_the_way(preview, request);
    refuse_more_interruptions(preview.interrupted(), request.agreed);
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
