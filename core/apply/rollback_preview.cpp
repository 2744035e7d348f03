#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/apply/announce.h"
#include "core/apply/dependencies.h"
#include "core/apply/followers.h"
#include "core/apply/layer_data.h"
#include "core/apply/live_containers.h"
#include "core/apply/part.h"
#include "core/apply/patched_files.h"
#include "core/apply/rollback.h"
#include "core/bundle/merge_override.h"
#include "core/model/json.h"
#include "core/observe/read_inspect.h"
#include "core/observe/startup.h"

namespace pilotpros {

namespace {

/// Those whose files are still to go back.
std::vector<Snapshot> with_files(const std::vector<Snapshot>& undone, const ApplyStore& store) {
    std::vector<Snapshot> result;
    std::copy_if(undone.begin(), undone.end(), std::back_inserter(result),
                 [&](const Snapshot& one) { return store.journal(one.id).phase() != Journal::Phase::kFilesUndone; });
    return result;
}

std::vector<Conflict> all_conflicts(const RollbackPreview& preview, const ApplyStore& store, const Files& disk) {
    std::vector<Conflict> conflicts;
    std::set<std::string> seen;
    std::set<std::string> wanted;
    if (preview.scope.part) {
        for (const PathRecord& record : files_of_part(preview.undone, preview.scope.services, store, disk).paths) {
            wanted.insert(record.path);
        }
    }
    std::map<std::string, PathImage> next;  // what stands at a path once all that is newer is taken back
    for (const Snapshot& snapshot : with_files(preview.undone, store)) {
        std::vector<PathRecord> paths = snapshot.paths;
        std::erase_if(paths, [&](const PathRecord& record) {
            return (preview.scope.part && !wanted.contains(record.path)) || !seen.insert(record.path).second;
        });
        for (const PathRecord& record : snapshot.paths) {
            const auto newer = next.find(record.path);
            if (!preview.scope.part && newer != next.end() &&
                (newer->second.kind != record.after.kind || newer->second.content != record.after.content)) {
                conflicts.push_back({record.path, "was changed between two applies", std::nullopt, ""});
            }
            next[record.path] = record.before;
        }
        for (Conflict& conflict : conflicts_of(paths, store.directory_of(snapshot.id), disk)) {
            conflicts.push_back(std::move(conflict));
        }
    }
    return conflicts;
}

/// What Compose will make of the files when they have gone back.
Intended intended_after(World& world, Engine& engine, const RollbackPreview& preview, const ApplyStore& store) {
    const Snapshot& newest = preview.undone.front();
    const std::vector<Snapshot> files = with_files(preview.undone, store);
    std::map<std::string, Path> directories;
    for (const Snapshot& snapshot : files) {
        directories[snapshot.id] = store.directory_of(snapshot.id);
    }
    const ComposeRun base{world, arguments_with_files_before(newest.compose_arguments, files, directories),
                          newest.working_directory, newest.variables};
    std::optional<std::string> text = override_before(files, newest.layer, store, world.files);
    if (preview.scope.part) {
        const FilesOfPart part = files_of_part(preview.undone, preview.scope.services, store, world.files);
        for (const auto& [path, content] : part.contents) {
            text =
                Path{path}.filename() == kOurFile && Path{path}.parent_path().filename() == kOurFolder ? content : text;
        }
    }
    return text ? read_intended(base.with("-"), engine, store.project(), *text)
                : read_intended(base, engine, store.project());
}

/// With the containers that the snapshot has, as they were inspected.
ServiceObservation as_kept(const ServiceRecord& record, const Path& directory, const Files& files) {
    ServiceObservation kept;
    kept.service = record.service;
    for (const ContainerRecord& container : record.containers) {
        const auto inspect = nlohmann::json::parse(files.read(directory / container.kept).value_or(""), nullptr, false);
        if (inspect.is_object()) {
            kept.containers.push_back(read_container(inspect));
        }
    }
    return kept;
}

/// Those that run inside of what is replaced, and of these again, are made anew after it.
void add_those_inside(Engine& engine, const std::string& project, const Announcer& announcer, const Intended& intended,
                      std::set<std::string>& replaced, RollbackPreview& preview) {
    const std::vector<Follower> followers = replaced.empty() ? std::vector<Follower>{} : followers_now(engine, project);
    std::vector<std::string> open(replaced.begin(), replaced.end());
    while (!open.empty()) {
        const std::string owner = std::move(open.back());
        open.pop_back();
        std::map<std::string, std::vector<std::string>> inside;  // names of containers, by service
        for (const LiveContainer& live : containers_of(engine, project, owner)) {
            for (const Follower& follower : followers) {
                if (follower.bindings.contains(live.id)) {
                    inside[follower.service].push_back(follower.name);
                }
            }
        }
        for (auto& [service, names] : inside) {
            if (!replaced.insert(service).second) {
                continue;
            }
            open.push_back(service);
            auto back = std::find_if(preview.services.begin(), preview.services.end(),
                                     [&name = service](const ServicePreviewBack& one) { return one.service == name; });
            if (back == preview.services.end()) {
                back = preview.services.insert(back, ServicePreviewBack{service, {}, {}, {}, {}});
                back->how.by = Replacement::By::kCompose;
            }
            const ServiceObservation now = observed_now(engine, project, service);
            back->how.why = fmt::format("it runs inside of {}", owner);
            back->how.running = static_cast<int>(names.size());
            back->how.replaced = std::move(names);
            back->away = announcer.of(now, coming_check(member(intended.services, service.c_str()), &now), {},
                                      Direction::kBack, longest_stop_grace(now.containers));
        }
    }
}

void look_at_services(World& world, Engine& engine, const ApplyStore& store, const RollbackRequest& request,
                      RollbackPreview& preview) {
    const Intended intended = intended_after(world, engine, preview, store);
    const Announcer announcer(world, engine, store.project(), store.directory());
    const nlohmann::json null;
    std::set<std::string> replaced;
    const auto oldest = oldest_of(preview.undone);
    std::set<std::string> names;
    for (const auto& entry : oldest) {
        if (preview.scope.services.contains(entry.first)) {
            names.insert(entry.first);
        }
    }
    for (const std::string& name : in_dependency_order(intended.services, names)) {
        const auto& [snapshot, service] = oldest.at(name);
        ServicePreviewBack back{
            name, replacement_of(engine, intended, snapshot->project, service, request.exact), {}, {}, {}};
        if (back.how.by == Replacement::By::kSnapshot) {
            back.volumes =
                volumes_in_the_way(engine, snapshot->project, service, store.directory_of(snapshot->id), world.files);
        }
        if (!back.how.replaced.empty()) {
            replaced.insert(name);
            const nlohmann::json& resolved =
                back.how.by == Replacement::By::kCompose ? member(intended.services, name.c_str()) : null;
            const ServiceObservation old = as_kept(service, store.directory_of(snapshot->id), world.files);
            const ServiceObservation now = observed_now(engine, snapshot->project, name);
            std::vector<SeenStart> starts{{service.start_seconds, probe_spacing(coming_check(null, &old))}};
            for (const Container& container : now.containers) {
                starts.push_back(
                    {StartUp{container}.took().value_or(Seconds{0}).count(), probe_spacing(coming_check(null, &now))});
            }
            back.away = announcer.of(now, coming_check(resolved, &old), starts, Direction::kBack,
                                     longest_stop_grace(now.containers));
        }
        preview.services.push_back(std::move(back));
    }
    add_those_inside(engine, store.project(), announcer, intended, replaced, preview);
    auto data = data_before_replacing(world, engine, preview.undone.front(), replaced);
    for (ServicePreviewBack& back : preview.services) {
        back.data = std::move(data[back.service]);
    }
}

}  // namespace

std::map<std::string, AnnouncedInterruption> RollbackPreview::announced() const {
    std::map<std::string, AnnouncedInterruption> all;
    for (const ServicePreviewBack& back : services) {
        if (back.away) {
            all[back.service] = *back.away;
        }
    }
    return all;
}

std::set<std::string> RollbackPreview::interrupted() const {
    std::set<std::string> names;
    for (const auto& [service, away] : announced()) {
        names.insert(service);
    }
    return names;
}

RollbackPreview preview_rollback(World& world, Engine* engine, const ApplyStore& store,
                                 const RollbackRequest& request) {
    RollbackPreview preview;
    preview.scope = scope_of(store, request);
    for (const std::string& id : preview.scope.ids) {
        preview.undone.push_back(store.snapshot(id));
    }
    preview.conflicts = all_conflicts(preview, store, world.files);
    if (engine != nullptr && !preview.undone.empty()) {
        look_at_services(world, *engine, store, request, preview);
    }
    return preview;
}

void refuse_what_is_in_the_way(const RollbackPreview& preview, const RollbackRequest& request) {
    if (!preview.conflicts.empty() && (!request.force || preview.scope.part)) {
        std::vector<std::string> paths;
        std::transform(preview.conflicts.begin(), preview.conflicts.end(), std::back_inserter(paths),
                       [](const Conflict& one) { return one.path; });
        throw Error(ExitCode::kRefused, fmt::format("{} changed since we wrote it", fmt::join(paths, ", ")),
                    preview.scope.part
                        ? "take your change back; --force decides only where all services go back"
                        : "take your change back, or docker pilotpros rollback --force: what was there before comes "
                          "back, and your version is kept beside it as FILE.pilotpros-kept");
    }
    for (const ServicePreviewBack& back : preview.services) {
        if (!back.data.empty()) {
            throw Error(ExitCode::kRefused,
                        fmt::format("{} keeps data in its container's writable layer, which the next one does not "
                                    "have: {}",
                                    back.service, fmt::join(back.data, ", ")),
                        how_to_keep(back.service));
        }
        if (!back.volumes.empty()) {
            throw Error(ExitCode::kRefused,
                        fmt::format("the old container of {} has other volumes than the present one, whose data would "
                                    "be gone from sight: {}",
                                    back.service, fmt::join(back.volumes, "; ")),
                        request.exact ? "leave --exact out: the service is then recreated from your files"
                                      : "mend the Compose file first: the service is then recreated from it");
        }
    }
}

}  // namespace pilotpros
