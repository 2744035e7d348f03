#include <catch2/catch.hpp>

#include <set>

#include "core/apps/asking.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::apps;
using pilotpros::testing::MemoryEngine;

namespace {

/// Every name that some application calls public, and those where secrets lie.
std::set<std::string> all_names() {
    std::set<std::string> names{"POSTGRES_PASSWORD", "POSTGRES_USER",    "PGPASSWORD",   "N8N_ENCRYPTION_KEY",
                                "N8N_HOST",          "WEBHOOK_URL",      "NODE_OPTIONS", "DB_POSTGRESDB_PASSWORD",
                                "REDIS_PASSWORD",    "DATABASE_URL",     "NODE_PATH",    "npm_config_registry",
                                "SECRET_KEY",        "PYTHONPATH",       "NGINX_HOST",   "N8N_BASIC_AUTH_PASSWORD",
                                "QUEUE_BULL_REDIS",  "GUNICORN_CMD_ARGS"};
    for (const ApplicationModule& one : registry()) {
        names.insert(one.public_environment.begin(), one.public_environment.end());
    }
    return names;
}

/// What `one` makes of a container whose every variable has a value of its own that any check of shapes lets through.
/// Returns the names of the variables whose values got out.
std::set<std::string> names_that_got_out(const ApplicationModule& one, const std::vector<Secret>& argv) {
    MemoryEngine engine;
    MemoryFiles files;
    FileImageAnswers answers{files, "/s"};
    Container container;
    container.id = "c";
    container.status = "running";
    std::map<std::string, std::string> planted;
    for (const std::string& name : all_names()) {
        planted[name] = "canary" + std::to_string(planted.size()) + "end";
        const bool folder = name == "HOME" || name == "N8N_USER_FOLDER";
        const bool options = name == "NODE_OPTIONS";
        container.environment[name] =
            Secret{options ? "--require=" + planted[name] + " " + planted[name] : (folder ? "/" : "") + planted[name]};
    }
    const std::vector<ContainerProcess> processes{{7, 1, 1, argv}};
    const Image image;
    const Service service;
    const Evidence evidence{&service, &container, &image, &processes};
    const EngineFacts facts;
    Asking asking{engine, answers, evidence, facts};
    const Answers said = one.ask(asking);
    std::string shown = said.facts.dump();
    for (const Gap& gap : said.gaps) {
        shown += gap.subject + gap.what + gap.why;
    }
    std::set<std::string> result;
    for (const auto& [name, value] : planted) {
        if (shown.find(value) != std::string::npos) {
            result.insert(name);
        }
    }
    return result;
}

std::vector<Secret> program_of_kind(const std::string& kind) {
    std::vector<Secret> words;
    if (kind == "n8n") {
        words = {Secret{"node"}, Secret{"/usr/local/bin/n8n"}};
    } else {
        words = {Secret{kind == "redis" ? "redis-server" : kind == "python" ? "python3" : kind}};
    }
    return words;
}

/// Those of `names` that the module does not list.
std::set<std::string> not_listed(const ApplicationModule& one, std::set<std::string> names) {
    for (const std::string& name : one.public_environment) {
        names.erase(name);
    }
    return names;
}

}  // namespace

TEST_CASE("environment: a value that is not on the application's own list becomes no fact", "[apps]") {
    for (const ApplicationModule& one : registry()) {
        INFO(one.kind);
        CHECK(not_listed(one, names_that_got_out(one, program_of_kind(one.kind))).empty());
    }
}

TEST_CASE("environment: the check sees what gets out", "[apps]") {
    const auto shown = [](const char* kind) { return names_that_got_out(*module_of(kind), program_of_kind(kind)); };
    CHECK(shown("node") == std::set<std::string>{"NODE_ENV"});
    CHECK(shown("n8n").contains("N8N_USER_FOLDER"));
    CHECK(shown("n8n").contains("DB_TYPE"));
    ApplicationModule careless = *module_of("node");
    careless.ask = [](Asking& asking) {
        return Answers{{{"address", variable(asking.evidence, "DATABASE_URL")->reveal()}}, {}};
    };
    CHECK(not_listed(careless, names_that_got_out(careless, {})) == std::set<std::string>{"DATABASE_URL"});
}

TEST_CASE("environment: only the list of that very application makes a value public", "[apps]") {
    Container container;
    container.environment = {
        {"NODE_ENV", Secret{"production"}}, {"POSTGRES_DB", Secret{"shop"}}, {"TOKEN", Secret{"x"}}};
    const Evidence evidence{nullptr, &container, nullptr, nullptr};
    CHECK(public_variable(evidence, "node", "NODE_ENV") == "production");
    CHECK(public_variable(evidence, "postgres", "POSTGRES_DB") == "shop");
    CHECK_FALSE(public_variable(evidence, "node", "POSTGRES_DB"));
    CHECK_FALSE(public_variable(evidence, "node", "TOKEN"));
    CHECK_FALSE(public_variable(evidence, "node", "NODE_VERSION"));
    CHECK_FALSE(public_variable(evidence, "nobody", "NODE_ENV"));
}

TEST_CASE("environment: a folder that is no path is not shown", "[apps]") {
    MemoryEngine engine;
    MemoryFiles files;
    FileImageAnswers image_answers{files, "/s"};
    Container container;
    container.status = "running";
    container.environment = {{"N8N_USER_FOLDER", Secret{"a word, hunter2"}}};
    const Service service;
    const Evidence evidence{&service, &container, nullptr, nullptr};
    const EngineFacts facts;
    Asking asking{engine, image_answers, evidence, facts};
    const Answers answers = module_of("n8n")->ask(asking);
    CHECK(answers.facts["folder"].get<std::string>().empty());
    CHECK(answers.facts.dump().find("hunter2") == std::string::npos);
    CHECK(std::any_of(answers.gaps.begin(), answers.gaps.end(),
                      [](const Gap& gap) { return gap.what == "where n8n keeps its folder"; }));
}
