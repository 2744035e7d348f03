// Lets the integration tests ask PostgreSQL's own doors on a real engine, with faults planted from the command line.
//   pilotpros-postgres-driver trial IMAGE LIMIT SHM [without=CHECK]… [present:NAME=VALUE]… [flag:WORD]… NAME=VALUE…
//     memory=LIMIT is the limit itself as a Change; without another NAME=VALUE, with what is present alone
//   pilotpros-postgres-driver advise CONTAINER LIMIT
// Prints one line a Verdict: "KEY OUTCOME WORDS"; `advise` prints the Changes first, "change KEY BEFORE AFTER".

#include <fmt/format.h>

#include <iostream>

#include "core/apps/asking.h"
#include "core/apps/postgres/facts.h"
#include "core/apps/postgres/verify.h"
#include "core/bundle/make_bundle.h"
#include "core/docker/curl_engine.h"
#include "core/model/plan.h"
#include "core/observe/containers.h"
#include "core/observe/engine_facts.h"
#include "core/sys/environment.h"
#include "core/sys/files.h"
#include "core/sys/process.h"

using namespace pilotpros;
using namespace pilotpros::apps;

namespace {

struct NoAnswers final : ImageAnswers {
    nlohmann::json find(const std::string& /*image*/, const std::string& /*question*/) const override {
        return nullptr;
    }
    void keep(const std::string& /*image*/, const std::string& /*question*/,
              const nlohmann::json& /*answer*/) override {}
};

/// One service named "db", advised and verified by itself.
struct Bench {
    Engine& engine;
    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written, advised;
    ServiceObservation service;
    NoAnswers answers;
    nlohmann::json facts = nlohmann::json::object();
    Plan plan;
    postgres::TrialChecks checks;

