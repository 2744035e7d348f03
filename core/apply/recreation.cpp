#include "core/apply/recreation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/apply/announce.h"
#include "core/apply/dependencies.h"
#include "core/apply/followers.h"
#include "core/apply/gate.h"
#include "core/apply/happenings.h"
#include "core/apply/inspect_difference.h"
#include "core/apply/layer_data.h"
#include "core/apply/live.h"
#include "core/apply/recreate.h"
#include "core/apply/reload.h"
#include "core/apply/swap.h"
#include "core/compose/resolve.h"
#include "core/model/json.h"
#include "core/observe/engine_facts.h"
#include "core/observe/listening.h"
#include "core/observe/read_inspect.h"

namespace pilotpros {

namespace {

/// Whether the files give what was there: another configuration may listen elsewhere. True of what runs inside another
/// container: its configuration names that one, which is another by now.
bool is_configured_as(const ServiceRecord& service, const Intended& intended) {
    if (!owners_of(intended.services, service.service).empty()) {
        return true;
    }
    const auto hash = intended.hashes.find(service.service);
    const auto alone = intended.alone.find(service.service);
    return hash != intended.hashes.end() &&
           std::all_of(service.containers.begin(), service.containers.end(), [&](const ContainerRecord& container) {
               return is_made_from(container.config_hash, hash->second,
                                   alone == intended.alone.end() ? std::string{} : alone->second);
           });
}

/// Whether a container had, before it got others while it ran, limits that the files do not say: those are what it has
/// gone back to, where it stands.
bool had_limits_of_its_own(const ServiceRecord& service, const Path& directory, const Files& files,
                           const nlohmann::json& resolved) {
    return std::any_of(service.containers.begin(), service.containers.end(), [&](const ContainerRecord& record) {
        const auto before = nlohmann::json::parse(files.read(directory / record.kept).value_or(""), nullptr, false);
        return before.is_object() && !limits_not_in_force(resolved, read_container(before).limits, false).empty();
    });
}

}  // namespace

ComposeRun Recreation::compose_of(const Snapshot& snapshot) const {
    const ComposeRun base{world_, snapshot.compose_arguments, snapshot.working_directory, snapshot.variables};
    return world_.files.exists(snapshot.layer) ? base.with(snapshot.layer) : base;
}

bool Recreation::by_compose(const ComposeRun& run, const Intended& intended, const Snapshot& snapshot,
                            const std::string& service, int running, bool replaces) const {
    std::vector<std::string> ids;
    for (const LiveContainer& live : containers_of(engine_, snapshot.project, service)) {
        ids.push_back(live.id);
    }
    const std::chrono::seconds time =
        time_for_compose(Direction::kBack, longest_stop_grace(inspect_containers(engine_, ids)));
    const nlohmann::json& resolved = member(intended.services, service.c_str());
    const int declared = replicas_in_files(resolved);
    const Standing depends = dependencies_stand(engine_, run, snapshot.project, intended.services, service);
    if (depends.unanswered) {
        return false;
    }
    if (replaces) {
        remove_where_swapped(engine_, snapshot.project, service, resolved);
    }
    return run.run({run.up(service, !depends.stand, running == declared ? 0 : running, time)}).front().ok();
}

std::set<std::string> Recreation::by_snapshot(const Intended& intended, const Snapshot& snapshot,
                                              const ServiceRecord& service, Journal& journal) const {
    const Path directory = store_.directory_of(snapshot.id);
    const auto other_volumes = volumes_in_the_way(engine_, snapshot.project, service, directory, world_.files);
    if (!other_volumes.empty()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("{} is left as it runs, since it has other volumes than before: {}", service.service,
                                fmt::join(other_volumes, "; ")),
                    fmt::format("docker compose up -d {} recreates it from your files", service.service));
    }
    // Found out before the present ones go.
    const auto gone = images_gone(engine_, service, intended.services, directory, world_.files);
    if (!gone.empty()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("{} is left as it runs: {}", service.service, fmt::join(gone, "; ")),
                    exact_ ? "then docker pilotpros rollback --exact; without --exact it goes back by its files"
                           : "then docker pilotpros rollback");
    }
    return restore_containers(engine_, snapshot.project, service, directory, world_.files, journal,
                              successor_in(engine_, store_, service.service, [&] { return intended.services; }));
}

