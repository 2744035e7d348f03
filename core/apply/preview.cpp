#include "core/apply/preview.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/apply/announce.h"
#include "core/apply/compose_run.h"
#include "core/apply/data_volumes.h"
#include "core/apply/dependencies.h"
#include "core/apply/live.h"
#include "core/apply/start_first.h"
#include "core/compose/followers.h"
#include "core/compose/resolve.h"
#include "core/model/json.h"
#include "core/observe/startup.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

int running_now(const ServiceObservation* service) {
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
    if (request.plan.changes.empty() || request.bundle.file(kOurFile) == nullptr) {
        throw Error(ExitCode::kRefused, "there is nothing to apply", "");
    }
    if (hash_of(request.plan) != request.hash) {
        throw Error(ExitCode::kRefused, "the plan is not the one that was shown any more",
                    "run the command again and look at what it shows");
    }
}

void refuse_what_loses_data(const ApplyRequest& request, const std::string& service) {
    const auto data = request.data_in_layer.find(service);
    if (data != request.data_in_layer.end() && !data->second.empty()) {
        throw Error(
            ExitCode::kRefused,
            fmt::format("{} keeps data in its container's writable layer, which a new container does not have: {}",
                        service, fmt::join(data->second, ", ")),
            "put it on a volume first, or name it disposable: x-pilotpros: {disposable: [PATH]} in the service");
    }
}

void refuse_files_out_of_reach(const ApplyRequest& request) {
    const auto mounted = std::find_if(request.bundle.files.begin(), request.bundle.files.end(),
                                      [](const BundleFile& file) { return file.path != kOurFile; });
    if (mounted != request.bundle.files.end() && !request.observation.engine->local) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} would be mounted, and the engine is not proven to run on this machine: there it "
                                "would find an empty folder instead",
                                mounted->path),
                    "run the command on the engine's machine, or leave these out with --skip");
    }
}

