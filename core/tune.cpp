#include "core/tune.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/advise/budget.h"
#include "core/advise/data.h"
#include "core/advise/environment.h"
#include "core/advise/registry.h"
#include "core/advised.h"
#include "core/apply/masks.h"
#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/bundle/compose_override.h"
#include "core/bundle/make_bundle.h"
#include "core/compose/wishes.h"
#include "core/model/near.h"
#include "core/observe/image_answers.h"
#include "core/observe/profile_store.h"
#include "core/verify/compose_merge.h"
#include "core/verify/probes.h"

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

/// Changes of the user's below what is applied are said before all else.
std::vector<std::string> masked_changes(World& world, const Project& project, const Observation& observation) {
    std::vector<std::string> said;
    if (observation.engine) {
        const ApplyStore store(world.files, world.environment.state_directory(), observation.engine->id, project.name);
        for (const Mask& mask : changed_masks(masks_in_force(store), project)) {
            said.push_back(fmt::format("{} of {}", mask.path, mask.service));
        }
    }
    return said;
}

template <typename Each>
void for_each_application(const Observation& observation, Each each) {
    for (const ServiceObservation& service : observation.services) {
        for (const Application& application : service.applications) {
            if (const apps::ApplicationModule* const found = apps::module_of(application.kind)) {
                each(service, application, *found);
            }
        }
    }
}

/// Facts that could not be asked are none: an advisor that would guess is not asked.
bool has_facts(const Application& application) { return application.facts.is_object() && !application.facts.empty(); }

std::map<std::string, Demand> demands_of(const Case& input) {
    std::map<std::string, Demand> demands;
    for_each_application(input.observation, [&](const ServiceObservation& service, const Application& application,
                                                const apps::ApplicationModule& module) {
        const auto demand =
            module.demand && has_facts(application) ? module.demand(input, service, application.facts) : std::nullopt;
        if (demand && demand->least >= demands[service.service].least) {
            demands[service.service] = *demand;
        }
    });
    return demands;
}

class Advising {
  public:
    Advising(const Case& input, const TuneRequest& request) : input_(input), request_(request) {}

    Advice all() {
        advise();
        say_which_wishes_nobody_heard();
        return std::move(advice_);
    }

  private:
    void advise() {
        for (const Advisor& advisor : advisors()) {
            if (asked(advisor.name)) {
                take(advisor.name, advisor.advise(input_));
            }
        }
        for_each_application(input_.observation, [&](const ServiceObservation& service, const Application& application,
                                                     const apps::ApplicationModule& module) {
            if (module.advise && asked(module.kind) && has_facts(application)) {
                take(module.kind, module.advise(input_, service, application.facts));
            }
        });
    }

    /// A pin or a bound of a key that nothing was said of is a slip of the pen, or waits for what is not known yet.
    void say_which_wishes_nobody_heard() {
        if (!request_.only.empty() || !request_.skip.empty()) {
            return;
        }
        std::set<std::string> heard;  // of all services: a wish at the top is meant for those that it concerns
        for (const Change& change : advice_.changes) {
            heard.insert(change.key);
        }
        for (const LeftAlone& one : advice_.left_alone) {
            heard.insert(one.key);
        }
        for (const auto& [service, wish] : input_.wishes) {
            if (!wanted(service) || wish.excludes("*") || !input_.project.services.contains(service)) {
                continue;
            }
            for (const auto* wishes : {&wish.pinned, &wish.least, &wish.most}) {
                for (const auto& [key, value] : *wishes) {
                    if (!heard.contains(key)) {
                        advice_.left_alone.push_back(
                            {service, "x-pilotpros", key,
                             fmt::format("nobody advises {} here, so the wish has no effect{}", key,
                                         did_you_mean({heard.begin(), heard.end()}, key))});
                    }
                }
            }
        }
    }

    [[nodiscard]] bool asked(const std::string& advisor) const {
        return (request_.only.empty() || request_.only.contains(advisor)) && !request_.skip.contains(advisor);
    }

    /// Findings on the project as a whole are never out of place.
    [[nodiscard]] bool wanted(const std::string& service) const {
        const auto& services = request_.profile.services;
        return service.empty() || services.empty() ||
               std::find(services.begin(), services.end(), service) != services.end();
    }

