#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/execs_ahead.h"
#include "core/model/advice.h"
#include "core/model/plan.h"
#include "core/observe/image_answers.h"
#include "core/sys/clock.h"
#include "core/verify/passed_probes.h"

namespace pilotpros {

/// Which checks count. All of them, but for tests that show what each one is there for.
struct ProbeChecks {
    bool address = true;     ///< it asks nothing that neither the user's test asks nor an application documents
    bool stopped = true;     ///< it fails where nothing runs
    bool running = true;     ///< it passes inside the running service
    bool wrong_port = true;  ///< it fails on a port where nobody listens
};

/// What a health check's test says when it is tried. It has to pass inside the running service, as the engine would run
/// it, and it has to be able to fail: in a throw-away container of the image, where nothing listens, and inside the
/// running service with another port. A probe that always passes is refused; so is one that asks an address which
/// neither the user's own test has nor an application documents as its health's. Timing is derived and says so.
///
/// `changes`: all of the service's; others than the health check's are left out. `merged`: what Compose makes of the
/// user's files with ours on top, or null; only it can fill in the user's ${…}. `run_ahead`: see below; null: nothing.
/// That a test fails on a stopped service is kept in `answers`: it depends on the image alone. `passed`: what passed
/// lately in the same run of the container, which is not asked again; null: nothing is kept. Lets Interrupted and
/// EngineLost through.
std::vector<Verdict> verify_probes(Engine& engine, ImageAnswers& answers, const Case& input,
                                   const ServiceObservation& service, const std::vector<const Change*>& changes,
                                   const nlohmann::json& merged, const Clock& clock = Clock{},
                                   ExecsAhead* run_ahead = nullptr, PassedProbes* passed = nullptr,
                                   const ProbeChecks& checks = {});

/// What verify_probes() begins with in the running service: so that the probes of all services can be run at once,
/// while Compose is still at work. Only a test that is complete without Compose, that is known to be able to fail, and
/// that did not pass lately.
std::vector<ExecRequest> probes_to_run_ahead(ImageAnswers& answers, const Case& input,
                                             const ServiceObservation& service,
                                             const std::vector<const Change*>& changes,
                                             const PassedProbes* passed = nullptr);

/// The same test with a port on which nobody listens (1); nothing when no port can be found in it. Pure.
std::optional<std::vector<std::string>> with_wrong_port(const std::vector<std::string>& test);

}  // namespace pilotpros
