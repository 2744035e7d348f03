#include "core/advise/data.h"

#include <catch2/catch.hpp>

#include "core/advise/pools.h"
#include "tests/unit/advise/health_case.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;
using Paths = std::vector<std::string>;

namespace {

ServiceObservation with_layer(const std::string& kind, Json facts, Paths added, Paths changed = {}) {
    ServiceObservation service;
    service.service = "a";
    service.applications.push_back({kind, 0.9, {}, std::move(facts)});
    service.writable_layers["x"] = {std::move(added), std::move(changed), {"/usr/share/deleted"}};
    return service;
}

const Json kN8n{{"folder", "/home/node/.n8n"}, {"key_in_environment", false}};

Json proxying(bool proxies) {
    const Json locations = proxies ? Json::array({{{"match", "/"}}}) : Json::array();
    return {{"servers", Json::array({{{"locations", locations}}})}};
}

}  // namespace

TEST_CASE("what a container's own layer holds is data unless it is made again", "[data]") {
    const auto data = [](const ServiceObservation& service) { return data_in_layer(service, {}); };
    CHECK(data(with_layer("", {}, {"/srv/upload/1.png"})) == Paths{"/srv/upload/1.png"});
    CHECK(data(with_layer("", {}, {}, {"/etc/app.conf"})) == Paths{"/etc/app.conf"});
    CHECK(data(with_layer("", {},
                          {"/home/node/.cache/n8n/public/index.html", "/root/.npm/_logs/1-debug-0.log",
                           "/app/__pycache__/a.pyc", "/root/.bash_history"}))
              .empty());

    SECTION("by each application's own habits, and only by its own") {
        const Paths temporary{"/var/lib/nginx/body", "/var/lib/nginx/proxy", "/var/cache/nginx/x"};
        CHECK(data(with_layer("nginx", {}, temporary)).empty());
        CHECK(data(with_layer("node", {}, temporary)).size() == 3);
    }
    SECTION("n8n's key is data, unless the environment has it") {
        const Paths paths{"/home/node/.n8n/config", "/home/node/.n8n/crash.journal"};
        CHECK(data(with_layer("n8n", kN8n, paths)) == paths);
        Json with_key = kN8n;
        with_key["key_in_environment"] = true;
        CHECK(data(with_layer("n8n", with_key, paths)).empty());
        CHECK(data(with_layer("n8n", with_key, {"/home/node/.n8n/binaryData/1"})).size() == 1);
    }
    SECTION("the packaged default.conf is made again, one that somebody wrote is not") {
        const Paths conf{"/etc/nginx/conf.d/default.conf"};
        CHECK(data(with_layer("nginx", proxying(false), {}, conf)).empty());
        CHECK(data(with_layer("nginx", proxying(true), {}, conf)) == conf);
        CHECK(data(with_layer("nginx", {}, {}, conf)) == conf);
    }
    SECTION("the user says what is disposable, by whole parts of the path") {
        Wish wish;
        wish.disposable = {"/srv/upload", "/var/*/spool"};
        CHECK(data_in_layer(with_layer("", {}, {"/srv/upload/1.png", "/var/x/spool/y"}), wish).empty());
        CHECK(data_in_layer(with_layer("", {}, {"/srv/uploads"}), wish).size() == 1);
    }
    SECTION("names that only look like a cache are data") {
        CHECK(data(with_layer("", {}, {"/data/my.cache", "/data/cache/x", "/home/node/.npmrc"})).size() == 3);
    }
}

TEST_CASE("data in the layer is found, with the way to keep it", "[data]") {
    HealthCase seen;
    ServiceObservation& flow = seen.add("flow", "n8n", Json::object());
    flow.applications.front().facts = kN8n;
    flow.writable_layers["x"].added = {"/home/node/.n8n/config"};
    const Advice advice = advise_data(seen.input());
    const Finding* const finding = finding_of(advice, "flow", "data-in-container-layer");
    REQUIRE(finding != nullptr);
    CHECK(finding->harm.find("key") != std::string::npos);
    CHECK(finding->fix.find("./flow-data:/home/node/.n8n") != std::string::npos);
    seen.wishes["flow"].disposable = {"/home/node/.n8n"};
    CHECK(advise_data(seen.input()).findings.empty());
}

TEST_CASE("the way to keep data names every place of it, and following it leaves nothing", "[data]") {
    HealthCase seen;
    ServiceObservation& web = seen.add("web", "", Json::object());
    web.writable_layers["x"].added = {"/config/web/saved.json", "/root/.state"};
    const std::string fix = finding_of(advise_data(seen.input()), "web", "data-in-container-layer")->fix;
    CHECK(fix.find("./web-data:/config/web\n") != std::string::npos);
    CHECK(fix.find("the same for /root:") != std::string::npos);
    CHECK(fix.find("disposable: [/config/web/saved.json, /root/.state]") != std::string::npos);

    SECTION("many paths by the folders that hold them, each once") {
        web.writable_layers["x"].added = {"/srv/a/1", "/srv/a/b/2", "/srv/a/c/3", "/srv/d/4"};
        CHECK(finding_of(advise_data(seen.input()), "web", "data-in-container-layer")
                  ->fix.find("disposable: [/srv/a, /srv/d]") != std::string::npos);
    }
}