    [[nodiscard]] bool excluded(const std::string& service, const std::string& advisor) const {
        const auto wish = input_.wishes.find(service);
        return wish != input_.wishes.end() && wish->second.excludes(advisor);
    }

    void take(const std::string& advisor, Advice advice) {
        const auto unwanted = [&](const auto& one) { return !wanted(one.service) || excluded(one.service, advisor); };
        std::set<std::string> left_out;
        for (const Change& change : advice.changes) {
            if (wanted(change.service) && excluded(change.service, advisor)) {
                left_out.insert(change.service);
            }
        }
        std::erase_if(advice.changes, unwanted);
        std::erase_if(advice.findings, unwanted);
        std::erase_if(advice.left_alone, unwanted);
        for (const std::string& service : left_out) {
            advice.left_alone.push_back({service, advisor, "", "excluded by x-pilotpros"});
        }
        advice_.add(std::move(advice));
    }

    const Case& input_;
    const TuneRequest& request_;
    Advice advice_;
};

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

class Verification {
  public:
    Verification(World& world, const Connection& connection, const Case& input, ProfileWatcher& watcher)
        : world_(world), connection_(connection), input_(input), watcher_(watcher) {}

    /// What everybody says who will read a part of the Plan.
    std::vector<Verdict> ask(const Plan& plan, const Bundle& bundle) {
        std::vector<Verdict> verdicts;
        const auto add = [&](std::vector<Verdict> more) {
            std::move(more.begin(), more.end(), std::back_inserter(verdicts));
        };
        nlohmann::json merged;
        if (!input_.project.from_labels) {
            watcher_.stage("asking Compose whether it merges");
            const Surroundings surroundings{world_.environment,
                                            world_.files,
                                            world_.process,
                                            world_.cancel,
                                            connection_.engine.get(),
                                            world_.docker_command(),
                                            world_.read_standard_input};
            const Path scratch = world_.environment.state_directory() / ("scratch-" + hash_of(plan).substr(0, 16));
            MergeAnswer answer = verify_compose_merge(plan, input_.project, scratch, world_.files, surroundings);
            add(std::move(answer.verdicts));
            merged = std::move(answer.resolved);
        }
        if (!connection_.engine || !input_.observation.engine) {
            return verdicts;
        }
        FileImageAnswers answers(
            world_.files, image_answers_directory(world_.environment.state_directory(), input_.observation.engine->id));
        for (const ServiceObservation& service : input_.observation.services) {
            std::vector<const Change*> changes;
            for (const Change& change : plan.changes) {
                if (change.service == service.service) {
                    changes.push_back(&change);
                }
            }
            if (changes.empty()) {
                continue;
            }
            const apps::Evidence evidence = apps::evidence_of(service, input_.project, input_.observation);
            watcher_.stage("asking about the health check of " + service.service);
            add(verify_probes(*connection_.engine, answers, input_, service, changes, merged, world_.clock));
            for (const Application& application : service.applications) {
                const apps::ApplicationModule* const module = apps::module_of(application.kind);
                if (module != nullptr && module->verify && has_facts(application)) {
                    watcher_.stage(fmt::format("asking {} of {}", application.kind, service.service));
                    apps::Verifying verifying{*connection_.engine,
                                              answers,
                                              evidence,
                                              *input_.observation.engine,
                                              service,
                                              application.facts,
                                              input_,
                                              changes,
                                              bundle};
                    add(module->verify(verifying));
                }
            }
        }
        return verdicts;
    }

