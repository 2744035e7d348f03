#include "core/verification.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/advising.h"
#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/observe/image_answers.h"
#include "core/observe/profile_store.h"
#include "core/verify/compose_merge.h"
#include "core/verify/engine_bounds.h"
#include "core/verify/probes.h"

namespace pilotpros {

namespace {

/// A folder of this run's own: two may look at the same project at once, and neither may take the other's file away.
/// What a killed one left goes.
Path scratch_of_this_run(World& world) {
    constexpr std::string_view kScratch = "scratch-";
    const Path state = world.environment.state_directory();
    for (const std::string& name : world.files.list(state)) {
        if (name.starts_with(kScratch) && !world.files.exists(Path{"/proc"} / name.substr(kScratch.size()))) {
            try {
                world.files.remove_tree(state / name);
            } catch (const Error&) {  // NOLINT(bugprone-empty-catch): it is in nobody's way
            }
        }
    }
    return state / fmt::format("{}{}", kScratch, getpid());
}

}  // namespace

std::vector<Verdict> Verification::ask(const Plan& plan, const Bundle& bundle) {
    std::vector<Verdict> verdicts;
    const auto add = [&](std::vector<Verdict> more) {
        std::move(more.begin(), more.end(), std::back_inserter(verdicts));
    };
    const bool engine_there = connection_.engine && input_.observation.engine;
    FileImageAnswers answers(world_.files,
                             image_answers_directory(world_.environment.state_directory(),
                                                     engine_there ? input_.observation.engine->id : std::string{}));
    std::map<std::string, std::vector<const Change*>> changes;
    for (const Change& change : plan.changes) {
        changes[change.service].push_back(&change);
    }
    const Path of_project = world_.environment.state_directory() /
                            safe_file_name(engine_there ? input_.observation.engine->id : std::string{"none"}) /
                            safe_file_name(input_.project.name);
    PassedProbes passed(world_.files, of_project / "probes", world_.clock.now());
    std::optional<ExecsAhead> ahead;
    const auto run_probes_ahead = [&] {
        std::vector<ExecRequest> probes;
        for (const ServiceObservation& service : input_.observation.services) {
            auto more = probes_to_run_ahead(answers, input_, service, changes[service.service], &passed);
            std::move(more.begin(), more.end(), std::back_inserter(probes));
        }
        ahead.emplace(*connection_.engine);
        ahead->run_ahead(probes);
    };

    nlohmann::json merged;
    if (!input_.project.from_labels) {
        watcher_.stage("asking Compose whether it merges, and the health checks meanwhile");
        const Surroundings surroundings{world_.environment,
                                        world_.files,
                                        world_.process,
                                        world_.cancel,
                                        connection_.engine.get(),
                                        world_.docker_command(),
                                        world_.read_standard_input};
        MergeQuestion question(plan, input_.project, scratch_of_this_run(world_), world_.files, surroundings);
        if (engine_there) {
            run_probes_ahead();
        }
        MergeAnswer answer = question.answer();
        add(std::move(answer.verdicts));
        merged = std::move(answer.resolved);
        add(refused_bounds(plan, input_, merged));
    }
    if (!engine_there) {
        add(verdicts_on_the_rest(plan, verdicts));
        return verdicts;
    }
    for (const ServiceObservation& service : input_.observation.services) {
        if (changes[service.service].empty()) {
            continue;
        }
        const apps::Evidence evidence = apps::evidence_of(service, input_.project, input_.observation);
        watcher_.stage("asking about the health check of " + service.service);
        add(verify_probes(*connection_.engine, answers, input_, service, changes[service.service], merged, world_.clock,
                          ahead ? &*ahead : nullptr, &passed));
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
                                          changes[service.service],
                                          bundle};
                add(module->verify(verifying));
            }
        }
    }
    add(verdicts_on_the_rest(plan, verdicts));
    return verdicts;
}

}  // namespace pilotpros
