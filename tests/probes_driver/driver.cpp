// pilotpros-probes-driver try CONTAINER TEST [USERS_TEST] [without=CHECK]
//                                                           tests are JSON; prints "OUTCOME: what was said"
// pilotpros-probes-driver advise CONTAINER KIND [USERS_TEST] prints the test that is advised, as JSON, or null
// pilotpros-probes-driver layer CONTAINER KIND [FACTS]      prints the paths of its writable layer that are data
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/advise/data.h"
#include "core/advise/healthcheck.h"
#include "core/docker/curl_engine.h"
#include "core/docker/endpoint.h"
#include "core/observe/containers.h"
#include "core/observe/engine_facts.h"
#include "core/observe/probe_commands.h"
#include "core/observe/writable_layers.h"
#include "core/sys/cancel.h"
#include "core/sys/environment.h"
#include "core/sys/files.h"
#include "core/sys/process.h"
#include "core/verify/probes.h"

namespace {

using namespace pilotpros;
using Json = nlohmann::json;

class Forgetful final : public ImageAnswers {
  public:
    Json find(const std::string& /*image*/, const std::string& /*question*/) const override { return nullptr; }
    void keep(const std::string& /*image*/, const std::string& /*question*/, const Json& /*answer*/) override {}
};

/// Takes "without=CHECK" out of the words.
ProbeChecks take_checks(std::vector<std::string>& words) {
    ProbeChecks checks;
    for (const auto& [word, check] :
         {std::pair{"without=address", &ProbeChecks::address}, std::pair{"without=stopped", &ProbeChecks::stopped},
          std::pair{"without=running", &ProbeChecks::running},
          std::pair{"without=wrong-port", &ProbeChecks::wrong_port}}) {
        checks.*check = std::erase(words, word) == 0;
    }
    return checks;
}

int run(std::vector<std::string> words) {
    const ProbeChecks checks = take_checks(words);
    const Environment environment = Environment::of_process();
    DiskFiles files;
    SystemProcess process;
    Cancel cancel;
    CurlEngine engine{resolve_endpoint({}, environment, files), {"docker"}, process, cancel};

    Project project;
    Observation observation;
    observation.engine = EngineFacts{};
    observation.engine->api_version = "1.45";
    const Budget budget;
    const Wishes wishes;
    const Written written;
    ServiceObservation service;
    service.service = "a";
    service.containers = inspect_containers(engine, {words.at(1)});
    service.image_id = service.containers.at(0).image_id;
    project.services["a"].name = "a";
    project.services["a"].resolved = Json::object();
    const Json given = words.size() > 3 ? Json::parse(words[3]) : Json();
    if (words[0] == "layer") {
        service.applications.push_back({words.at(2), 1, {}, given});
        Observation seen;
        seen.services.push_back(service);
        WritableLayers(engine, files, {}, true, seen).finish(Clock{}, cancel, std::chrono::seconds{30}, seen);
        for (const std::string& path : data_in_layer(seen.services.front(), {})) {
            std::cout << path << '\n';
        }
        return 0;
    }
    if (!given.is_null()) {
        project.services["a"].resolved = {{"healthcheck", {{"test", given}}}};
    }
    Forgetful forgetful;
    const auto commands = find_probe_commands(engine, forgetful, service.image_id, "", words[1]);
    service.probe_commands = commands.paths;
    service.probe_commands_known = commands.known;
    if (words[0] == "advise") {
        service.applications.push_back({words.at(2), 1, {}, Json::object()});
        observation.services.push_back(service);
    }
    const Case input{project, observation, budget, wishes, written, written, {}};
    if (words[0] == "advise") {
        Json test;
        for (const Change& change : advise_healthcheck(input).changes) {
            test = change.key == "healthcheck.test" ? change.after : test;
        }
        std::cout << test.dump() << '\n';
        return 0;
    }
    Change change;
    change.service = "a";
    change.key = "healthcheck.test";
    change.after = Json::parse(words.at(2));
    for (const Verdict& verdict :
         verify_probes(engine, forgetful, input, service, {&change}, nullptr, Clock{}, nullptr, nullptr, checks)) {
        std::cout << Json(verdict.outcome).get<std::string>() << ": " << verdict.said << '\n';
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return run({words + 1, words + count});
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 70;
    }
}