  private:
    World& world_;
    const Connection& connection_;
    const Case& input_;
    ProfileWatcher& watcher_;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> advisor_names() {
    std::vector<std::pair<std::string, std::string>> names;
    for (const Advisor& advisor : advisors()) {
        names.emplace_back(advisor.name, advisor.concern);
    }
    for (const apps::ApplicationModule& module : apps::registry()) {
        if (module.advise) {
            names.emplace_back(module.kind, "settings of " + module.kind);
        }
    }
    return names;
}

void require_advisors(const std::set<std::string>& names) {
    const auto known = advisor_names();
    for (const std::string& name : names) {
        if (std::none_of(known.begin(), known.end(), [&](const auto& one) { return one.first == name; })) {
            std::vector<std::string> all;
            std::transform(known.begin(), known.end(), std::back_inserter(all),
                           [](const auto& one) { return one.first; });
            throw Error(ExitCode::kUsage, fmt::format("there is no advisor {}", name),
                        fmt::format("there are: {}", fmt::join(all, ", ")));
        }
    }
}

namespace {

std::set<std::string> advisor_set() {
    std::set<std::string> names;
    for (const auto& [name, concern] : advisor_names()) {
        names.insert(name);
    }
    return names;
}

}  // namespace

std::map<std::string, std::vector<std::string>> data_in_layers(const Tuning& tuning) {
    return data_in_layers(tuning.profile.observation, tuning.wishes);
}

Applicable applicable_part(const Tuning& tuning) {
    Applicable part{tuning.plan, tuning.bundle, tuning.hash, {}};
    const auto data = data_in_layers(tuning);
    std::erase_if(part.plan.changes, [&](const Change& change) {
        const auto service = tuning.profile.project.services.find(change.service);
        const bool inactive = service != tuning.profile.project.services.end() && service->second.profiled_out;
        const auto paths = data.find(change.service);
        if (!inactive && paths == data.end()) {
            return false;
        }
        if (part.waiting.insert(change.service).second) {
            part.plan.left_alone.push_back(
                {change.service, "data", "",
                 inactive
                     ? "its profile is not active: name it with --profile"
                     : fmt::format("a new container would not have what this one keeps in its writable layer: {}; put "
                                   "it on a volume first, or name it in x-pilotpros: {{disposable: [PATH]}}",
                                   fmt::join(paths->second, ", "))});
        }
        return true;
    });
    if (!part.waiting.empty()) {
        part.bundle = make_bundle(part.plan, tuning.profile.project);
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
    everything.services.clear();
    result.profile = take_profile(world, connection, everything, watcher);
    const Project& project = result.profile.project;
    const Observation& observation = result.profile.observation;
    require_services(project, request.profile.services);
    if (result.profile.interrupted || !result.profile.lost.empty()) {
        return result;
    }

    result.wishes = read_wishes(project, world.files, advisor_set());
    read_present(world.files, Path{project.working_directory} / kFolder, "", result.present);
    Advised advised(world.files, world.environment.state_directory(),
                    observation.engine ? observation.engine->id : std::string{}, project.name);
    result.written = advised.read();
    for (auto& [service, values] : written_in(result.present)) {
        for (auto& [key, value] : values) {
            result.written[service][key] = value;
        }
    }
    result.development = find_development(project, observation, result.wishes);

    Plan& plan = result.plan;
    plan.project = project.name;
    const Case input{project, observation, plan.budget, result.wishes, result.written, result.development};
    plan.budget = divide_memory(input, demands_of(input));
    plan.budget.cpus = observation.engine ? observation.engine->cpus : 0;

    Advice advice = Advising(input, request).all();
    plan.changes = std::move(advice.changes);
    plan.findings = std::move(advice.findings);
    plan.left_alone = std::move(advice.left_alone);
    settle_conflicts(plan);
    put_in_order(plan);
    result.bundle = make_bundle(plan, project);

    // What is refused goes, and the rest is asked again: a part may stand on what went.
    constexpr int kRounds = 4;
    Verification verification(world, connection, input, watcher);
    for (int round = 0; round < kRounds && !plan.changes.empty(); ++round) {
        plan.verdicts = verification.ask(plan, result.bundle);
        if (drop_refused(plan) == 0) {
            break;
        }
        result.bundle = make_bundle(plan, project);
    }
    advised.keep(plan);
    result.hash = hash_of(plan);
    result.masked_changes = masked_changes(world, project, observation);
    return result;
}

Check check_files(World& world, const ProfileRequest& request, const std::function<Advice(const Case&)>& advisor) {
    ProfileWatcher nobody;
    ProfileRequest everything = request;
    everything.services.clear();
    Profile profile = take_profile(world, no_connection(), everything, nobody);
    require_services(profile.project, request.services);
    const Wishes wishes = read_wishes(profile.project, world.files, advisor_set());
    const Budget budget;
    const Written written;
    const Case input{profile.project, profile.observation,
                     budget,          wishes,
                     written,         find_development(profile.project, profile.observation, wishes)};
    Check check{{}, advisor(input).findings};
    std::erase_if(check.findings, [&](const Finding& finding) {
        return !finding.service.empty() && !request.services.empty() &&
               std::find(request.services.begin(), request.services.end(), finding.service) == request.services.end();
    });
    check.project = std::move(profile.project);
    return check;
}

}  // namespace pilotpros