/// In place there is nothing that would mount a file of ours.
void refuse_more_than_values(const Bundle& bundle) {
    for (const BundleFile& file : bundle.files) {
        if (file.path != kOurFile) {
            throw Error(ExitCode::kRefused,
                        fmt::format("{} would have to be mounted, which only an override does", file.path),
                        "leave --in-place out, or these changes with --skip");
        }
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

std::vector<BundleFile> files_to_write(const World& world, const ApplyRequest& request, const Route& route) {
    std::vector<BundleFile> files = request.bundle.files;
    for (BundleFile& file : files) {
        if (file.path == kOurFile) {
            file.content = merge_override(world.files.read(route.ours).value_or(""), file.content, request.replace);
        }
    }
    return files;
}

/// `alone`: what its hash is where it was made without what it depends on.
ServicePreview preview_of(const ApplyRequest& request, const std::string& name, const std::string& hash,
                          const std::string& alone, const Json& resolved) {
    ServicePreview preview;
    preview.service = name;
    preview.hash = hash;
    preview.resolved = resolved;
    const ServiceObservation* const service = request.observation.service(name);
    preview.running = running_now(service);
    preview.start_seconds = start_seconds_of(service);
    const std::vector<Container> containers = service == nullptr ? std::vector<Container>{} : service->containers;
    preview.stop_seconds = longest_stop_grace(containers);
    preview.next_up_recreates = std::any_of(containers.begin(), containers.end(), [&](const Container& container) {
        return container.running() && !is_made_from(container.config_hash, hash, alone);
    });
    preview.limits_drifted = std::any_of(containers.begin(), containers.end(), [&](const Container& container) {
        return container.running() &&
               !limits_to_set(resolved, container.limits, request.observation.engine->swap_limit).empty();
    });
    preview.live = request.live && (preview.next_up_recreates || preview.limits_drifted);
    preview.recreates = preview.next_up_recreates && !request.live;
    return preview;
}

/// Whether an image still has the name that a container was started by. True where that cannot be told: by an ID or a
/// digest it is always the same image.
bool still_named(const Image& image, std::string name) {
    for (const std::string_view prefix : {"docker.io/", "index.docker.io/", "library/"}) {
        if (name.starts_with(prefix)) {
            name.erase(0, prefix.size());
        }
    }
    if (name.find('@') != std::string::npos || image.id.starts_with(name) || image.id.starts_with("sha256:" + name)) {
        return true;
    }
    const std::size_t last_part = name.rfind('/') == std::string::npos ? 0 : name.rfind('/');
    name += name.find(':', last_part) == std::string::npos ? ":latest" : "";
    return std::find(image.tags.begin(), image.tags.end(), name) != image.tags.end();
}

/// The name of a running container's image, where it means another image by now; empty: it does not, or nobody can
/// tell.
std::string moved_name(const Observation& observation, const std::string& service) {
    const ServiceObservation* const seen = observation.service(service);
    for (const Container& container : seen == nullptr ? std::vector<Container>{} : seen->containers) {
        const auto image = observation.images.find(container.image_id);
        if (container.running() && image != observation.images.end() &&
            !still_named(image->second, container.image_reference)) {
            return container.image_reference;
        }
    }
    return {};
}

std::string how_it_is_replaced(const ServicePreview& service) {
    return service.start_first()
               ? fmt::format(
                     "{} goes on: a second one is started beside it, takes over when it is healthy, and only "
                     "then the first one stops",
                     service.service)
               : fmt::format("{} is stopped before it is started again: {}", service.service, service.why_stop_first);
}

std::string first_container_of(const Observation& observation, const std::string& service) {
    const ServiceObservation* const seen = observation.service(service);
    const std::vector<Container> containers = seen == nullptr ? std::vector<Container>{} : seen->containers;
    const auto first = std::min_element(containers.begin(), containers.end(),
                                        [](const auto& left, const auto& right) { return left.name < right.name; });
    return first == containers.end() ? std::string{} : first->id;
}

/// The engine binds who runs inside of a container to that very one.
void refuse_to_cut_off(const ApplyRequest& request, const std::string& service) {
    const std::vector<std::string> inside = running_followers(request.project, request.observation, service);
    if (!inside.empty()) {
        throw Error(ExitCode::kRefused,
                    fmt::format("{} would be cut off, were the container of {} replaced, which the engine has bound to "
                                "it",
                                fmt::join(inside, ", "), service),
                    "--live sets limits while it runs");
    }
}

/// What Compose would do beyond replacing what changed, and an apply leaves to the user or to the next `up`.
void note_what_is_left(const ApplyRequest& request, const Json& services, ApplyPreview& preview) {
    const auto is_left = [&](const std::string& name) {
        return running_now(request.observation.service(name)) > 0 &&
               std::none_of(preview.services.begin(), preview.services.end(),
                            [&](const ServicePreview& one) { return one.service == name && one.recreates; });
    };
    for (const ServicePreview& one : preview.services) {
        if (!one.recreates) {
            continue;
        }
        for (const std::string& name : restarted_after(services, one.service)) {
            if (is_left(name)) {
                preview.notes.push_back(
                    fmt::format("{0} asks to be restarted once {1} is replaced (depends_on: restart: true), which is "
                                "left to you: docker compose restart {0}",
                                name, one.service));
            }
        }
        for (const std::string& name : takers_of(services, one.service)) {
            if (is_left(name)) {
                preview.notes.push_back(
                    fmt::format("{} takes its volumes from {} (volumes_from) and keeps them with its container; the "
                                "next `up` makes it anew",
                                name, one.service));
            }
        }
    }
}

/// What a service depends on that is not going to run as the files say when it is replaced: a job that has finished is
/// never told to run again by us. `hashes` and `services`: with the change; `replaced`: what is made anew before it.
std::vector<std::string> left_alone(const Observation& observation, const Json& services,
                                    const std::map<std::string, std::string>& hashes,
                                    const std::vector<ServicePreview>& replaced, const std::string& service) {
    std::vector<std::string> names = dependencies_of(services, service);
    std::erase_if(names, [&](const std::string& name) {
        const ServiceObservation* const seen = observation.service(name);
        const auto hash = hashes.find(name);
        const bool made_anew = std::any_of(replaced.begin(), replaced.end(), [&](const ServicePreview& one) {
            return one.service == name && one.recreates;
        });
        const auto declared = static_cast<std::size_t>(replicas_in_files(member(services, name.c_str())));
        return seen == nullptr || made_anew ||
               (hash != hashes.end() && !seen->containers.empty() && seen->containers.size() == declared &&
                std::all_of(seen->containers.begin(), seen->containers.end(), [&](const Container& container) {
                    return container.running() && container.config_hash == hash->second;
                }));
    });
    return names;
}

}  // namespace

bool ApplyPreview::recreates() const {
    return std::any_of(services.begin(), services.end(), [](const ServicePreview& one) { return one.recreates; });
}

std::set<std::string> ApplyPreview::interrupted() const {
    std::set<std::string> names;
    for (const ServicePreview& one : services) {
        if (one.interrupted()) {
            names.insert(one.service);
        }
    }
    return names;
}

ApplyPreview preview_apply(World& world, const ApplyRequest& request) {
    refuse_what_was_not_shown(request);
    if (!request.observation.engine) {
        throw Error(ExitCode::kEngineNeeded, "applying needs the engine", "docker version shows whether it answers");
    }
    std::set<std::string> changed;
    for (const Change& change : request.plan.changes) {
        changed.insert(change.service);
        if (const auto why = touches_data(change, request.project)) {
            throw Error(ExitCode::kRefused, fmt::format("{} of {}: {}", change.key, change.service, *why),
                        "leave that change out with --skip");
        }
    }
    for (const std::string& service : changed) {
        refuse_what_loses_data(request, service);
    }
    refuse_files_out_of_reach(request);
    ApplyPreview preview;
    preview.route = request.in_place ? route_in_place(request.project, world.docker_command(), world.files)
                                     : route_of(request.project, world.docker_command(), world.files);
    if (request.in_place) {
        refuse_more_than_values(request.bundle);
        preview.patched = patch_files(request.project, request.plan, world.files);
        for (const PatchedFile& file : preview.patched) {
            preview.notes.insert(preview.notes.end(), file.lines.begin(), file.lines.end());
        }
    } else {
        preview.files = files_to_write(world, request, preview.route);
    }
    const std::vector<BundleFile>& override_files = request.in_place ? request.bundle.files : preview.files;
    const auto ours = std::find_if(override_files.begin(), override_files.end(),
                                   [](const BundleFile& file) { return file.path == kOurFile; });

    const ComposeRun base{world, compose_arguments(request.project, world), request.project.working_directory};
    const ComposeRun merged = base.with("-");
    const std::vector<Finished> said = base.run({base.question({"config", "--format", "json"}),
                                                 merged.question({"config", "--format", "json"}, ours->content)});
    const auto first_container = [&](const std::string& owner) {
        return first_container_of(request.observation, owner);
    };
    const std::string as_made_now = bound_to_containers(said[0].output, first_container);
    const std::string as_made = bound_to_containers(said[1].output, first_container);
    const auto hashes_now = base.hashes(as_made_now);
    const auto hashes = base.hashes(as_made);
    const auto hashes_of_files = base.hashes(said[1].output);
    const Json resolved = Json::parse(said[1].output, nullptr, false);
    const Json& services = member(resolved, "services");
    if (request.in_place) {
        require_same_as_override(world, request.project, preview.patched, resolved, hashes_of_files);
    }
    std::map<std::string, std::string> alone_now = base.hashes_alone(as_made_now);
    std::map<std::string, std::string> alone = base.hashes_alone(as_made);
    const bool standing = preview.route.kind == Route::Kind::kStanding;
    for (const std::string& name : in_dependency_order(services, changed)) {
        const auto hash = hashes.find(name);
        const auto of_files = hashes_of_files.find(name);
        const Json& service = member(services, name.c_str());
        if (hash == hashes.end() || of_files == hashes_of_files.end() || !service.is_object()) {
            throw Error(ExitCode::kRefused,
                        "docker compose does not accept the change together with the project's files",
                        "docker compose config shows whether it accepts them without");
        }
        refuse_another_mount(request.project.services.at(name).resolved, service, name);
        preview.services.push_back(preview_of(request, name, hash->second, alone[name], service));
        ServicePreview& shown = preview.services.back();
        shown.hash = of_files->second;
        if (shown.recreates) {
            refuse_to_cut_off(request, name);
        }
        shown.why_stop_first =
            why_stop_first(services, name, request.observation.service(name), request.observation.images);
        if (shown.why_stop_first.empty()) {
            shown.why_stop_first = why_no_room_for_two(request.observation, name);
        }
        if (shown.recreates) {
            preview.notes.push_back(how_it_is_replaced(shown));
            const std::vector<std::string> left =
                left_alone(request.observation, services, hashes, preview.services, name);
            if (!left.empty()) {
                preview.notes.push_back(
                    fmt::format("{} depends on {}, which {} left alone: not running as the files say now, or finished; "
                                "the next `up` may recreate {} once more",
                                name, fmt::join(left, ", "), left.size() == 1 ? "is" : "are", name));
            }
            if (const std::string image = moved_name(request.observation, name); !image.empty()) {
                preview.notes.push_back(
                    fmt::format("{} was started from another image than the one that {} means now: it gets the latter, "
                                "and `rollback --exact` brings back the one that runs",
                                name, image));
            }
        } else if (shown.live) {
            preview.notes.push_back(
                shown.next_up_recreates
                    ? fmt::format("{} keeps its container; the next `up` recreates it once, to run as its files say",
                                  name)
                    : fmt::format("{} keeps its container, which gets back the limits that its files say", name));
        }
        const auto now = hashes_now.find(name);
        const ServiceObservation* const seen = request.observation.service(name);
        for (const Container& container : seen == nullptr ? std::vector<Container>{} : seen->containers) {
            if (!standing && container.running() &&
                (now == hashes_now.end() || !is_made_from(container.config_hash, now->second, alone_now[name]))) {
                preview.notes.push_back(
                    fmt::format("{} does not run as its files say now: what changed in them since "
                                "it was started comes in force, too",
                                container.name));
            }
        }
    }
    note_what_is_left(request, services, preview);
    if (!preview.route.kept()) {
        const std::string command = typed_from(world.files.canonical(world.environment.working_directory),
                                               world.files.canonical(preview.route.folder),
                                               fmt::format("{} up -d", shown(preview.route.command)));
        preview.notes.push_back(fmt::format("`{} up -d` does not keep the change ({}); from now on: {}",
                                            shown(preview.route.starting), preview.route.why, command));
    }
    return preview;
}

}  // namespace pilotpros
