#include "core/apply/take_snapshot.h"

#include <algorithm>
#include <utility>

#include "core/apply/compose_run.h"
#include "core/apply/masks.h"
#include "core/apply/project_files.h"
#include "core/apply/recreate.h"
#include "core/apply/reload.h"

namespace pilotpros {

namespace {

/// Of the Plan, and where it replaces only some values of a service, those of what stays.
std::vector<Mask> masks_that_stand(const ApplyRequest& request, const ApplyPreview& preview, const ApplyStore& store) {
    std::vector<Mask> masks = request.bundle.masks;
    if (request.replace == Replace::kValues) {
        for (const Mask& standing : masks_in_force(store)) {
            const bool changed = std::any_of(preview.services.begin(), preview.services.end(),
                                             [&](const auto& one) { return one.service == standing.service; });
            const bool hidden_anew = std::any_of(masks.begin(), masks.end(), [&](const Mask& mask) {
                return mask.service == standing.service && mask.path == standing.path;
            });
            if (changed && !hidden_anew) {
                masks.push_back(standing);
            }
        }
    }
    return masks;
}

}  // namespace

Snapshot take_snapshot(const World& world, Engine& engine, const ApplyRequest& request, const ApplyPreview& preview,
                       const ApplyStore& store, const std::string& id, std::vector<PathRecord> paths) {
    const Path directory = store.directory_of(id);
    Snapshot snapshot;
    snapshot.id = id;
    snapshot.taken = format_time(world.clock.now());
    snapshot.engine = request.observation.engine->id;
    snapshot.project = request.project.name;
    snapshot.working_directory = request.project.working_directory;
    snapshot.plan = request.hash;
    snapshot.compose_arguments = compose_arguments(request.project, world);
    snapshot.variables = compose_variables_of(world.environment);
    snapshot.layer = preview.route.layer().string();
    snapshot.start = shown(preview.route.command) + " up -d";
    snapshot.in_place = request.in_place;
    // In place nothing is hidden.
    snapshot.masks = request.in_place ? std::vector<Mask>{} : masks_that_stand(request, preview, store);
    snapshot.changes = nlohmann::json::array();
    for (const Change& change : request.plan.changes) {
        snapshot.changes.push_back({{"service", change.service},
                                    {"key", change.key},
                                    {"target", change.target.path},
                                    {"before", change.before},
                                    {"after", change.after}});
    }
    keep_bytes(paths, directory, world.files);
    keep_written(paths, contents_by_path(preview.files, preview.route), directory, world.files);
    snapshot.paths = std::move(paths);
    int kept = 0;
    for (const ServicePreview& service : preview.services) {
        const ServiceObservation* const seen = request.observation.service(service.service);
        const std::vector<std::string> given = seen == nullptr ? std::vector<std::string>{} : seen->given_files;
        snapshot.services.push_back(
            {service.service,
             service.start_seconds,
             keep_containers(engine, snapshot.project, service.service, given, directory, kept, world.files),
             name_users_of(request.project, request.observation, service.service),
             reloads_of(request.observation, service.service),
             service.live,
             given,
             {}});
    }
    return snapshot;
}

}  // namespace pilotpros
