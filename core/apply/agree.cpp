#include "core/apply/agree.h"

#include <fmt/format.h>

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

}  // namespace pilotpros
