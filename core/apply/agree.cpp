#include "core/apply/agree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/apps/asking.h"
#include "core/observe/services.h"

namespace pilotpros {

namespace {

bool tells(const Application& application) { return application.facts.is_object() && !application.facts.empty(); }

void add_not_in_force(const std::string& service, const Application& application,
                      const std::vector<const Change*>& changes, Agreement& agreement) {
    const apps::ApplicationModule* const module = apps::module_of(application.kind);
    if (module != nullptr && module->not_in_force && tells(application)) {
        for (const std::string& one : module->not_in_force(application.facts, changes)) {
            agreement.not_in_force.push_back(fmt::format("{}: {}", service, one));
        }
    }
}

void add_not_served(const std::string& service, const ServingByKind& before, const ServingByKind& now,
                    Agreement& agreement) {
    for (const auto& [kind, earlier] : before) {
        const auto later = now.find(kind);
        if (later == now.end()) {
            agreement.not_served.push_back(
                fmt::format("{}: {} does not tell what it serves, as it did", service, kind));
            continue;
        }
        const apps::ServedAgain again = apps::module_of(kind)->served_again(earlier.what, later->second.what);
        for (const std::string& one : again.missing) {
            agreement.not_served.push_back(fmt::format("{}: {}", service, one));
        }
        for (const std::string& one : again.noted) {
            agreement.noted.push_back(fmt::format("{}: {}", service, one));
        }
    }
}

/// How long its programs have to go by a change that they were told of.
constexpr Seconds kSoon{5};

Seconds time_to_serve(const ServingByKind& before, double start_seconds) {
    Seconds longest{start_seconds};
    for (const auto& [kind, serving] : before) {
        longest = std::max(longest, serving.after);
    }
    return std::clamp(2 * longest, kSoon, Seconds{600});
}

void pause(Engine& engine, const Clock& clock) {
    constexpr std::chrono::milliseconds kPause{500};
    const auto next = clock.steady() + kPause;
    while (clock.steady() < next) {
        engine.pump(kPause);
    }
}

}  // namespace

ServingByKind serving_of(Engine& engine, ImageAnswers& answers, const Project& project, const Observation& observation,
                         const std::string& service) {
    ServingByKind result;
    const ServiceObservation* const seen = observation.service(service);
    if (seen == nullptr || !observation.engine) {
        return result;
    }
    const apps::Evidence evidence = apps::evidence_of(*seen, project, observation);
    apps::Asking asking{engine, answers, evidence, *observation.engine};
    for (const Application& application : seen->applications) {
        const apps::ApplicationModule* const module = apps::module_of(application.kind);
        if (module != nullptr && module->serving && module->served_again && tells(application)) {
            if (apps::Serving serving = module->serving(asking, application.facts); !serving.what.is_null()) {
                result.emplace(application.kind, std::move(serving));
            }
        }
    }
    return result;
}

Agreement agreement_of(Engine& engine, ImageAnswers& answers, const Project& project, const Files& files, TimePoint now,
                       const std::string& service, const std::vector<const Change*>& changes,
                       const ServingByKind& before, const std::set<std::string>& left_out) {
    Agreement agreement;
    Observation observation = observe_services(engine, project, {service}, files, now);
    for (ServiceObservation& seen : observation.services) {
        if (seen.service != service || !observation.engine) {
            continue;
        }
        std::erase_if(seen.containers, [&](const Container& container) { return left_out.contains(container.id); });
        const apps::Evidence evidence = apps::evidence_of(seen, project, observation);
        seen.applications = apps::recognise_all(evidence);
        apps::Asking asking{engine, answers, evidence, *observation.engine};
        apps::ask_all(asking, seen.applications);
        for (const Application& application : seen.applications) {
            add_not_in_force(service, application, changes, agreement);
        }
    }
    if (!before.empty()) {
        add_not_served(service, before, serving_of(engine, answers, project, observation, service), agreement);
    }
    return agreement;
}

Agreement agreement_in_time(Engine& engine, ImageAnswers& answers, const Project& project, const Files& files,
                            const Clock& clock, const std::string& service, const std::vector<const Change*>& changes,
                            const ServingByKind& before, double start_seconds, const std::set<std::string>& left_out,
                            const std::function<void(const std::string&)>& waiting) {
    const Seconds longest = time_to_serve(before, start_seconds);
    const auto begin = clock.steady();
    for (bool told = before.empty();; told = true) {
        Agreement now = agreement_of(engine, answers, project, files, clock.now(), service, changes, before, left_out);
        const Seconds since{clock.steady() - begin};
        if (now.complete() || (!now.not_in_force.empty() && since > kSoon) ||
            (!now.not_served.empty() && since > longest)) {
            return now;
        }
        if (!told) {
            waiting(fmt::format("waiting until {} serves what it did before, at most {}: {}", service,
                                format_duration(longest), fmt::join(now.not_served, "; ")));
        }
        pause(engine, clock);
    }
}

ServedBefore::ServedBefore(Engine& engine, ImageAnswers& answers, const Files& files, const Clock& clock,
                           std::string project)
    : engine_(engine), answers_(answers), files_(files), clock_(clock) {
    project_.name = std::move(project);
    project_.from_labels = true;
}

void ServedBefore::remember(const std::set<std::string>& services) {
    if (services.empty()) {
        return;
    }
    Observation observation =
        observe_services(engine_, project_, {services.begin(), services.end()}, files_, clock_.now());
    for (ServiceObservation& seen : observation.services) {
        if (!services.contains(seen.service) || !observation.engine) {
            continue;
        }
        const apps::Evidence evidence = apps::evidence_of(seen, project_, observation);
        seen.applications = apps::recognise_all(evidence);
        std::erase_if(seen.applications, [](const Application& application) {
            const apps::ApplicationModule* const module = apps::module_of(application.kind);
            return module == nullptr || !module->serving;
        });
        apps::Asking asking{engine_, answers_, evidence, *observation.engine};
        apps::ask_all(asking, seen.applications);
        before_[seen.service] = serving_of(engine_, answers_, project_, observation, seen.service);
    }
}

Agreement ServedBefore::again(const std::string& service, double start_seconds,
                              const std::function<void(const std::string&)>& waiting) {
    const auto before = before_.find(service);
    if (before == before_.end() || before->second.empty()) {
        return {};
    }
    return agreement_in_time(engine_, answers_, project_, files_, clock_, service, {}, before->second, start_seconds,
                             {}, waiting);
}

}  // namespace pilotpros
