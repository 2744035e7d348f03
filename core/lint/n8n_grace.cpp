#include <fmt/format.h>

#include <cmath>

#include "core/advise/service_state.h"
#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/durations.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

constexpr const char* kShutdown = "N8N_GRACEFUL_SHUTDOWN_TIMEOUT";
constexpr long kShutdownDefault = 30;
constexpr double kDockerGrace = 10;
constexpr long kSpareSeconds = 10;

std::vector<Spot> look_n8n_grace(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        constexpr long kDay = 86400;
        if (!runs_n8n(service) || is_job(input.services, name)) {
            continue;  // an import runs no executions
        }
        const auto shutdown = sets_variable(service, kShutdown)
                                  ? whole_number(variable_of(service, kShutdown).value_or(""))
                                  : std::optional{kShutdownDefault};
        const Json& written = member(service.resolved, "stop_grace_period");
        const auto grace = written.is_null() ? std::optional{Seconds{kDockerGrace}} : parse_duration(as_text(written));
        if (!shutdown || *shutdown > kDay || !grace || grace->count() > static_cast<double>(*shutdown)) {
            continue;
        }
        spots.push_back({name,
                         fmt::format("n8n takes up to {} s to end its executions, and is killed after {}", *shutdown,
                                     written.is_null() ? "10 s, Docker's default" : format_duration(*grace)),
                         service_lines(name, {fmt::format("stop_grace_period: {}s", *shutdown + kSpareSeconds)})});
    }
    return spots;
}

}  // namespace

LintRules n8n_grace_rules() {
    return {{"n8n-grace-too-short", Finding::Severity::kWarning, "n8n is killed before its running executions can end",
             "executions that run when the container is stopped or replaced are lost",
             "https://docs.n8n.io/hosting/configuration/environment-variables/", look_n8n_grace}};
}

}  // namespace pilotpros::linting
