#include "core/apps/n8n/advise.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "core/apps/n8n/names.h"
#include "core/apps/n8n/verify.h"
#include "core/model/bundle.h"
#include "tests/unit/apps/asked_container.h"

using namespace pilotpros;
using namespace pilotpros::apps;
using namespace pilotpros::apps::n8n;

namespace {

Facts facts_of_1_123() {
    Facts facts;
    facts.version = "1.123.0";
    facts.role = "main";
    facts.mode = "regular";
    facts.database = "postgresdb";
    facts.configured = {"DB_POSTGRESDB_CONNECTION_TIMEOUT",
                        "DB_POSTGRESDB_HOST",
                        "DB_POSTGRESDB_POOL_SIZE",
                        "EXECUTIONS_DATA_MAX_AGE",
                        "EXECUTIONS_DATA_SAVE_ON_ERROR",
                        "EXECUTIONS_DATA_SAVE_ON_SUCCESS",
                        "EXECUTIONS_TIMEOUT",
                        "EXECUTIONS_TIMEOUT_MAX",
                        "N8N_CONCURRENCY_PRODUCTION_LIMIT",
                        "N8N_GRACEFUL_SHUTDOWN_TIMEOUT",
                        "N8N_PAYLOAD_SIZE_MAX",
                        "N8N_RUNNERS_ENABLED",
                        "N8N_RUNNERS_MAX_PAYLOAD",
                        "N8N_RUNNERS_MODE"};
    facts.mentioned = {"N8N_DEFAULT_BINARY_DATA_MODE", "EXECUTIONS_PROCESS"};
    return facts;
}

struct Flow {
    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written, advised;
    Facts facts = facts_of_1_123();
    ServiceObservation service;

    Flow() {
        project.services["flow"].name = service.service = "flow";
        set("DB_POSTGRESDB_HOST", "db");
        ServiceObservation database;
        database.service = "db";
        database.applications.push_back(
            {"postgres", 1, {}, {{"max_connections", 100}, {"superuser_reserved_connections", 3}}});
        observation.services.push_back(database);
    }
    void set(const char* name, const char* value) { project.services["flow"].resolved["environment"][name] = value; }
    void busy(double cores) {
        service.kept.samples = 10;
        for (int i = 0; i < 10; ++i) {
            service.kept.cpu.add(cores);
        }
    }
    [[nodiscard]] Case input() const { return {project, observation, budget, wishes, written, advised, {}}; }
    [[nodiscard]] Advice advise() const { return n8n::advise(input(), service, facts); }
    [[nodiscard]] nlohmann::json value(const std::string& key) const {
        for (const Change& change : advise().changes) {
            if (change.key == key) {
                return change.after;
            }
        }
        return nullptr;
    }
    [[nodiscard]] const Finding* finding(const Advice& advice, const std::string& id) const {
        const auto found = std::find_if(advice.findings.begin(), advice.findings.end(),
                                        [&](const Finding& one) { return one.id == id; });
        return found == advice.findings.end() ? nullptr : &*found;
    }
};

}  // namespace

TEST_CASE("n8n names: the right one for a known mistake, checked against this version", "[n8n][names]") {
    Facts facts = facts_of_1_123();
    CHECK(meant_by("N8N_CONCURRENCY", facts).names.front() == "N8N_CONCURRENCY_PRODUCTION_LIMIT");
    CHECK(meant_by("DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT", facts).names.front() == "DB_POSTGRESDB_CONNECTION_TIMEOUT");
    CHECK(meant_by("N8N_RUNNERS_MAX_PAYLOAD_SIZE", facts).names.front() == "N8N_RUNNERS_MAX_PAYLOAD");
    CHECK(meant_by("N8N_EXECUTION_PROCESS", facts).names.empty());
    CHECK(meant_by("N8N_BASIC_AUTH_ACTIVE", facts).dangerous);
    SECTION("near names") {
        CHECK(meant_by("N8N_PAYLOAD_MAX_SIZE", facts).names.front() == "N8N_PAYLOAD_SIZE_MAX");
        CHECK(meant_by("EXECUTIONS_TIMEOUTS", facts).names.front() == "EXECUTIONS_TIMEOUT");
        CHECK(meant_by("N8N_MY_OWN_THING", facts).names.empty());
    }
    SECTION("planted: a version without the right name is not told to use it") {
        facts.configured = {"DB_POSTGRESDB_POOL_SIZE"};
        CHECK(meant_by("N8N_CONCURRENCY", facts).names.empty());
    }
}

