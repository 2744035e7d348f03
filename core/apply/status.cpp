#include "core/apply/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/apply/compose_run.h"
#include "core/apply/dependencies.h"
#include "core/apply/followers.h"
#include "core/apply/gate.h"
#include "core/apply/live_containers.h"
#include "core/apply/masks.h"
#include "core/apply/rollback_scope.h"
#include "core/apply/route.h"
#include "core/model/json.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

std::string phase_text(Journal::Phase phase) {
    switch (phase) {
        case Journal::Phase::kApplied:
            return "applied";
        case Journal::Phase::kUndone:
            return "taken back";
        case Journal::Phase::kFilesUndone:
            return "files taken back";
        case Journal::Phase::kUndoingFiles:
        case Journal::Phase::kNone:
        case Journal::Phase::kApplying:
        case Journal::Phase::kUndoing:
            break;
    }
    return "pending";
}

ServiceStatus status_of(Engine& engine, const std::string& project, const std::string& service, const Json& resolved,
                        const std::string& hash, const std::string& alone, bool while_running, bool swap_limit) {
    ServiceStatus status;
    status.service = service;
    std::vector<std::string> ids;
    for (const LiveContainer& live : containers_of(engine, project, service)) {
        if (live.running()) {
            ids.push_back(live.id);
        }
    }
    if (ids.empty() || !resolved.is_object()) {
        status.state = ids.empty() ? "does not run" : "unknown";
        return status;
    }
    bool otherwise = false;  // made by other files
    for (const Container& container : inspect_containers(engine, ids)) {
        for (const std::string& difference : limits_not_in_force(resolved, container.limits, swap_limit)) {
            status.drift.push_back(fmt::format("{}: {}", container.name, difference));
        }
        status.recreated_by_up = status.recreated_by_up || container.config_hash != hash;
        otherwise = otherwise || !is_made_from(container.config_hash, hash, alone);
    }
    if (status.drift.empty() && otherwise && !while_running) {
        status.drift.emplace_back("it was started with another configuration");
    }
    const char* const carries =
        status.recreated_by_up ? "carries it until the next up, which recreates it once" : "carries it";
    status.state = status.drift.empty() ? carries : "drifted";
    return status;
}

/// The images of the services where ours hide a value of the image.
ServiceImages images_behind(const std::vector<Mask>& masks, Engine& engine, const std::string& project) {
    ServiceImages images;
    for (const Mask& mask : masks) {
        if (!mask.of_image || images.contains(mask.service)) {
            continue;
        }
        std::vector<std::string> ids;
        for (const LiveContainer& live : containers_of(engine, project, mask.service)) {
            ids.push_back(live.id);
        }
        for (const Container& container : inspect_containers(engine, ids)) {
            for (auto& [reference, image] : inspect_images(engine, {container.image_id})) {
                images[mask.service] = std::move(image);
            }
        }
    }
    return images;
}

}  // namespace

std::vector<HistoryEntry> history_of(const ApplyStore& store) {
    std::vector<HistoryEntry> history;
    for (const std::string& id : store.transactions()) {
        Journal::Phase phase = Journal::Phase::kNone;
        std::optional<Snapshot> snapshot;
        try {
            phase = store.journal(id).phase();
            snapshot = store.find_snapshot(id);
        } catch (const Error& error) {  // what is sound is to be seen, and goes back, all the same
            history.push_back({id, "", "", {}, "damaged", {error.what()}});
            continue;
        }
        if (!snapshot || phase == Journal::Phase::kNone) {
            continue;
        }
        HistoryEntry entry{id, snapshot->taken, snapshot->plan, snapshot->service_names(), phase_text(phase), {}};
        if (!snapshot->takes_back.empty()) {
            entry.changes.push_back(
                fmt::format("takes {} back to before {}", fmt::join(entry.services, ", "), snapshot->takes_back));
            history.push_back(std::move(entry));
            continue;
        }
        const bool several = snapshot->services.size() > 1;
        for (const Json& change : snapshot->changes) {
            entry.changes.push_back(fmt::format("{}{}: {}", several ? text(change, "service") + "." : "",
                                                text(change, "key"), as_text(member(change, "after"))));
        }
        history.push_back(std::move(entry));
    }
    return history;
}

ProjectStatus read_status(World& world, Engine& engine, const Project& project, const ApplyStore& store,
                          bool swap_limit) {
    ProjectStatus status;
    status.project = project.name;
    status.history = history_of(store);
    std::map<std::string, PathImage> written;
    std::set<std::string> live;  // services that got it while they ran
    const std::set<std::string> services = carried_by(store, store.in_phase(Journal::Phase::kApplied));
    const std::vector<std::string> files_undone = store.in_phase(Journal::Phase::kFilesUndone);
    std::set<std::string> left = carried_by(store, files_undone);
    std::erase_if(left, [&](const std::string& service) { return services.contains(service); });
    std::string layer = files_undone.empty() ? "" : store.snapshot(files_undone.back()).layer;
    for (const std::string& id : store.in_phase(Journal::Phase::kApplied)) {
        const Snapshot snapshot = store.snapshot(id);
        for (const PathRecord& record : snapshot.paths) {
            written[record.path] = record.after;
        }
        for (const ServiceRecord& record : snapshot.services) {
            live.erase(record.service);
            if (record.live) {
                live.insert(record.service);
            }
        }
        layer = snapshot.layer;
        status.start = typed_from(world.files.canonical(world.environment.working_directory),
                                  world.files.canonical(snapshot.working_directory), snapshot.start);
    }
    for (const auto& [path, image] : written) {
        const PathImage now = image_of(path, world.files);
        if (image.kind != "directory") {
            status.files.push_back({path, now.kind == "absent"                                     ? "gone"
                                          : now.kind == image.kind && now.content == image.content ? "as written"
                                                                                                   : "changed"});
        }
    }
    const std::vector<Mask> masks = masks_in_force(store);
    status.masks = changed_masks(masks, project, images_behind(masks, engine, project.name));
    if ((!services.empty() || !left.empty()) && !project.from_labels) {
        const ComposeRun base{world, compose_arguments(project, world), project.working_directory};
        const ComposeRun run = world.files.exists(layer) ? base.with(layer) : base;
        const Finished said = run.run({run.question({"config", "--format", "json"})}).front();
        const Json model = Json::parse(said.output, nullptr, false);
        const std::string as_made = bound_to_present(said.output, engine, project.name);
        std::map<std::string, std::string> hashes = run.hashes(as_made);
        std::map<std::string, std::string> alone = run.hashes_alone(as_made);
        for (const std::string& service : services) {
            status.services.push_back(status_of(engine, project.name, service,
                                                member(member(model, "services"), service.c_str()), hashes[service],
                                                alone[service], live.contains(service), swap_limit));
        }
        for (const std::string& service : left) {
            status.services.push_back(status_of(engine, project.name, service,
                                                member(member(model, "services"), service.c_str()), hashes[service],
                                                alone[service], false, swap_limit));
            std::string& state = status.services.back().state;
            state = state.starts_with("carries it") ? "as its files say"
                    : state == "drifted"            ? "not as its files say"
                                                    : state;
        }
    }
    if (!left.empty()) {
        status.left = "the files were taken back alone; docker pilotpros rollback has the containers follow";
    }
    return status;
}

}  // namespace pilotpros