std::vector<std::string> Recreation::compared(const Snapshot& snapshot, const ServiceRecord& service) const {
    std::vector<std::string> lines;
    const std::vector<LiveContainer> live = containers_of(engine_, snapshot.project, service.service);
    for (const ContainerRecord& record : service.containers) {
        const auto found =
            std::find_if(live.begin(), live.end(), [&](const LiveContainer& one) { return one.name == record.name; });
        if (found == live.end()) {
            continue;
        }
        const auto was = nlohmann::json::parse(
            world_.files.read(store_.directory_of(snapshot.id) / record.kept).value_or(""), nullptr, false);
        const auto is = nlohmann::json::parse(engine_.get("/containers/" + found->id + "/json"), nullptr, false);
        const std::vector<std::string> differ = differences(was, is);
        lines.push_back(differ.empty()
                            ? fmt::format("{} is what it was, field by field", record.name)
                            : fmt::format("{} differs from what it was: {}", record.name, fmt::join(differ, "; ")));
    }
    return lines;
}

std::optional<std::string> Recreation::time_away(Happenings& happenings, const std::string& service, double spacing,
                                                 std::optional<TimePoint> served) const {
    happenings.catch_up();
    auto one = interruption_of(happenings.events(), service, served);
    if (!one) {
        return std::nullopt;
    }
    one->spacing = spacing;
    std::string line = was_away(service, *one, announced_);
    try {
        InterruptionStore{world_.files, store_.directory()}.add({{service, {std::move(*one)}}});
    } catch (const Error& error) {
        watcher_.step(fmt::format("how long {} was away is not kept: {}", service, error.what()));
    }
    return line;
}

std::vector<std::string> Recreation::back(const Snapshot& snapshot, const ServiceRecord& service, int running,
                                          Journal& journal) {
    const std::string& name = service.service;
    Happenings happenings(engine_, world_.clock, snapshot.project);
    tidy_after_compose(engine_, snapshot.project, name);
    const ComposeRun run = compose_of(snapshot);
    const Intended intended = read_intended(run, engine_, snapshot.project);
    const bool by_files =
        exact_ && give_way_ &&
        !images_gone(engine_, service, intended.services, store_.directory_of(snapshot.id), world_.files).empty();
    const Replacement how = replacement_of(engine_, intended, snapshot.project, service, exact_ && !by_files, running);
    nlohmann::json resolved = member(intended.services, name.c_str());
    std::string why = by_files ? "the image that it had is gone" : how.why;
    bool made = false;
    Pasts pasts = pasts_of(engine_, snapshot.project, name);
    std::set<std::string> stood;
    for (const LiveContainer& live : containers_of(engine_, snapshot.project, name)) {
        if (live.running()) {
            stood.insert(live.id);
        }
    }
    if (how.by == Replacement::By::kCompose) {
        // With our file gone it is what the user wrote that differs, or a variable that this shell has not.
        if (!service.containers.empty() && !world_.files.exists(snapshot.layer) &&
            !is_configured_as(service, intended)) {
            watcher_.step(
                fmt::format("{} gets what its files say now, which is not what it had before the apply: "
                            "--exact puts the old container back",
                            name));
        }
        watcher_.step(fmt::format("{} from its files{}",
                                  how.replaced.empty() ? "bringing " + name + " up" : "recreating " + name,
                                  why.empty() ? "" : ": " + why));
        made = by_compose(run, intended, snapshot, name, running, !how.replaced.empty());
        why = made ? why : "docker compose cannot recreate it";
    }
    if (!made) {
        watcher_.step(fmt::format("making {} again as it was{}", name, why.empty() ? "" : ": " + why));
        stood = by_snapshot(intended, snapshot, service, journal);
        resolved = nullptr;
        running = running_in(service);
    }
    if (service.live) {
        for (const std::string& line :
             restore_limits(engine_, service, store_.directory_of(snapshot.id), world_.files)) {
            watcher_.step(line);
        }
        if (how.replaced.empty() &&
            had_limits_of_its_own(service, store_.directory_of(snapshot.id), world_.files, resolved)) {
            resolved = nullptr;
        }
    }
    // What was mounted is what it was; a container that nobody saw a reason to replace has to read it again.
    require_reload(engine_, snapshot.project, name, service.reloads, stood);
    // Swap is left out: what the files say of it is the user's own, and was in force or not before us.
    GateRequest request{snapshot.project, name, running, resolved, false, service.start_seconds};
    keep_standing(pasts, stood);
    request.pasts = std::move(pasts);
    request.oom_killed = [&](const std::string& id) { return happenings.oom_killed(id); };
    request.held_to = [&](const Container& container) { return limits_held(world_.files, container); };
    // What listens inside of its network may be others, who come after it.
    const bool alone = followers_of(intended.services, name).empty();
    if (alone && (!made || is_configured_as(service, intended))) {
        request.ports = {service.ports.begin(), service.ports.end()};
        request.listening = [&](const Container& container) {
            return ports_listened_on(engine_, world_.files, container);
        };
    }
    if (running > 0) {
        watcher_.step(
            waits_for_gate(observed_now(engine_, snapshot.project, name), request.start_seconds, request.ports));
    }
    const TimePoint begin = world_.clock.now();
    const GateResult gate = pass_gate(engine_, world_.clock, request);
    if (!gate.passed) {
        unhealthy_.push_back(gate.said);
    }
    for (const std::string& line : look_up_again(engine_, snapshot.project, name, service.name_users)) {
        watcher_.step(line);
    }
    std::vector<std::string> said{gate.said};
    if (std::string unheard = happenings.unheard(); !unheard.empty()) {
        said.push_back(std::move(unheard));
    }
    if (gate.passed) {
        const ServiceObservation now = observed_now(engine_, snapshot.project, name);
        // Where the engine runs elsewhere, its clock is not ours, and only its own events tell.
        const bool here = is_local(now.containers, world_.files) && !request.ports.empty();
        const auto served =
            here ? std::optional{begin + std::chrono::duration_cast<std::chrono::nanoseconds>(gate.served)}
                 : std::nullopt;
        if (auto line = time_away(happenings, name, probe_spacing(coming_check(resolved, &now)), served)) {
            said.push_back(std::move(*line));
        }
    }
    if (exact_ && !made) {
        const std::vector<std::string> lines = compared(snapshot, service);
        said.insert(said.end(), lines.begin(), lines.end());
    }
    return said;
}

