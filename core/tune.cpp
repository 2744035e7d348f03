#include "core/tune.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "core/advise/budget.h"
#include "core/advise/compose_limits.h"
#include "core/advise/data.h"
#include "core/advise/environment.h"
#include "core/advised.h"
#include "core/advising.h"
#include "core/apply/masks.h"
#include "core/bundle/compose_override.h"
#include "core/bundle/make_bundle.h"
#include "core/compose/followers.h"
#include "core/docker/throwaway.h"
#include "core/heard_wishes.h"
#include "core/observe/profile_store.h"
#include "core/verification.h"

namespace pilotpros {

namespace {

constexpr const char* kFolder = ".pilotpros";
constexpr const char* kLimits = "limits";
constexpr const char* kMemory = "memory";

/// The files below .pilotpros, by relative path.
void read_present(const Files& files, const Path& folder, const std::string& prefix,
                  std::map<std::string, std::string>& into) {
    for (const std::string& name : files.list(folder)) {
        const Path path = folder / name;
        if (files.is_directory(path)) {
            read_present(files, path, prefix + name + "/", into);
        } else if (auto content = files.read(path)) {
            into[prefix + name] = std::move(*content);
        }
    }
}

Written written_in(const std::map<std::string, std::string>& present) {
    Written written;
    if (const auto found = present.find("compose.yaml"); found != present.end()) {
        written = read_override(found->second);
    }
    const std::string beginning = "postgres/", end = "/pilotpros.conf";
    for (const auto& [path, content] : present) {
        if (path.starts_with(beginning) && path.ends_with(end)) {
            const std::string service = path.substr(beginning.size(), path.size() - beginning.size() - end.size());
            for (auto& [key, value] : read_settings(content)) {
                written[service][key] = std::move(value);
            }
        }
    }
    return written;
}

/// Changes of the user's below what is applied are said before all else.
std::vector<std::string> masked_changes(World& world, const Project& project, const Observation& observation) {
    std::vector<std::string> said;
    if (observation.engine) {
        const ApplyStore store(world.files, world.environment.state_directory(), observation.engine->id, project.name);
        for (const Mask& mask : changed_masks(masks_in_force(store), project, images_of(observation))) {
            said.push_back(fmt::format("{} of {}", mask.path, mask.service));
        }
    }
    return said;
}

/// Two advisors may have words about one place; the first one's stand.
void settle_conflicts(Plan& plan) {
    std::set<std::pair<std::string, std::vector<std::string>>> taken;
    std::vector<Change> kept;
    for (Change& change : plan.changes) {
        const bool list = change.after.is_array() && change.target.path.size() == 1 &&
                          (change.target.path.front() == "volumes" || change.target.path.front() == "tmpfs");
        if (list || taken.emplace(change.service, change.target.path).second) {
            kept.push_back(std::move(change));
        } else {
            plan.left_alone.push_back(
                {change.service, change.advisor, change.key, "another advisor's change of the same place stands"});
        }
    }
    plan.changes = std::move(kept);
}

/// What the data advisor says of a database's place the database's own advisor need not say again.
void say_once(Plan& plan) {
    std::set<std::string> said;
    for (const Finding& finding : plan.findings) {
        const bool error = finding.severity == Finding::Severity::kError;  // of another volume it is a warning
        if (error && (finding.id == "volume-above-data" || finding.id == "data-on-anonymous-volume")) {
            said.insert(finding.service);
        }
    }
    std::erase_if(plan.findings, [&](const Finding& finding) {
        return finding.id == "postgres-data-not-on-a-named-volume" && said.contains(finding.service);
    });
}

std::set<std::string> services_with_memory(const Plan& plan) {
    std::set<std::string> services;
    for (const Change& change : plan.changes) {
        if (change.key == kMemory) {
            services.insert(change.service);
        }
    }
    return services;
}

/// Without the refused Change the limit is what it is: what is asked next is asked under that one.
/// `all_asked`: then an apply writes our whole part of a service anew, and what stood there goes.
void forget_refused_limits(Plan& plan, const std::set<std::string>& before, const Case& input, bool all_asked) {
    const std::set<std::string> after = services_with_memory(plan);
    for (auto& [service, share] : plan.budget.shares) {
        if (before.contains(service) && !after.contains(service)) {
            const Service* const of_files = input.service(service);
            const auto written = parse_size(input.written_value(service, kMemory).value_or(""));
            const Bytes refused = share.memory;
            const Bytes declared = declared_bounds(of_files).memory.value_or(0);
            share.memory = all_asked ? declared : written.value_or(declared);
            share.advised = false;
            share.why = "the limit that the plan would have set was refused";
            plan.budget.granted -= (refused - share.memory) * (of_files == nullptr ? 1 : of_files->replicas);
        }
    }
}

/// What Compose leaves out can run all the same, from an earlier `up` with its profile.
void leave_inactive(Plan& plan, const Project& project) {
    std::erase_if(plan.changes, [&](const Change& change) {
        const auto service = project.services.find(change.service);
        const bool inactive = service != project.services.end() && service->second.profiled_out;
        if (inactive) {
            plan.left_alone.push_back(
                {change.service, change.advisor, change.key, "its profile is not active: name it with --profile"});
        }
        return inactive;
    });
}

}  // namespace

std::map<std::string, std::vector<std::string>> data_in_layers(const Tuning& tuning) {
    return data_in_layers(tuning.profile.observation, tuning.wishes);
}

Applicable applicable_part(const Tuning& tuning, bool live) {
    Applicable part{tuning.plan, tuning.bundle, tuning.hash, {}, {}};
    const auto data = data_in_layers(tuning);
    std::erase_if(part.plan.changes, [&](const Change& change) {
        const auto paths = data.find(change.service);
        const std::vector<std::string> inside =
            live ? std::vector<std::string>{}
                 : running_followers(tuning.profile.project, tuning.profile.observation, change.service);
        if (paths == data.end() && inside.empty()) {
            return false;
        }
        if (part.waiting.insert(change.service).second) {
            if (paths == data.end()) {
                part.owners.insert(change.service);
            }
            part.plan.left_alone.push_back(
                {change.service, "data", "",
                 paths != data.end()
                     ? fmt::format(
                           "a new container would not have what this one keeps in its writable layer: {}; put it on a "
                           "volume first, or name it in x-pilotpros: {{disposable: [PATH]}}",
                           fmt::join(paths->second, ", "))
                     : fmt::format(
                           "a new container would cut off {}, which the engine has bound to this very one; --live sets "
                           "limits while it runs",
                           fmt::join(inside, ", "))});
        }
        return true;
    });
    if (!part.waiting.empty()) {
        part.bundle = make_bundle(part.plan, tuning.profile.project, images_of(tuning.profile.observation));
        part.hash = hash_of(part.plan);
    }
    return part;
}

Tuning tune(World& world, const TuneRequest& request, ProfileWatcher& watcher) {
    return tune(world, connect(world), request, watcher);
}

Tuning tune(World& world, const Connection& connection, const TuneRequest& request, ProfileWatcher& watcher) {
    require_advisors(request.only);
    require_advisors(request.skip);
    Tuning result;
    ProfileRequest everything = request.profile;
    everything.named = std::exchange(everything.services, {});
    result.profile = take_profile(world, connection, everything, watcher);
    const Project& project = result.profile.project;
    const Observation& observation = result.profile.observation;
    if (result.profile.interrupted || !result.profile.lost.empty()) {
        return result;
    }

    result.wishes = heard_wishes(world, project);
    read_present(world.files, Path{project.working_directory} / kFolder, "", result.present);
    Advised advised(world.files, world.environment.state_directory(),
                    observation.engine ? observation.engine->id : std::string{}, project.name);
    result.written = written_in(result.present);
    result.advised = advised.read();
    result.development = find_development(project, observation, result.wishes);

    Plan& plan = result.plan;
    plan.project = project.name;
    const Case input{project,        observation,    plan.budget,       result.wishes,
                     result.written, result.advised, result.development};
    const bool of_limits = (request.only.empty() || request.only.contains(kLimits)) && !request.skip.contains(kLimits);
    plan.budget = divide_memory(input, demands_of(input), of_limits);
    plan.budget.cpus = observation.engine ? observation.engine->cpus : 0;

    Advice advice = all_advice(input, {request.only, request.skip, request.profile.services});
    plan.changes = std::move(advice.changes);
    plan.findings = std::move(advice.findings);
    plan.left_alone = std::move(advice.left_alone);
    settle_conflicts(plan);
    say_once(plan);
    leave_inactive(plan, project);
    put_in_order(plan);
    const ServiceImages images = images_of(observation);
    result.bundle = make_bundle(plan, project, images);

    // What is refused goes, and the rest is asked again: a part may stand on what went.
    Verification verification(world, connection, input, watcher);
    try {
        while (!plan.changes.empty()) {
            plan.verdicts = verification.ask(plan, result.bundle);
            const std::set<std::string> limited = services_with_memory(plan);
            if (drop_refused(plan) == 0) {
                break;
            }
            forget_refused_limits(plan, limited, input, request.only.empty() && request.skip.empty());
            result.bundle = make_bundle(plan, project, images);
        }
    } catch (const Interrupted&) {
        if (connection.engine) {
            sweep_after_interruption(*connection.engine, world.cancel);
        }
        throw;
    }
    advised.keep(plan);
    result.hash = hash_of(plan);
    result.masked_changes = masked_changes(world, project, observation);
    return result;
}

}  // namespace pilotpros
