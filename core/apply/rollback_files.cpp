#include "core/apply/rollback_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "core/apply/conflict.h"
#include "core/apply/project_files.h"
#include "core/apply/take_back.h"

namespace pilotpros {

namespace {

constexpr const char* kForced = "force";  // of an intent to put files back

bool was_forced(const Journal& journal) {
    return std::any_of(journal.records().begin(), journal.records().end(), [](const JournalRecord& record) {
        return record.step == Journal::kUndoFiles && record.detail == kForced;
    });
}

/// The files of one transaction. What the user changed since is refused, or kept beside with `force`.
void put_files_back(const ApplyStore& store, const Snapshot& snapshot, bool force, Files& disk,
                    std::vector<std::string>& said) {
    const std::vector<std::string> changed = changed_since(snapshot.paths, disk);
    if (!force) {
        refuse_changed(changed);
    }
    keep_changed(changed, disk, said);
    restore_paths(snapshot.paths, store.directory_of(snapshot.id), disk);
}

}  // namespace

std::vector<PathRecord> paths_of(const std::vector<Snapshot>& snapshots) {
    std::vector<PathRecord> paths;
    for (const Snapshot& snapshot : snapshots) {
        paths.insert(paths.end(), snapshot.paths.begin(), snapshot.paths.end());
    }
    return paths;
}

void restore_together(const ApplyStore& store, const std::vector<Snapshot>& snapshots, Files& disk,
                      ApplyWatcher& watcher, std::vector<std::string>& said) {
    keep_changed(changed_since(paths_of(snapshots), disk), disk, said);
    std::map<std::string, std::string> oldest;   // by path
    std::map<std::string, PathImage> last_ours;  // …, what was written last
    for (const Snapshot& snapshot : snapshots) {
        for (const PathRecord& record : snapshot.paths) {
            oldest[record.path] = snapshot.id;
            last_ours.emplace(record.path, record.after);
        }
    }
    for (const Snapshot& snapshot : snapshots) {
        std::vector<PathRecord> paths = snapshot.paths;
        std::erase_if(paths, [&](const PathRecord& record) { return oldest[record.path] != snapshot.id; });
        for (PathRecord& record : paths) {
            record.after = last_ours[record.path];
        }
        if (!paths.empty()) {
            watcher.step(fmt::format("putting the files of {} back", snapshot.id));
            restore_paths(paths, store.directory_of(snapshot.id), disk);
        }
    }
}

int finish_files(World& world, ApplyStore& store, bool force, ApplyWatcher& watcher, std::vector<std::string>& said) {
    const std::vector<std::string> ids = to_finish(store, Journal::Phase::kUndoingFiles, {Journal::Phase::kApplied});
    const bool forced = force || std::any_of(ids.begin(), ids.end(),
                                             [&](const std::string& id) { return was_forced(store.journal(id)); });
    std::vector<Snapshot> snapshots;
    std::transform(ids.begin(), ids.end(), std::back_inserter(snapshots),
                   [&](const std::string& id) { return store.snapshot(id); });
    if (!forced) {
        refuse_changed(changed_since(paths_of(snapshots), world.files));
    }
    restoring([&] {
        for (const Snapshot& snapshot : snapshots) {
            watcher.step(fmt::format("putting the files of {} back was cut short: finishing it", snapshot.id));
            Journal journal = store.journal(snapshot.id);
            if (journal.phase() != Journal::Phase::kUndoingFiles) {
                journal.intend(Journal::kUndoFiles, forced ? kForced : "");
            }
            put_files_back(store, snapshot, forced, world.files, said);
            journal.done(Journal::kUndoFiles);
        }
    });
    return static_cast<int>(ids.size());
}

RollbackResult roll_back_files(World& world, ApplyStore& store, const RollbackRequest& request, ApplyWatcher& watcher) {
    RollbackResult result;
    const auto put_back = [&](const std::string& id, bool force) {
        watcher.step(fmt::format("putting the files of {} back", id));
        result.undone.push_back(store.snapshot(id));
        put_files_back(store, result.undone.back(), force, world.files, result.said);
    };
    bool pending = finish_files(world, store, request.force, watcher, result.said) > 0;
    std::vector<std::string> ids = newest_first(store.in_phase(Journal::Phase::kApplying));
    for (std::string& id :
         to_finish(store, Journal::Phase::kUndoing, {Journal::Phase::kApplied, Journal::Phase::kFilesUndone})) {
        ids.push_back(std::move(id));
    }
    std::vector<Snapshot> cut_short;
    for (const std::string& id : ids) {
        if (store.journal(id).last_done(Journal::kUndoFiles) == nullptr) {
            cut_short.push_back(store.snapshot(id));
        }
    }
    if (!ids.empty()) {
        if (!request.force) {
            refuse_changed(changed_since(paths_of(cut_short), world.files));
        }
        restoring([&] { restore_together(store, cut_short, world.files, watcher, result.said); });
        for (const std::string& id : ids) {
            result.said.push_back(
                fmt::format("{} was cut short: the next command that reaches the engine puts its containers back", id));
        }
        result.undone.insert(result.undone.end(), cut_short.begin(), cut_short.end());
        pending = true;
    }
    if (pending) {
        return result;
    }
    const RollbackPreview preview = preview_rollback(world, nullptr, store, request);
    refuse_what_is_in_the_way(preview, request);
    const std::vector<std::string>& ids_back = preview.scope.ids;
    announcing(
        [&] {  // the oldest first: from its record on, all of them are being taken back, see to_finish()
            std::for_each(ids_back.rbegin(), ids_back.rend(), [&](const std::string& id) {
                store.journal(id).intend(Journal::kUndoFiles, request.force ? kForced : "");
            });
        },
        [&] { return !store.in_phase(Journal::Phase::kUndoingFiles).empty(); });
    restoring([&] {
        for (const std::string& id : ids_back) {
            put_back(id, request.force);
            store.journal(id).done(Journal::kUndoFiles);
        }
    });
    for (const std::string& service : preview.scope.services) {
        result.said.push_back(
            fmt::format("{0}: a container that runs goes on with the change until it is recreated: docker pilotpros "
                        "rollback, or docker compose up -d {0}",
                        service));
    }
    return result;
}

}  // namespace pilotpros