TEST_CASE("a volume that does not hold the data is found", "[data]") {
    HealthCase seen;
    ServiceObservation& db = seen.add("db", "postgres", Json::object());
    db.applications.front().facts = {{"data_directory", "/var/lib/postgresql/data"},
                                     {"data_lies_on", "anonymous volume"}};
    db.containers.front().mounts = {{"volume", "0123", "", "/var/lib/postgresql/data", true, true}};
    CHECK(finding_of(advise_data(seen.input()), "db", "data-on-anonymous-volume") != nullptr);
    CHECK(advise_data(seen.input()).findings.size() == 1);

    SECTION("one level above it") {
        db.containers.front().mounts.push_back({"volume", "pg", "", "/var/lib/postgresql", true, false});
        CHECK(finding_of(advise_data(seen.input()), "db", "volume-above-data") != nullptr);
    }
    SECTION("a named one is right") {
        db.applications.front().facts["data_lies_on"] = "volume";
        db.containers.front().mounts.front().anonymous = false;
        CHECK(advise_data(seen.input()).findings.empty());
    }
    SECTION("dependencies of an image under mounted source are no data") {
        db.applications.clear();
        db.containers.front().mounts = {{"volume", "0123", "", "/app/node_modules", true, true}};
        CHECK(advise_data(seen.input()).findings.empty());
    }
}

TEST_CASE("pools that are known are held against max_connections", "[pools]") {
    HealthCase seen;
    seen.add("db", "postgres", Json::object()).applications.front().facts = {{"max_connections", 100},
                                                                             {"superuser_reserved_connections", 3}};
    ServiceObservation& flow = seen.add("flow", "n8n", Json::object());
    flow.applications.front().facts = {{"database", "postgresdb"}, {"values", {{"DB_POSTGRESDB_POOL_SIZE", "20"}}}};
    seen.project.services["flow"].resolved = {{"environment", {{"DB_POSTGRESDB_HOST", "db"}}}};
    CHECK(advise_pools(seen.input()).findings.empty());
    CHECK(why_left(advise_pools(seen.input()), "db", "max_connections").find("20 of 97") != std::string::npos);

    SECTION("over all replicas") {
        seen.project.services["flow"].replicas = 5;
        const Advice advice = advise_pools(seen.input());
        REQUIRE(finding_of(advice, "db", "pools-over-max-connections") != nullptr);
        CHECK(advice.findings.front().what.find("at least 100") != std::string::npos);
    }
    SECTION("and who waits for it without saying how much is named, with what was seen") {
        seen.add("shop", "node", Json::object());
        seen.project.services["shop"].resolved = {{"depends_on", {{"db", Json::object()}}}};
        seen.observation.services.front().applications.front().facts["watched"] = {{"connections_max", 9}};
        const std::string beside = why_left(advise_pools(seen.input()), "db", "max_connections");
        CHECK(beside.find("20 of 97") != std::string::npos);
        CHECK(beside.find("how many connections shop may open is not known") != std::string::npos);
        seen.project.services.erase("flow");
        std::erase_if(seen.observation.services, [](const ServiceObservation& one) { return one.service == "flow"; });
        const std::string alone = why_left(advise_pools(seen.input()), "db", "max_connections");
        CHECK(alone.find("at most 9 were seen at once, of all clients; there are 97") != std::string::npos);
        seen.project.services.erase("shop");
        CHECK(why_left(advise_pools(seen.input()), "db", "max_connections").find("who shares its 97") == 0);
    }
    SECTION("by whatever name the database has, and no other's") {
        const auto why = [&](const char* host) {
            seen.project.services["flow"].resolved["environment"]["DB_POSTGRESDB_HOST"] = host;
            return why_left(advise_pools(seen.input()), "db", "max_connections");
        };
        seen.project.services["db"].resolved = {{"container_name", "base"},
                                                {"networks", {{"default", nullptr}, {"in", {{"aliases", {"store"}}}}}}};
        CHECK(mentions(why("base"), "20 of 97"));
        CHECK(mentions(why("store"), "20 of 97"));
        CHECK(mentions(why("db.example.org"), "who shares its 97"));
        seen.project.services["flow"].resolved = Json::object();
        const std::string unknown = why_left(advise_pools(seen.input()), "db", "max_connections");
        CHECK(mentions(unknown, "which database flow asks is not known, no Compose file names its host"));
        CHECK_FALSE(mentions(unknown, "20"));
    }
    SECTION("what the server keeps for a role of its own is not left") {
        seen.observation.services.front().applications.front().facts["settings"] = {
            {{"name", "reserved_connections"}, {"value", "5"}}};
        CHECK(mentions(why_left(advise_pools(seen.input()), "db", "max_connections"), "20 of 92"));
    }
    SECTION("not when the pool is of another database") {
        seen.project.services["flow"].replicas = 50;
        flow.applications.front().facts["database"] = "sqlite";
        CHECK(advise_pools(seen.input()).findings.empty());
    }
    SECTION("each database by those who name it") {
        seen.add("db2", "postgres", Json::object()).applications.front().facts = {{"max_connections", 10}};
        CHECK(advise_pools(seen.input()).findings.empty());
        CHECK(mentions(why_left(advise_pools(seen.input()), "db2", "max_connections"), "who shares its 10"));
        seen.project.services["flow"].resolved["environment"]["DB_POSTGRESDB_HOST"] = "db2";
        const Advice advice = advise_pools(seen.input());
        CHECK(finding_of(advice, "db2", "pools-over-max-connections") != nullptr);
        CHECK(finding_of(advice, "db", "pools-over-max-connections") == nullptr);
    }
}