TEST_CASE("n8n recipe: of its 19 lines seven are not read, two are the default, one stops node", "[n8n][recipe]") {
    const Facts facts = facts_of_1_123();
    std::set<std::string> names;
    std::set<std::string> unread_names;
    int unread = 0;
    int defaults = 0;
    int stops = 0;
    for (const RecipeLine& line : recipe_lines()) {
        const std::string effect = effect_of(line, facts);
        CAPTURE(line.name, effect);
        CHECK(effect != "is read");
        names.insert(line.name);
        if (effect.find("is not read") == 0) {
            ++unread;
            unread_names.insert(line.name);
        }
        defaults += effect.find("changes nothing") == 0 ? 1 : 0;
        stops += effect.find("exit 9") != std::string::npos ? 1 : 0;
    }
    CHECK(recipe_lines().size() == 19);
    CHECK(names.size() == 15);
    CHECK(unread == 7);
    CHECK(unread_names.size() == 5);
    CHECK(defaults == 2);
    CHECK(stops == 1);
}

TEST_CASE("n8n advise: it is given the time that it takes to stop", "[n8n][advise]") {
    Flow flow;
    CHECK(flow.value("stop_grace_period") == "40s");
    flow.project.services["flow"].resolved["stop_grace_period"] = "10s";
    CHECK(flow.value("stop_grace_period") == "40s");
    flow.project.services["flow"].resolved["stop_grace_period"] = "1m0s";
    CHECK(flow.value("stop_grace_period").is_null());
    flow.set("N8N_GRACEFUL_SHUTDOWN_TIMEOUT", "90");
    CHECK(flow.value("stop_grace_period") == "100s");
    flow.wishes["flow"].pinned["stop_grace_period"] = "2m";
    CHECK(flow.value("stop_grace_period") == "2m");
}

TEST_CASE("n8n verify: a time of the user's own is not said to be n8n's and ten seconds", "[n8n]") {
    Flow flow;
    pilotpros::testing::AskedContainer asked{"flow"};
    const auto said = [&](const char* reason) {
        Change change;
        change.service = "flow";
        change.advisor = "n8n";
        change.key = "stop_grace_period";
        change.target.path = {"stop_grace_period"};
        change.after = "2m";
        change.reason = reason;
        const nlohmann::json facts = flow.facts;
        const Bundle bundle;
        const Case input{flow.project, flow.observation, flow.budget, flow.wishes, flow.written, flow.advised, {}};
        Verifying verifying{asked.engine, asked.answers, asked.evidence, asked.facts, flow.service,
                            facts,        input,         {&change},      bundle};
        return verify(verifying).front().said;
    };
    CHECK(said("n8n takes up to 30 s") == "the time that n8n takes at most, and ten seconds");
    CHECK(said(kPinned).starts_with("your pin"));
    CHECK(said("bounded by x-pilotpros; without it 40s").starts_with("as far as your bound"));
}

TEST_CASE("n8n advise: the image's own time to shut down counts, and one in a file is not known", "[n8n][advise]") {
    Flow flow;
    CHECK(flow.value("stop_grace_period") == "40s");
    flow.service.image_id = "i";
    flow.observation.images["i"].environment["N8N_GRACEFUL_SHUTDOWN_TIMEOUT"] = Secret{"120"};
    CHECK(flow.value("stop_grace_period") == "130s");
    flow.observation.images["i"].environment.clear();
    flow.set("N8N_GRACEFUL_SHUTDOWN_TIMEOUT_FILE", "/run/secrets/time");
    CHECK(flow.value("stop_grace_period").is_null());
}

TEST_CASE("n8n advise: durations are read as Compose writes them", "[n8n][advise]") {
    CHECK(seconds_of("1m30s") == 90);
    CHECK(seconds_of("500ms") == 0.5);
    CHECK_FALSE(seconds_of(""));
    CHECK_FALSE(seconds_of("soon"));
    CHECK_FALSE(seconds_of("10"));
}

