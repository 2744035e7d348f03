#include "core/advise/restart_policy.h"

#include <algorithm>

#include "core/advise/compose_limits.h"
#include "core/advise/service_state.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

bool has_policy(const Service& service, const ServiceObservation& observed) {
    const bool in_files = !member(service.resolved, "restart").is_null() ||
                          !member(member(service.resolved, "deploy"), "restart_policy").is_null();
    return in_files || std::any_of(observed.containers.begin(), observed.containers.end(), [](const Container& one) {
               return !one.restart_policy.empty() && one.restart_policy != "no";
           });
}

}  // namespace

std::optional<Finding> no_restart_policy(const Case& input, const ServiceObservation& observed) {
    const Service* const service = input.service(observed.service);
    if (service == nullptr || has_policy(*service, observed) || is_job(input.project.services, observed.service)) {
        return std::nullopt;
    }
    Finding finding;
    finding.service = observed.service;
    finding.id = "no-restart-policy";
    finding.severity = input.in_development(observed.service) ? Finding::Severity::kNote : Finding::Severity::kWarning;
    finding.what = "it gets a memory limit and has no restart policy";
    finding.harm = "once it crashes, or is killed at its limit, it stays down until somebody starts it";
    finding.fix = lines_for(observed.service, {Target::Kind::kCompose, {"restart"}}, "unless-stopped") +
                  "\n# or \"no\", where it is meant to stay down";
    finding.source = "https://docs.docker.com/engine/containers/start-containers-automatically/";
    return finding;
}

}  // namespace pilotpros
