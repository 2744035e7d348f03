#include <catch2/catch.hpp>

#include "core/apps/asking.h"
#include "core/apps/n8n/facts.h"
#include "core/apps/node/facts.h"
#include "core/apps/node/options.h"
#include "core/apps/python/facts.h"
#include "tests/unit/apps/asked_container.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::apps;
using pilotpros::testing::AskedContainer;
using pilotpros::testing::frame;
using pilotpros::testing::MemoryEngine;

namespace {

using Words = std::vector<std::string>;

struct Ask : AskedContainer {
    Image image;
    std::vector<ContainerProcess> processes;

    explicit Ask(const Words& argv) : AskedContainer("web") {
        evidence.image = &image;
        evidence.processes = &processes;
        container.image_id = image.id = "sha256:aa";
        container.limits.memory = 512 << 20;
        processes.push_back({7, 1, 1, {}});
        for (const std::string& word : argv) {
            processes.back().argv.emplace_back(word);
        }
        engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
        engine.answer("POST /containers/t1/start", 204, "");
        engine.answer("POST /containers/t1/wait", 200, R"({"StatusCode":0})");
        engine.answer("GET /containers/t1/json", 200, R"({"State":{"Running":false,"ExitCode":0}})");
        engine.answer("DELETE /containers/t1", 204, "");
    }
    void say(const std::string& output) { engine.answer("GET /containers/t1/logs", 200, frame(1, output)); }
    [[nodiscard]] nlohmann::json asked_with() const {
        for (const Request& request : engine.asked) {
            if (request.path == "/containers/create") {
                return nlohmann::json::parse(request.body);
            }
        }
        return {};
    }
    Answers operator()(const char* kind) { return module_of(kind)->ask(asking); }
};

constexpr const char* kV8 = "{\"version\":\"20.19.2\",\"v8\":\"11.3\",\"heap_limit\":212860928}\n";

}  // namespace

TEST_CASE("node: options that size the heap are told from the others, whose values are dropped", "[apps]") {
    const auto options = node::read_options(
        node::split_node_options("--max_old_space_size=512 --require \"/a b/hunter2.js\"  --max-semi-space-size=16 "
                                 "--title=hunter2 --max-old-space-size=x; -r hunter2"));
    CHECK(options.heap == Words{"--max-old-space-size=512", "--max-semi-space-size=16"});
    CHECK(options.names == Words{"--require", "--title", "--max-old-space-size", "-r"});
    CHECK(node::split_node_options("a \"b c\\\"d\" e") == Words{"a", "b c\"d", "e"});
}

TEST_CASE("node: V8 is asked with the flags and the limit of the server itself", "[apps]") {
    Ask ask({"/usr/local/bin/node", "--max-old-space-size=300", "server.js"});
    ask.container.environment = {{"NODE_OPTIONS", Secret{"--max-old-space-size=200 --require=/hunter2"}},
                                 {"NODE_ENV", Secret{"development"}}};
    ask.say(kV8);
    const Answers answers = ask("node");
    CHECK(answers.gaps.empty());
    const auto facts = answers.facts.get<node::Facts>();
    CHECK(facts.heap_limit == 212860928);
    CHECK(facts.heap_decided_by == "command line");
    CHECK(facts.heap_flags == Words{"--max-old-space-size=200", "--max-old-space-size=300"});
    CHECK(facts.development == Words{"NODE_ENV"});
    const auto body = ask.asked_with();
    CHECK(body["Entrypoint"][0] == "/usr/local/bin/node");
    CHECK(body["Entrypoint"][2] == "--max-old-space-size=300");
    CHECK(body["HostConfig"]["Memory"] == 512 << 20);
    CHECK(body["Env"] == nlohmann::json::array({"NODE_OPTIONS="}));
    CHECK(body.dump().find("hunter2") == std::string::npos);
    CHECK(answers.facts.dump().find("hunter2") == std::string::npos);
}

TEST_CASE("node: which source decided the heap", "[apps]") {
    const auto decided = [](const std::string& container, const std::string& image) {
        Ask ask({"node", "server.js"});
        if (!container.empty()) {
            ask.container.environment["NODE_OPTIONS"] = Secret{container};
        }
        if (!image.empty()) {
            ask.image.environment["NODE_OPTIONS"] = Secret{image};
        }
        ask.say(kV8);
        return ask("node").facts.get<node::Facts>().heap_decided_by;
    };
    CHECK(decided("", "") == "V8's default");
    CHECK(decided("--max-old-space-size=1", "") == "environment");
    CHECK(decided("--max-old-space-size=1", "--max-old-space-size=1") == "image");
    CHECK(decided("--max-old-space-size=1", "--max-old-space-size=2") == "environment");
    CHECK(decided("--enable-source-maps", "") == "V8's default");
}

TEST_CASE("node: the same image, flags and limit are asked once", "[apps]") {
    Ask ask({"node", "server.js"});
    ask.say(kV8);
    ask("node");
    const auto asked = ask.engine.asked.size();
    ask("node");
    CHECK(ask.engine.asked.size() == asked);
    ask.container.limits.memory = 1 << 30;
    ask("node");
    CHECK(ask.engine.asked.size() > asked);
}

