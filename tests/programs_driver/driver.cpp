// pilotpros-programs-driver node IMAGE-ID MEMORY-MIB NODE_OPTIONS [RESOLVED] [argv:WORD]… [without=CHECK]…
//     what the image's node says of NODE_OPTIONS under that limit; with RESOLVED, NODE_OPTIONS holds ${…}; argv: what
//     the server's own command line has between node and its script
// pilotpros-programs-driver n8n IMAGE-ID NAME… [without=known]
//     what the image's n8n says of environment names
// pilotpros-programs-driver recipe IMAGE-ID      what the image's n8n does with each line of the recipe
// pilotpros-programs-driver nginx                the lines that are told for an nginx with all faults: {finding: fix}
// Prints "OUTCOME: what was said".
#include <algorithm>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/apps/n8n/facts.h"
#include "core/apps/n8n/names.h"
#include "core/apps/n8n/verify.h"
#include "core/apps/nginx/advise.h"
#include "core/apps/nginx/facts.h"
#include "core/apps/node/verify.h"
#include "core/docker/curl_engine.h"
#include "core/docker/endpoint.h"
#include "core/sys/cancel.h"
#include "core/sys/environment.h"
#include "core/sys/files.h"
#include "core/sys/process.h"

namespace {

using namespace pilotpros;
using Json = nlohmann::json;

class InMemory final : public ImageAnswers {
  public:
    Json find(const std::string& image, const std::string& question) const override {
        const auto found = answers_.find(image + question);
        return found == answers_.end() ? Json() : found->second;
    }
    void keep(const std::string& image, const std::string& question, const Json& answer) override {
        answers_[image + question] = answer;
    }

  private:
    std::map<std::string, Json> answers_;
};

/// Takes the words that begin so out of the others, without their beginning.
std::vector<std::string> take(std::vector<std::string>& words, const std::string& beginning) {
    std::vector<std::string> taken;
    std::erase_if(words, [&](const std::string& word) {
        const bool meant = word.starts_with(beginning);
        if (meant) {
            taken.push_back(word.substr(beginning.size()));
        }
        return meant;
    });
    return taken;
}

std::vector<Verdict> ask(apps::Verifying& verifying, const std::string& kind, const std::vector<std::string>& without) {
    const auto counts = [&](const char* check) {
        return std::find(without.begin(), without.end(), check) == without.end();
    };
    if (kind == "n8n") {
        return apps::n8n::verify_with(verifying, {counts("known")});
    }
    return apps::node::verify_with(verifying, {counts("starts"), counts("as-asked"), counts("holds"), counts("fill")});
}

/// A container whose server was started with these options.
Container started_with(const std::vector<std::string>& options) {
    Container container;
    container.id = "planted";
    container.status = "running";
    container.pid = 1;
    container.argv.emplace_back("node");
    for (const std::string& option : options) {
        container.argv.emplace_back(option);
    }
    container.argv.emplace_back("server.js");
    return container;
}

/// What is found in an nginx before a server and an n8n that has everything wrong.
Json told_to_nginx() {
    Project project;
    Observation observation;
    observation.engine = EngineFacts{};
    observation.engine->cpus = 4;
    Budget budget;
    budget.cpus = 4;
    const Wishes wishes;
    const Written written;
    for (const char* const name : {"door", "app", "flow"}) {
        project.services[name].name = name;
        observation.services.emplace_back().service = name;
    }
    Container& door = observation.services.front().containers.emplace_back();
    door.limits.cpus = 1.5;
    door.ports = {{"127.0.0.1", "8080", "80/tcp"}};
    observation.services.back().applications.push_back({"n8n", 1, {}, {{"values", Json::object()}}});
    apps::nginx::Facts facts;
    facts.version = "1.26.3";
    facts.accepted = facts.gzip = true;
    facts.files = {"/etc/nginx/nginx.conf"};
    facts.worker_processes = "auto";
    facts.workers = 4;
    auto& server = facts.servers.emplace_back();
    server.listen = {"80"};
    apps::nginx::Location location;
    location.match = "/";
    location.scheme = "http";
    location.target = "app:3000";
    location.cached = location.cache_valid = true;
    location.upgrade = "passed";
    location.read_timeout = "10s";
    server.locations.push_back(location);
    location.target = "app:4000";
    server.locations.push_back(location);
    location.target = "flow:5678";
    location.host = "$host";
    server.locations.push_back(location);
    const Case input{project, observation, budget, wishes, written, written, {}};
    Json told = Json::object();
    for (const Finding& finding : apps::nginx::advise(input, observation.services.front(), Json(facts)).findings) {
        told[finding.id] = finding.fix;
    }
    return told;
}

int run(std::vector<std::string> words) {
    if (words.at(0) == "nginx") {
        std::cout << told_to_nginx().dump() << '\n';
        return 0;
    }
    const std::vector<std::string> without = take(words, "without=");
    const std::vector<std::string> options = take(words, "argv:");
    const Environment environment = Environment::of_process();
    DiskFiles files;
    SystemProcess process;
    Cancel cancel;
    CurlEngine engine{resolve_endpoint({}, environment, files), {"docker"}, process, cancel};
    InMemory answers;
    const std::string kind = words.at(0) == "recipe" ? "n8n" : words.at(0);

    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written;
    project.services["a"].name = "a";
    project.services["a"].resolved = Json::object();
    Image image;
    image.id = words.at(1);
    observation.images[image.id] = image;
    ServiceObservation service;
    service.service = "a";
    service.image_id = image.id;
    if (!options.empty()) {
        service.containers.push_back(started_with(options));
        service.processes["planted"].push_back({1, 0, 0, service.containers.front().argv});
    }
    EngineFacts facts;
    const apps::Evidence evidence = apps::evidence_of(service, project, observation);
    apps::Asking asking{engine, answers, evidence, facts};
    const apps::ApplicationModule& module = *apps::module_of(kind);
    Json said = module.ask(asking).facts;
    if (words[0] == "recipe") {
        for (const auto& line : apps::n8n::recipe_lines()) {
            std::cout << line.name << ": " << apps::n8n::effect_of(line, said.get<apps::n8n::Facts>()) << '\n';
        }
        return 0;
    }
    std::vector<Change> changes;
    const std::size_t first = kind == "node" ? 3 : 2;
    const std::size_t last = kind == "node" ? 4 : words.size();
    for (std::size_t i = first; i < last; ++i) {
        Change change;
        change.service = "a";
        change.advisor = kind;
        change.key = kind == "node" ? "heap" : words.at(i);
        change.target.path = {"environment", kind == "node" ? "NODE_OPTIONS" : words.at(i)};
        change.after = words.at(i);
        change.as_written = kind == "node" && words.size() > 4;
        changes.push_back(change);
    }
    if (kind == "node") {
        budget.shares["a"].memory = std::stoll(words.at(2)) << 20U;
        if (words.size() > 4) {
            project.services["a"].resolved["environment"]["NODE_OPTIONS"] = words[4];
        }
    }
    const Case input{project, observation, budget, wishes, written, written, {}};
    const Bundle bundle;
    std::vector<const Change*> pointers;
    pointers.reserve(changes.size());
    for (const Change& change : changes) {
        pointers.push_back(&change);
    }
    apps::Verifying verifying{engine, answers, evidence, facts, service, said, input, pointers, bundle};
    for (const Verdict& verdict : ask(verifying, kind, without)) {
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
