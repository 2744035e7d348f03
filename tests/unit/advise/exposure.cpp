#include "core/advise/exposure.h"

#include <catch2/catch.hpp>

#include "core/advise/development.h"
#include "tests/unit/advise/health_case.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

Json published(int target, const char* address = nullptr) {
    Json port{{"target", target}, {"published", "1234"}, {"protocol", "tcp"}, {"mode", "ingress"}};
    if (address != nullptr) {
        port["host_ip"] = address;
    }
    return {{"ports", Json::array({port})}};
}

bool found(const std::string& kind, const Json& service) {
    HealthCase seen;
    seen.add("a", kind, service);
    return !advise_exposure(seen.input()).findings.empty();
}

}  // namespace

TEST_CASE("a database on every interface is found", "[exposure]") {
    CHECK(found("postgres", published(5432)));
    CHECK(found("postgres", published(5544, "0.0.0.0")));
    CHECK(found("redis", published(6379, "::")));
    CHECK(found("", published(3306)));
    CHECK_FALSE(found("postgres", published(5432, "127.0.0.1")));
    CHECK_FALSE(found("postgres", published(5432, "10.0.0.5")));
    CHECK_FALSE(found("nginx", published(80)));

    SECTION("a debugger, too; n8n's own port is none") {
        CHECK(found("node", published(9229)));
        CHECK(found("python", published(5678)));
        CHECK_FALSE(found("n8n", published(5678)));
    }
    SECTION("some by the name of their image, since others use their port, too") {
        HealthCase seen;
        seen.add("a", "", published(8080));
        CHECK(advise_exposure(seen.input()).findings.empty());
        seen.project.services["a"].image = "semitechnologies/weaviate:1.27.0";
        CHECK(advise_exposure(seen.input()).findings.size() == 1);
        CHECK(found("", published(6333)));
        for (const int port : {8086, 9200, 5984}) {
            HealthCase other;
            other.add("a", "", published(port));
            other.project.services["a"].image = "shop/web:1";
            CHECK(advise_exposure(other.input()).findings.empty());
        }
        HealthCase influx;
        influx.add("a", "", published(8086));
        influx.project.services["a"].image = "influxdb:2";
        CHECK(advise_exposure(influx.input()).findings.size() == 1);
    }
    SECTION("also on the machine's own network, unless it is told an address") {
        HealthCase seen;
        seen.add("a", "", {{"network_mode", "host"}});
        CHECK(advise_exposure(seen.input()).findings.empty());
        seen.project.services["a"].image = "docker.io/library/mysql:8.4";
        REQUIRE(advise_exposure(seen.input()).findings.size() == 1);
        CHECK(advise_exposure(seen.input()).findings.front().what ==
              "MySQL listens on every interface of the machine (network_mode: host)");
        seen.project.services["a"].resolved["command"] = {"mysqld", "--bind-address=127.0.0.1"};
        CHECK(advise_exposure(seen.input()).findings.empty());
    }
    SECTION("each port of it, and none that is another program's beside its own") {
        HealthCase seen;
        const auto port = [](int target, const char* host) {
            return Json{{"target", target}, {"published", host}, {"protocol", "tcp"}};
        };
        seen.add("a", "postgres",
                 {{"ports", {port(22, "22"), port(5432, "5433"), port(5432, "7000"), port(5431, "6001")}}});
        const Advice advice = advise_exposure(seen.input());
        REQUIRE(advice.findings.size() == 2);
        CHECK(advice.findings.front().what == "PostgreSQL is published on every interface of the machine (port 5433)");
        CHECK(advice.findings.back().what == "PostgreSQL is published on every interface of the machine (port 7000)");
    }
    SECTION("and the fix of a port of the engine's choosing has it as it is written, too") {
        HealthCase seen;
        Json any = published(9229);
        any["ports"][0].erase("published");
        seen.add("a", "node", any);
        const Advice advice = advise_exposure(seen.input());
        REQUIRE(advice.findings.size() == 1);
        CHECK(advice.findings.front().fix.find("\"127.0.0.1::9229\" for 9229 in its ports") != std::string::npos);
    }
    SECTION("and the fix has the port as it is written") {
        HealthCase seen;
        seen.add("a", "postgres", {{"ports", {"80:80", "${DB_PORT:-1234}:5432/tcp"}}}, published(5432));
        const Advice advice = advise_exposure(seen.input());
        REQUIRE(advice.findings.size() == 1);
        CHECK(advice.findings.front().fix.find(
                  "\"127.0.0.1:${DB_PORT:-1234}:5432/tcp\" for ${DB_PORT:-1234}:5432/tcp") != std::string::npos);
    }
    SECTION("but for an address, and what may be a secret") {
        for (const char* port :
             {"${BIND:-0.0.0.0}:1234:5432", "0.0.0.0:${DB_PORT}:5432", "${DB_PORT:-hidden-word}:5432",
              "${DB_PORT:?hidden-word}:5432", "${DB_PORT}:5432-5440"}) {
            CAPTURE(port);
            HealthCase seen;
            seen.add("a", "postgres", {{"ports", {port}}}, published(5432));
            const Advice advice = advise_exposure(seen.input());
            REQUIRE(advice.findings.size() == 1);
            CHECK(advice.findings.front().fix.find("\"127.0.0.1:1234:5432\" for 1234:5432") != std::string::npos);
        }
    }
    SECTION("once, though it has both kinds of addresses") {
        HealthCase seen;
        ServiceObservation& service = seen.add("a", "postgres", Json::object());
        seen.project.services.clear();
        service.containers.front().ports = {{"0.0.0.0", "5432", "5432/tcp"}, {"::", "5432", "5432/tcp"}};
        CHECK(advise_exposure(seen.input()).findings.size() == 1);
    }
}

TEST_CASE("a development server is found where production is meant", "[development]") {
    HealthCase seen;
    ServiceObservation& service = seen.add("a", "node", published(3000, "127.0.0.1"));
    Json& facts = service.applications.front().facts;
    facts = {{"development", {"vite's development server"}}, {"node_environment", "development"}};
    const auto finds = [&] { return !advise_development(seen.input()).findings.empty(); };
    CHECK_FALSE(finds());

    SECTION("by the user's word") {
        seen.wishes["a"].development = false;
        CHECK(finds());
    }
    SECTION("by its own environment, unless the user says otherwise") {
        facts["node_environment"] = "production";
        CHECK(finds());
        seen.wishes["a"].development = true;
        CHECK_FALSE(finds());
    }
    SECTION("by being open to everybody") {
        seen.project.services["a"].resolved = published(3000);
        CHECK(finds());
    }
    SECTION("without a sign there is nothing to find") {
        facts = {{"node_environment", "production"}};
        seen.wishes["a"].development = false;
        CHECK_FALSE(finds());
    }
}