std::string Recreation::make_anew(const Snapshot& snapshot, const std::string& service, int number,
                                  std::vector<std::string>& said) {
    const ComposeRun run = compose_of(snapshot);
    const Intended intended = read_intended(run, engine_, snapshot.project);
    const nlohmann::json& resolved = member(intended.services, service.c_str());
    if (!resolved.is_object()) {
        return "docker compose cannot read its files, or its profile is not active";
    }
    auto data = data_before_replacing(world_, engine_, snapshot, {service});
    if (!data[service].empty()) {
        return fmt::format("it keeps data in its writable layer, which is to be copied out first: {}",
                           fmt::join(data[service], ", "));
    }
    const ServiceObservation before = observed_now(engine_, snapshot.project, service);
    const std::string reference = text(resolved, "image");
    for (const Container& container : before.containers) {
        const auto images = inspect_images(engine_, {reference.empty() ? snapshot.project + "-" + service : reference});
        if (images.empty() || images.begin()->second.id != container.image_id) {
            return "its image's name means another image by now, or none";
        }
    }
    const std::chrono::seconds time = time_for_compose(Direction::kBack, longest_stop_grace(before.containers));
    const Standing depends = dependencies_stand(engine_, run, snapshot.project, intended.services, service);
    if (depends.unanswered || !run.run({run.up_anew(service, !depends.stand, number, time)}).front().ok()) {
        return "docker compose could not make it";
    }
    const GateRequest request{snapshot.project, service, number, resolved, false, 0};
    const GateResult gate = pass_gate(engine_, world_.clock, request);
    (gate.passed ? said : unhealthy_).push_back(gate.said);
    return cut_off(engine_, snapshot.project, {{service, number}}).empty() ? "" : "it still is";
}

std::vector<std::string> Recreation::bring_along(const Snapshot& snapshot, const std::map<std::string, int>& ran) {
    std::vector<std::string> said;
    std::set<std::string> done;
    // One that was made anew may have been what others ran inside of.
    for (std::set<std::string> left = cut_off(engine_, snapshot.project, ran); !left.empty();
         left = cut_off(engine_, snapshot.project, ran)) {
        std::erase_if(left, [&](const std::string& one) { return done.contains(one); });
        if (left.empty()) {
            break;
        }
        const Intended intended = read_intended(compose_of(snapshot), engine_, snapshot.project);
        const std::string service = in_dependency_order(intended.services, left).front();
        done.insert(service);
        watcher_.step(fmt::format("{} ran inside a container that was replaced, and is made anew", service));
        const std::string why = make_anew(snapshot, service, ran.at(service), said);
        if (!why.empty()) {
            unhealthy_.push_back(
                fmt::format("{0} is cut off from the container that it ran inside of, and {1}; docker compose up -d "
                            "--force-recreate {0} makes it anew",
                            service, why));
        }
    }
    return said;
}

}  // namespace pilotpros