    Bench(Engine& asked, const std::string& image, Bytes limit) : engine(asked) {
        observation.engine = observe_engine(engine);
        observation.images = inspect_images(engine, {image});
        if (observation.images.empty()) {
            throw Error(ExitCode::kBadInput, "no image " + image);
        }
        service.service = "db";
        service.image_id = observation.images.begin()->first;
        project.name = "postgres-driver";
        project.services["db"].name = "db";
        project.services["db"].resolved = {{"command", nullptr}, {"entrypoint", nullptr}};
        budget.cpus = observation.engine->cpus;
        budget.total = observation.engine->memory;
        budget.shares["db"] = {limit, true, static_cast<double>(budget.cpus), "given"};
    }
    [[nodiscard]] Case input() const { return {project, observation, budget, wishes, written, advised, {}}; }
    void add(const std::string& name, const std::string& value, bool carrier = false) {
        Change change;
        change.service = "db";
        change.advisor = "postgres";
        change.key = name;
        change.target = {Target::Kind::kPostgres, {name}};
        change.after = value;
        change.rule = "planted";
        change.carrier = carrier;
        plan.changes.push_back(change);
    }
    void add_limit(const std::string& value) {
        Change change;
        change.service = "db";
        change.advisor = "limits";
        change.key = "memory";
        change.target.path = {"mem_limit"};
        change.after = value;
        change.rule = "planted";
        plan.changes.push_back(change);
    }
    void verify() {
        const Bundle bundle = make_bundle(plan, project);
        const Image& image = observation.images.begin()->second;
        const Container* const container = service.containers.empty() ? nullptr : &service.containers.front();
        const Evidence evidence{&project.services["db"], container, &image, nullptr};
        const Case given = input();
        std::vector<const Change*> changes;
        for (const Change& change : plan.changes) {
            changes.push_back(&change);
        }
        Verifying verifying{engine, answers, evidence, *observation.engine, service, facts, given, changes, bundle};
        for (const Verdict& verdict : postgres::verify_with(verifying, checks)) {
            std::cout << fmt::format("{} {} {}\n", verdict.key, nlohmann::json(verdict.outcome).get<std::string>(),
                                     verdict.said);
        }
    }
};

void trial(Engine& engine, const std::vector<std::string>& words) {
    Bench bench{engine, words.at(0), parse_size(words.at(1)).value()};
    postgres::Facts facts;
    facts.version_number = 1;
    nlohmann::json command = {"postgres"};
    bool settings = false;
    for (std::size_t i = 3; i < words.size(); ++i) {
        std::string word = words[i];
        if (word.starts_with("without=")) {
            postgres::TrialChecks& checks = bench.checks;
            bool& check = word == "without=names"     ? checks.names
                          : word == "without=whole"   ? checks.whole
                          : word == "without=server"  ? checks.server
                          : word == "without=buffers" ? checks.buffers
                                                      : checks.sorts;
            check = false;
            continue;
        }
        const bool flag = word.starts_with("flag:");
        const bool present = word.starts_with("present:");
        word.erase(0, flag ? 5 : present ? 8 : 0);
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(0, equals);
        if (flag || present) {
            facts.settings.push_back({name, word.substr(equals + 1), "", flag ? "command line" : "configuration file",
                                      "/x.conf", "user", "integer", "", ""});
        }
        if (flag) {
            command.insert(command.end(), {"-c", word});
        } else if (name == "memory") {
            bench.add_limit(word.substr(equals + 1));
        } else if (!present) {
            bench.add(name, word.substr(equals + 1));
            settings = true;
        }
    }
    if (settings) {
        bench.add("include", "/var/lib/postgresql/data/postgresql.conf", true);
    }
    bench.project.services["db"].resolved["command"] = command;
    bench.project.services["db"].resolved["shm_size"] = words.at(2);
    bench.facts = facts;
    bench.verify();
}

void advise(Engine& engine, const std::vector<std::string>& words) {
    std::vector<Container> containers = inspect_containers(engine, {words.at(0)});
    if (containers.empty()) {
        throw Error(ExitCode::kBadInput, "no container " + words.at(0));
    }
    Bench bench{engine, containers.front().image_id, parse_size(words.at(1)).value()};
    bench.service.containers = containers;
    const Image& image = bench.observation.images.begin()->second;
    const Evidence evidence{&bench.project.services["db"], &bench.service.containers.front(), &image, nullptr};
    Asking asking{engine, bench.answers, evidence, *bench.observation.engine};
    const ApplicationModule& module = *module_of("postgres");
    bench.facts = module.ask(asking).facts;
    const auto demand = module.demand(bench.input(), bench.service, bench.facts);
    std::cout << fmt::format("demand {} {}\n", demand ? format_bytes(demand->least) : "unknown",
                             demand ? demand->why : "");
    const Advice advice = module.advise(bench.input(), bench.service, bench.facts);
    for (const Change& change : advice.changes) {
        std::cout << fmt::format("change {} {} {} # {}\n", change.key, change.before.dump(), change.after.dump(),
                                 change.reason);
    }
    for (const LeftAlone& left : advice.left_alone) {
        std::cout << fmt::format("left {} {}\n", left.key, left.why);
    }
    for (const Finding& finding : advice.findings) {
        std::cout << fmt::format("finding {} {} # {}\n", finding.id, finding.what, finding.fix);
    }
    bench.plan.changes = advice.changes;
    bench.verify();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        std::vector<std::string> words(argv + 1, argv + argc);
        if (words.size() < 3) {
            std::cerr << "usage: trial IMAGE LIMIT SHM WORD… | advise CONTAINER LIMIT\n";
            return 64;
        }
        const std::string door = words.front();
        words.erase(words.begin());
        DiskFiles files;
        Endpoint endpoint = resolve_endpoint({}, Environment::of_process(), files);
        const Cancel cancel;
        SystemProcess process;
        CurlEngine engine{std::move(endpoint), {"docker"}, process, cancel};
        door == "trial" ? trial(engine, words) : advise(engine, words);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 70;
    }
}