TEST_CASE("node: nonsense, a missing program and a kill for memory are gaps", "[apps]") {
    Ask nonsense({"node", "server.js"});
    nonsense.say("hunter2\n");
    REQUIRE(nonsense("node").gaps.size() == 1);
    CHECK(nonsense("node").gaps.front().why.find("nonsense") != std::string::npos);

    MemoryEngine refusing;
    refusing.answer("POST /containers/create", 201, R"({"Id":"t1"})");
    refusing.answer("POST /containers/t1/start", 400,
                    R"({"message":"exec: \"node\": executable file not found in $PATH"})");
    Ask base({"node", "x.js"});
    Asking missing{refusing, base.answers, base.evidence, base.facts};
    CHECK(module_of("node")->ask(missing).gaps.front().why.find("no such program") != std::string::npos);
}

TEST_CASE("node: what does not run is told from files and image, and says so", "[apps]") {
    Ask ask({"node"});
    ask.container.status = "exited";
    ask.container.argv = {Secret{"docker-entrypoint.sh"}, Secret{"node"}, Secret{"--max-old-space-size=64"},
                          Secret{"x.js"}};
    ask.say(kV8);
    const Answers answers = ask("node");
    CHECK(answers.facts.get<node::Facts>().from_files);
    CHECK(answers.facts.get<node::Facts>().heap_flags == Words{"--max-old-space-size=64"});
    CHECK(answers.gaps.size() == 1);
}

TEST_CASE("n8n: names that look like its own but are not read", "[apps]") {
    const Words configured{"N8N_CONCURRENCY_PRODUCTION_LIMIT",
                           "N8N_HOST",
                           "N8N_PORT",
                           "DB_TYPE",
                           "DB_POSTGRESDB_HOST",
                           "DB_POSTGRESDB_PASSWORD",
                           "GENERIC_TIMEZONE",
                           "NODE_FUNCTION_ALLOW_BUILTIN",
                           "NODE_A",
                           "NODE_B"};
    const Words mentioned{"N8N_ENCRYPTION_KEY", "WEBHOOK_URL", "EXECUTIONS_PROCESS"};
    CHECK(n8n::unknown_names(
              {"N8N_CONCURRENCY", "N8N_HOST", "DB_POSTGRESDB_PASSWORD_FILE", "DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT",
               "TZ", "PATH", "NODE_OPTIONS", "UV_THREADPOOL_SIZE", "MY_OWN_VARIABLE", "N8N_ENCRYPTION_KEY_FILE",
               "GENERIC_TIMEZONE", "N8N_FILE"},
              configured, mentioned) == Words{"N8N_CONCURRENCY", "DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT", "N8N_FILE"});
    CHECK(n8n::unknown_names({"N8N_ANYTHING"}, {}, {}).empty());
}

TEST_CASE("n8n: asked of its package; the user's values stay out", "[apps]") {
    Ask ask({"node", "/usr/local/bin/n8n", "worker", "--concurrency=5"});
    ask.container.user = ask.image.user = "node";
    ask.container.environment = {{"N8N_ENCRYPTION_KEY", Secret{"hunter2"}},
                                 {"EXECUTIONS_MODE", Secret{"queue"}},
                                 {"N8N_CONCURRENCY", Secret{"hunter2"}},
                                 {"DB_TYPE", Secret{"postgresdb"}},
                                 {"N8N_METRICS", Secret{"secret with blanks hunter2"}}};
    ask.container.mounts.push_back({"volume", "n8n_data", "", "/home/node/.n8n", true, false});
    ask.say(
        "some warning\n\n"
        R"({"path":"/usr/local/lib/node_modules/n8n","home":"/home/node","version":"1.123.0","configured":["N8N_A","N8N_B","N8N_C","EXECUTIONS_MODE","DB_TYPE"],"mentioned":["N8N_ENCRYPTION_KEY"],"complaint":""})"
        "\n");
    const Answers answers = ask("n8n");
    CHECK(answers.gaps.empty());
    const auto facts = answers.facts.get<n8n::Facts>();
    CHECK(facts.version == "1.123.0");
    CHECK(facts.role == "worker");
    CHECK(facts.mode == "queue");
    CHECK(facts.database == "postgresdb");
    CHECK(facts.folder == "/home/node/.n8n");
    CHECK(facts.folder_lies_on == "volume");
    CHECK(facts.key_in_environment);
    CHECK(facts.unknown_names == Words{"N8N_CONCURRENCY", "N8N_METRICS"});
    CHECK(answers.facts.dump().find("hunter2") == std::string::npos);
    ask.container.mounts.clear();
    CHECK(ask("n8n").facts.get<n8n::Facts>().folder_lies_on == "container layer");
}

TEST_CASE("python: server, workers and version", "[apps]") {
    Ask ask({"/usr/local/bin/python3.11", "/usr/local/bin/gunicorn", "--workers=3", "app:app"});
    ask.processes.push_back({8, 7, 1, ask.processes.front().argv});
    ask.processes.push_back({9, 7, 1, ask.processes.front().argv});
    ask.say("{\"version\": \"3.11.2\"}\n");
    const Answers answers = ask("python");
    CHECK(answers.gaps.empty());
    const auto facts = answers.facts.get<python::Facts>();
    CHECK(facts.server == "gunicorn");
    CHECK(facts.configured_workers == 3);
    CHECK(facts.worker_processes == 2);
    CHECK(facts.version == "3.11.2");
    CHECK(ask.asked_with()["Entrypoint"][0] == "/usr/local/bin/python3.11");
}
