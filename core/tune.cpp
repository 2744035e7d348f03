#include "core/tune.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "core/advise/budget.h"
#include "core/advise/check_healthcheck.h"
#include "core/advise/check_limits.h"
#include "core/advise/data.h"
#include "core/advise/environment.h"
#include "core/advised.h"
#include "core/advising.h"
#include "core/apply/masks.h"
#include "core/bundle/compose_override.h"
#include "core/bundle/make_bundle.h"
#include "core/compose/followers.h"
#include "core/compose/selection.h"
#include "core/compose/wish_values.h"
#include "core/compose/wishes.h"
#include "core/docker/throwaway.h"
#include "core/lint/as_written.h"
#include "core/lint/lint.h"
#include "core/observe/profile_store.h"
#include "core/probe_images.h"
#include "core/verification.h"

namespace pilotpros {

namespace {

constexpr const char* kFolder = ".pilotpros";

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

Surroundings surroundings_without_engine(World& world) {
    return {world.environment,        world.files, world.process, world.cancel, nullptr, world.docker_command(),
            world.read_standard_input};
}

/// With the values of what the user wrote as ${…}.
Wishes heard_wishes(World& world, const Project& project) {
    Wishes wishes = read_wishes(project, world.files, advisor_set());
    fill_in_wishes(wishes, project, surroundings_without_engine(world));
    return wishes;
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
    result.written = advised.read();
    for (auto& [service, values] : written_in(result.present)) {
        for (auto& [key, value] : values) {
            std::string& known = result.written[service][key];
            known = value.empty() ? known : value;
        }
    }
    result.development = find_development(project, observation, result.wishes);

    Plan& plan = result.plan;
    plan.project = project.name;
    const Case input{project, observation, plan.budget, result.wishes, result.written, result.development};
    plan.budget = divide_memory(input, demands_of(input));
    plan.budget.cpus = observation.engine ? observation.engine->cpus : 0;

    Advice advice = all_advice(input, {request.only, request.skip, request.profile.services});
    plan.changes = std::move(advice.changes);
    plan.findings = std::move(advice.findings);
    plan.left_alone = std::move(advice.left_alone);
    settle_conflicts(plan);
    leave_inactive(plan, project);
    put_in_order(plan);
    const ServiceImages images = images_of(observation);
    result.bundle = make_bundle(plan, project, images);

    // What is refused goes, and the rest is asked again: a part may stand on what went.
    Verification verification(world, connection, input, watcher);
    try {
        while (!plan.changes.empty()) {
            plan.verdicts = verification.ask(plan, result.bundle);
            if (drop_refused(plan) == 0) {
                break;
            }
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

namespace {

using FileLook = std::function<std::vector<Finding>(const Case&, const Check&)>;

/// A file after what it includes. Compose itself refuses one that includes itself.
void read_with_included(const Files& files, const std::string& file, const Project& project, Check& check) {
    if (check.texts.contains(file)) {
        return;
    }
    const auto text = file == "-" ? std::optional{project.standard_input} : files.read(file);
    if (!text) {
        return;
    }
    check.texts[file] = *text;
    const Path folder = file == "-" ? Path{project.working_directory} : Path{file}.parent_path();
    for (const nlohmann::json& document : linting::read_yaml(*text)) {
        for (const std::string& included : linting::included_by(document)) {
            read_with_included(files, (folder / included).lexically_normal().string(), project, check);
        }
    }
    check.files.push_back(file);
}

/// Of the files alone. No engine is missing where they cannot be found: none would be asked.
Profile profile_of_files(World& world, const ProfileRequest& request) {
    ProfileWatcher nobody;
    try {
        return take_profile(world, no_connection(), request, nobody);
    } catch (const EngineLost& lost) {
        throw Error(ExitCode::kBadInput, lost.what(), lost.hint());
    }
}

Check look_at_files(World& world, const ProfileRequest& request, bool images_too, const FileLook& look) {
    ProfileRequest everything = request;
    everything.named = std::exchange(everything.services, {});
    Profile profile = profile_of_files(world, everything);
    if (images_too) {
        ask_images_of_probes(world, profile.project, profile.observation);
    }
    const Wishes wishes = heard_wishes(world, profile.project);
    const Budget budget;
    const Written written;
    const Case input{profile.project, profile.observation,
                     budget,          wishes,
                     written,         find_development(profile.project, profile.observation, wishes)};
    Check check;
    for (const std::string& file : profile.project.files) {
        read_with_included(world.files, file, profile.project, check);
    }
    const auto is_asked = [&](const std::string& service) {
        return request.services.empty() ||
               std::find(request.services.begin(), request.services.end(), service) != request.services.end();
    };
    check.findings = look(input, check);
    std::erase_if(check.findings,
                  [&](const Finding& finding) { return !finding.service.empty() && !is_asked(finding.service); });
    for (const auto& [name, service] : profile.project.services) {
        if (service.profiled_out && is_asked(name)) {
            check.inactive.push_back(name);
        }
    }
    check.project = std::move(profile.project);
    return check;
}

bool same(const Finding& one, const Finding& other) {
    return one.service == other.service && one.id == other.id && one.what == other.what;
}

}  // namespace

Check check_files(World& world, const ProfileRequest& request, const std::function<Advice(const Case&)>& advisor) {
    return look_at_files(world, request, false,
                         [&](const Case& input, const Check&) { return advisor(input).findings; });
}

namespace {

Check lint_what_compose_accepts(World& world, const ProfileRequest& request) {
    return look_at_files(world, request, true, [](const Case& input, const Check& check) {
        std::vector<Finding> findings;
        for (const Advice& advice : {all_advice(input, {}), check_limits(input), check_healthcheck(input)}) {
            for (const Finding& finding : advice.findings) {
                if (std::none_of(findings.begin(), findings.end(),
                                 [&](const Finding& one) { return same(one, finding); })) {
                    findings.push_back(finding);
                }
            }
        }
        return lint(input.project, {check.files, check.texts, std::move(findings)});
    });
}

/// The files as they are written, where a rule knows why Compose refuses them; nothing where none does.
std::optional<Check> lint_what_compose_refuses(World& world, const ProfileRequest& request) {
    const Surroundings surroundings = surroundings_without_engine(world);
    const auto selection = select_by_files(request.selectors, surroundings);
    if (!selection) {
        return std::nullopt;
    }
    Check check;
    check.project.files = selection->files;
    check.project.working_directory = selection->working_directory.string();
    check.project.name = selection->project_name.value_or(selection->working_directory.filename().string());
    for (const std::string& file : check.project.files) {
        if (file == "-") {
            check.project.standard_input = world.read_standard_input();
        }
        read_with_included(world.files, file, check.project, check);
    }
    check.findings = lint(check.project, {check.files, check.texts, {}});
    return tells_why_compose_refuses(check.findings) ? std::optional{std::move(check)} : std::nullopt;
}

}  // namespace

Check lint_files(World& world, const ProfileRequest& request) {
    World once = world;  // what is piped in can be read once, and may be needed twice
    const auto text = std::make_shared<std::optional<std::string>>();
    once.read_standard_input = [text, &world] {
        if (!*text) {
            *text = world.read_standard_input();
        }
        return **text;
    };
    try {
        return lint_what_compose_accepts(once, request);
    } catch (const Error& error) {
        auto refused = error.code() == ExitCode::kBadInput ? lint_what_compose_refuses(once, request) : std::nullopt;
        if (!refused) {
            throw;
        }
        return std::move(*refused);
    }
}

}  // namespace pilotpros
