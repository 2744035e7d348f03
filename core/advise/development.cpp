#include "core/advise/development.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/advise/environment.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// The environment that the service's own application says it is in.
bool says_production(const ServiceObservation& service) {
    return std::any_of(service.applications.begin(), service.applications.end(), [](const Application& application) {
        return text(application.facts, "node_environment") == "production" ||
               text(member(application.facts, "values"), "NODE_ENV") == "production";
    });
}

bool runs_development_server(const ServiceObservation& service) {
    return std::any_of(service.applications.begin(), service.applications.end(), [](const Application& application) {
        return !member(application.facts, "development").empty() || flag(application.facts, "reload");
    });
}

bool published_everywhere(const Service* service) {
    if (service == nullptr) {
        return false;
    }
    const Json& ports = member(service->resolved, "ports");
    return std::any_of(ports.begin(), ports.end(), [](const Json& port) {
        const std::string address = text(port, "host_ip");
        return address.empty() || address == "0.0.0.0" || address == "::";
    });
}

}  // namespace

Advice advise_development(const Case& input) {
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        const auto wish = input.wishes.find(service.service);
        if (wish != input.wishes.end() && wish->second.excludes("development")) {
            advice.left_alone.push_back({service.service, "development", "*", "excluded by x-pilotpros"});
            continue;
        }
        const std::string sign = sign_of_development(service, input.project, input.observation);
        const bool said = wish != input.wishes.end() && wish->second.development.has_value();
        const bool says_development = said && *wish->second.development;
        const bool by_itself = runs_development_server(service);
        const bool contradicts = !said && by_itself && says_production(service);
        const bool open = !said && by_itself && published_everywhere(input.service(service.service));
        if (sign.empty() || says_development || !(said || contradicts || open)) {
            continue;
        }
        advice.findings.push_back(
            {service.service, "development-server", said ? Finding::Severity::kWarning : Finding::Severity::kNote,
             fmt::format("{}, and {}", sign,
                         said          ? "x-pilotpros says production"
                         : contradicts ? "its own environment says production"
                                       : "it is published on every interface"),
             "it is slower than what it would build, watches files, and shows sources and errors to whoever asks",
             "build once and serve the result (a build stage, then the server or nginx with its output); or, if it is "
             "for "
             "developing:\n  x-pilotpros:\n    environment: development",
             "https://vite.dev/guide/build.html"});
    }
    return advice;
}

}  // namespace pilotpros