TEST_CASE("n8n advise: a larger pool only where it is busy and the connections are there", "[n8n][advise]") {
    Flow flow;
    CHECK(flow.value("pool_size").is_null());
    flow.busy(0.8);
    CHECK(flow.value("pool_size") == "10");
    SECTION("once written it stays through a quieter profile") {
        flow.service.kept = {};
        flow.busy(0.3);
        CHECK(flow.value("pool_size").is_null());
        flow.written["flow"]["pool_size"] = "10";
        CHECK(flow.value("pool_size") == "10");
        const Advice advice = flow.advise();
        const auto pool = std::find_if(advice.changes.begin(), advice.changes.end(),
                                       [](const Change& change) { return change.key == "pool_size"; });
        CHECK(pool->reason == "as an earlier profile asked; this one says nothing against it");
    }
    SECTION("what was shown alone holds nothing yet: both pools have to be free") {
        flow.service.kept = {};
        flow.busy(0.3);
        flow.advised["flow"]["pool_size"] = "10";
        CHECK(flow.value("pool_size") == "10");
        flow.observation.services.front().applications.front().facts["max_connections"] = 18;
        CHECK(flow.value("pool_size").is_null());
        flow.written["flow"]["pool_size"] = "10";
        CHECK(flow.value("pool_size") == "10");
    }
    SECTION("a value of the image's, or in a file, is the user's own") {
        flow.service.image_id = "i";
        flow.observation.images["i"].environment["DB_POSTGRESDB_POOL_SIZE"] = Secret{"20"};
        CHECK(flow.value("pool_size").is_null());
        flow.observation.images["i"].environment.clear();
        CHECK(flow.value("pool_size") == "10");
        flow.set("DB_POSTGRESDB_POOL_SIZE_FILE", "/run/secrets/pool");
        CHECK(flow.value("pool_size").is_null());
    }
    SECTION("it says from what") {
        const Advice advice = flow.advise();
        const auto pool = std::find_if(advice.changes.begin(), advice.changes.end(),
                                       [](const Change& change) { return change.key == "pool_size"; });
        REQUIRE(pool->inputs.size() == 3);
        CHECK(std::stod(pool->inputs[0].value) == Approx(0.8).epsilon(0.05));
        CHECK(pool->inputs[1].value == "97");
        CHECK(pool->inputs[2].value == "1");
    }
    SECTION("every container of every n8n on that database gets one") {
        flow.project.services["flow"].replicas = 3;
        CHECK(flow.value("pool_size") == "10");
        ServiceObservation worker;
        worker.service = "worker";
        worker.applications.push_back({"n8n", 1, {}, {{"database", "postgresdb"}}});
        flow.observation.services.push_back(worker);
        flow.project.services["worker"].resolved["environment"]["DB_POSTGRESDB_HOST"] = "db";
        flow.project.services["worker"].replicas = 2;
        CHECK(flow.value("pool_size").is_null());  // 97 are less than twice 10 for five
        flow.project.services["worker"].resolved["environment"]["DB_POSTGRESDB_HOST"] = "elsewhere";
        CHECK(flow.value("pool_size") == "10");
        flow.project.services["db"].resolved["networks"]["default"]["aliases"] = {"elsewhere"};
        CHECK(flow.value("pool_size").is_null());  // another name of the same
        flow.project.services["worker"].replicas = 1;
        flow.set("DB_POSTGRESDB_HOST", "elsewhere");
        CHECK(flow.value("pool_size") == "10");
    }
    SECTION("a small database") {
        flow.observation.services.front().applications.front().facts["max_connections"] = 20;
        CHECK(flow.value("pool_size").is_null());
    }
    SECTION("the user's own") {
        flow.set("DB_POSTGRESDB_POOL_SIZE", "4");
        CHECK(flow.value("pool_size").is_null());
    }
    SECTION("sqlite") {
        flow.facts.database = "sqlite";
        CHECK(flow.value("pool_size").is_null());
    }
}

TEST_CASE("n8n advise: a key that nothing keeps is an error, and is not told", "[n8n][advise]") {
    Flow flow;
    flow.facts.folder = "/home/node/.n8n";
    flow.facts.folder_lies_on = "container layer";
    const Advice advice = flow.advise();
    const Finding* const finding = flow.finding(advice, "encryption-key-not-kept");
    REQUIRE(finding != nullptr);
    CHECK(finding->severity == Finding::Severity::kError);
    flow.facts.key_in_environment = true;
    const Advice kept = flow.advise();
    CHECK(flow.finding(kept, "encryption-key-not-kept") == nullptr);
}

TEST_CASE("n8n advise: unknown names are told, task runners are left off", "[n8n][advise]") {
    Flow flow;
    flow.facts.unknown_names = {"N8N_CONCURRENCY"};
    const Advice advice = flow.advise();
    const Finding* const finding = flow.finding(advice, "unknown-name.N8N_CONCURRENCY");
    REQUIRE(finding != nullptr);
    CHECK(finding->fix.find("N8N_CONCURRENCY_PRODUCTION_LIMIT") != std::string::npos);
    CHECK(std::any_of(advice.left_alone.begin(), advice.left_alone.end(),
                      [](const LeftAlone& one) { return one.key == "N8N_RUNNERS_ENABLED"; }));
}

TEST_CASE("n8n demand: the editor and a task runner cost memory at the start", "[n8n][demand]") {
    Flow flow;
    const Bytes with_editor = demand(flow.input(), flow.service, flow.facts)->least;
    CHECK(with_editor == Bytes{400} << 20U);
    flow.set("N8N_DISABLE_UI", "true");
    CHECK(demand(flow.input(), flow.service, flow.facts)->least < with_editor);
    flow.set("N8N_RUNNERS_ENABLED", "true");
    CHECK(demand(flow.input(), flow.service, flow.facts)->least == Bytes{368} << 20U);
}
