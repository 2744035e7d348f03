#include "core/apply/agree.h"

#include <fmt/format.h>

#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/observe/services.h"

namespace pilotpros {

std::vector<std::string> not_in_force(Engine& engine, ImageAnswers& answers, const Project& project, const Files& files,
                                      TimePoint now, const std::string& service,
                                      const std::vector<const Change*>& changes,
                                      const std::set<std::string>& left_out) {
    Observation observation = observe_services(engine, project, {service}, files, now);
    std::vector<std::string> complaints;
    for (ServiceObservation& seen : observation.services) {
        if (seen.service != service || !observation.engine) {
            continue;
        }
        std::erase_if(seen.containers, [&](const Container& container) { return left_out.contains(container.id); });
        const apps::Evidence evidence = apps::evidence_of(seen, project, observation);
        apps::Asking asking{engine, answers, evidence, *observation.engine};
        apps::ask_all(asking, seen.applications);
        for (const Application& application : seen.applications) {
            const apps::ApplicationModule* const module = apps::module_of(application.kind);
            if (module != nullptr && module->not_in_force && application.facts.is_object() &&
                !application.facts.empty()) {
                for (const std::string& one : module->not_in_force(application.facts, changes)) {
                    complaints.push_back(fmt::format("{}: {}", service, one));
                }
            }
        }
    }
    return complaints;
}

}  // namespace pilotpros
