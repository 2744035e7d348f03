#include "core/advise/healthcheck.h"

#include <catch2/catch.hpp>

#include "core/advise/check_healthcheck.h"
#include "core/advise/health_timing.h"
#include "core/advise/probe_words.h"
#include "core/model/durations.h"
#include "tests/unit/advise/health_case.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

Json with_test(const Json& test) { return {{"healthcheck", {{"test", test}}}}; }
Json shell(const char* text) { return Json::array({"CMD-SHELL", text}); }

/// The test that is advised for this one in an image with these commands, or null.
Json advised(const Json& test, const std::vector<std::string>& commands, const std::string& kind = "node") {
    HealthCase seen;
    ServiceObservation& service = seen.add("a", kind, with_test(test));
    service.probe_commands.clear();
    for (const std::string& command : commands) {
        service.probe_commands[command] = "/usr/bin/" + command;
    }
    const Advice advice = advise_healthcheck(seen.input());
    const Change* const change = change_of(advice, "a", "healthcheck.test");
    return change != nullptr ? change->after : Json();
}

}  // namespace

TEST_CASE("durations are read and written as Compose does", "[healthcheck]") {
    CHECK(parse_duration("1m30s") == Seconds{90});
    CHECK(parse_duration("500ms") == Seconds{0.5});
    CHECK_FALSE(parse_duration("30").has_value());
    CHECK_FALSE(parse_duration("").has_value());
    CHECK_FALSE(parse_duration("-3s").has_value());
    for (const char* text : {"500ms", "45s", "1m30s", "2h", "2m", "1h1m1s", "1s500ms", "0s"}) {
        CHECK(compose_duration(*parse_duration(text)) == text);
    }
    CHECK(step_up(Seconds{61}, {60, 120}) == Seconds{120});
    CHECK(step_up(Seconds{500}, {60, 120}) == Seconds{120});
}

TEST_CASE("a probe is read as far as it can be shown", "[healthcheck]") {
    const auto understood = [](const char* text) { return read_probe(shell(text)).understood; };
    CHECK(understood("curl -f http://localhost:3001/health || exit 1"));
    CHECK(understood("wget -qO- http://127.0.0.1:${PORT:-80}/ >/dev/null 2>&1 || exit 1"));
    CHECK(understood("pg_isready -U $${POSTGRES_USER} -d ${DB}"));
    CHECK(understood("redis-cli ping"));
    CHECK(understood("exec pg_isready -q -h 127.0.0.1 -U a"));

    SECTION("and not where it may hold a secret") {
        CHECK_FALSE(understood("curl -f -u me:word http://localhost/"));
        CHECK_FALSE(understood("curl -f http://me:word@localhost/"));
        CHECK_FALSE(understood("curl -f http://localhost/health?key=1"));
        CHECK_FALSE(understood("curl -f http://localhost/hooks/9f3a77c21b4e5d6088"));
        CHECK_FALSE(understood("curl -f -H 'X-Key: word' http://localhost/"));
        CHECK_FALSE(understood("redis-cli -a word ping"));
        CHECK_FALSE(understood("pg_isready -d postgres://me:word@db/x"));
        CHECK_FALSE(understood("curl -f http://localhost:${PORT:-a-very-long-fallback-that-is-no-port}/"));
    }
    SECTION("nor where it is more than one command") {
        for (const char* text : {"curl -f http://localhost/; exit 0", "curl http://localhost | grep ok",
                                 "curl -f http://localhost || true", "test -f $(cat /x)", "a && b"}) {
            CHECK_FALSE(read_probe(shell(text)).simple);
        }
    }
    SECTION("options are found in each of their forms") {
        CHECK(read_probe(shell("pg_isready -h db")).option("h", "host")->value == "db");
        CHECK(read_probe(shell("pg_isready -hdb")).option("h", "host")->value == "db");
        CHECK(read_probe(shell("pg_isready --host=db")).option("h", "host")->value == "db");
        CHECK_FALSE(read_probe(shell("pg_isready -U h")).option("h", "host").has_value());
        CHECK(read_probe(shell("pg_isready -qh db")).option("h", "host")->value == "db");
        CHECK(read_probe(shell("pg_isready -qhdb")).option("h", "host")->value == "db");
        CHECK_FALSE(read_probe(shell("pg_isready -Uh db")).option("h", "host").has_value());
    }
    SECTION("behind what runs it") {
        for (const char* text : {"timeout 5 pg_isready -U a", "gosu postgres pg_isready -U a", "! pg_isready -U a",
                                 "exec timeout -s KILL 5 pg_isready -U a"}) {
            CAPTURE(text);
            const Probe probe = read_probe(shell(text));
            CHECK(probe.program == "pg_isready");
            CHECK(probe.understood);
            CHECK_FALSE(probe.before.empty());
        }
        CHECK_FALSE(understood("PGPASSWORD=word pg_isready -U a"));
        CHECK(read_probe(shell("timeout pg_isready")).program == "timeout");
        CHECK(read_probe(Json::array({"CMD", "A=b", "pg_isready"})).program == "A=b");
    }
}

TEST_CASE("a test of the user's changes only where it is wrong", "[healthcheck]") {
    const Json curl = shell("curl -f http://localhost:3001/health || exit 1");
    CHECK(advised(shell("wget -q -O /dev/null http://127.0.0.1:5678/healthz || exit 1"), {"sh", "wget"}).is_null());
    CHECK(advised(shell("pg_isready -h 127.0.0.1 -U a -d b"), {"sh", "pg_isready"}).is_null());
    CHECK(advised(Json::array({"CMD", "node", "probe.js"}), {"node"}).is_null());

    SECTION("localhost becomes an address, the rest stays letter by letter") {
        CHECK(advised(curl, {"sh", "curl"}) == shell("curl -f http://127.0.0.1:3001/health || exit 1"));
        CHECK(advised(Json::array({"CMD", "curl", "-f", "http://localhost"}), {"curl"}) ==
              Json::array({"CMD", "curl", "-f", "http://127.0.0.1"}));
        CHECK(advised(shell("curl -f http://localhost.example.org/"), {"sh", "curl"}).is_null());
        Json alone = with_test(curl);
        alone["sysctls"] = {{"net.ipv6.conf.all.disable_ipv6", "1"}};
        HealthCase seen;
        seen.add("a", "", alone).probe_commands = {{"sh", "/bin/sh"}, {"curl", "/usr/bin/curl"}};
        CHECK(change_of(advise_healthcheck(seen.input()), "a", "healthcheck.test") == nullptr);
    }
}

TEST_CASE("a command that the image lacks gives way to one that it has", "[healthcheck]") {
    const Json curl = shell("curl -f http://localhost:3001/health || exit 1");
    CHECK(advised(curl, {"sh", "wget", "node"}) ==
          Json::array({"CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3001/health"}));
    const Json by_node = advised(curl, {"node"});
    REQUIRE(by_node.size() == 4);
    CHECK(by_node[1] == "node");
    CHECK(by_node[3].get<std::string>().find("get('http://127.0.0.1:3001/health',") != std::string::npos);
    CHECK(advised(curl, {"python3"})[1] == "python3");
    CHECK(advised(shell("wget -qO- http://127.0.0.1/"), {"sh", "curl"}) ==
          Json::array({"CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1/"}));

    SECTION("not what runs it, which would go with it") {
        HealthCase seen;
        seen.add("a", "", with_test(shell("timeout 5 curl -f http://localhost/"))).probe_commands["wget"] = "/x";
        const Advice advice = advise_healthcheck(seen.input());
        CHECK(change_of(advice, "a", "healthcheck.test") == nullptr);
        CHECK(finding_of(advice, "a", "health-check-wrong")->what.find("calls curl") != std::string::npos);
    }
    SECTION("with nothing to ask with it is a finding") {
        HealthCase seen;
        seen.add("a", "", with_test(curl));
        const Advice advice = advise_healthcheck(seen.input());
        CHECK(change_of(advice, "a", "healthcheck.test") == nullptr);
        CHECK(finding_of(advice, "a", "health-check-wrong") != nullptr);
    }
    SECTION("nobody says that a command is missing where nobody could look") {
        HealthCase seen;
        seen.add("a", "", with_test(shell("curl -f http://127.0.0.1/"))).probe_commands_known = false;
        CHECK(change_of(advise_healthcheck(seen.input()), "a", "healthcheck.test") == nullptr);
    }
    SECTION("what was seen to pass has its command, whatever the path says") {
        HealthCase seen;
        passed(seen.add("a", "", with_test(shell("curl -f http://127.0.0.1/"))), {50});
        CHECK(change_of(advise_healthcheck(seen.input()), "a", "healthcheck.test") == nullptr);
    }
}

TEST_CASE("pg_isready is asked over TCP, with the user's words as written", "[healthcheck]") {
    HealthCase seen;
    ServiceObservation& service =
        seen.add("db", "postgres", with_test(shell("pg_isready -U $${POSTGRES_USER} -d ${DB:-shop}")),
                 with_test(shell("pg_isready -U $${POSTGRES_USER} -d shop")));
    service.probe_commands["pg_isready"] = "/usr/bin/pg_isready";
    const Advice advice = advise_healthcheck(seen.input());
    const Change* const change = change_of(advice, "db", "healthcheck.test");
    REQUIRE(change != nullptr);
    CHECK(change->after == shell("exec pg_isready -h 127.0.0.1 -U $${POSTGRES_USER} -d ${DB:-shop}"));
    CHECK(change->as_written);
    CHECK(advised(Json::array({"CMD", "pg_isready", "-U", "a"}), {"pg_isready"}) ==
          Json::array({"CMD", "pg_isready", "-h", "127.0.0.1", "-U", "a"}));
    CHECK(advised(shell("pg_isready -h /var/run/postgresql -U a"), {"sh", "pg_isready"}) ==
          shell("pg_isready -h 127.0.0.1 -U a"));
    CHECK(advised(shell("pg_isready -d ${DB:-shop}"), {"sh", "pg_isready"}) ==
          shell("pg_isready -h 127.0.0.1 -d ${DB:-shop}"));
    CHECK(advised(shell("pg_isready -qh/var/run/postgresql -U a"), {"sh", "pg_isready"}) ==
          shell("pg_isready -qh127.0.0.1 -U a"));
    CHECK(advised(shell("pg_isready -qh 127.0.0.1"), {"sh", "pg_isready"}).is_null());
    CHECK(advised(shell("timeout 5 pg_isready -U a"), {"sh", "pg_isready"}) ==
          shell("timeout 5 pg_isready -h 127.0.0.1 -U a"));
    CHECK(advised(Json::array({"CMD", "gosu", "postgres", "pg_isready", "-q"}), {"pg_isready"}) ==
          Json::array({"CMD", "gosu", "postgres", "pg_isready", "-h", "127.0.0.1", "-q"}));
    CHECK(advised(shell("exec pg_isready -d shop || exit 1"), {"sh", "pg_isready"}) ==
          shell("exec pg_isready -h 127.0.0.1 -d shop || exit 1"));
    SECTION("what names a host is left: libpq tries every address of it") {
        for (const char* test : {"pg_isready --host=localhost -U a", "pg_isready -d postgresql://a@db/shop",
                                 "pg_isready -d 'host=127.0.0.1 dbname=shop'"}) {
            CHECK(advised(shell(test), {"sh", "pg_isready"}).is_null());
        }
    }
}

TEST_CASE("PostgreSQL as first process inherits no pg_isready from a shell that is killed", "[healthcheck]") {
    const auto in_postgres = [](const char* test) { return advised(shell(test), {"sh", "pg_isready"}, "postgres"); };
    CHECK(in_postgres("pg_isready -h 127.0.0.1 -U a") == shell("exec pg_isready -h 127.0.0.1 -U a"));
    CHECK(in_postgres(" pg_isready -h db >/dev/null 2>&1 || exit 1") ==
          shell(" exec pg_isready -h db >/dev/null 2>&1"));
    CHECK(in_postgres("pg_isready -U a || false") == shell("exec pg_isready -h 127.0.0.1 -U a"));
    CHECK(in_postgres("exec pg_isready -h 127.0.0.1 -U a || exit 1").is_null());
    CHECK(in_postgres("pg_isready -h 127.0.0.1 && psql -c 'select 1'").is_null());
    CHECK(in_postgres("psql -h 127.0.0.1 -c 'select 1'").is_null());
    CHECK(advised(Json::array({"CMD", "pg_isready", "-h", "db"}), {"pg_isready"}, "postgres").is_null());

    HealthCase seen;
    SECTION("a test of the image's goes over TCP, too") {
        ServiceObservation& service = seen.add("db", "postgres", Json::object());
        service.probe_commands["pg_isready"] = "/usr/bin/pg_isready";
        Healthcheck given;
        given.test = {Secret{"CMD"}, Secret{"pg_isready"}, Secret{"-q"}};
        seen.observation.images[service.image_id].healthcheck = given;
        const Advice advice = advise_healthcheck(seen.input());
        const Change* const change = change_of(advice, "db", "healthcheck.test");
        REQUIRE(change != nullptr);
        CHECK(change->after == Json::array({"CMD", "pg_isready", "-h", "127.0.0.1", "-q"}));
    }
    SECTION("a host behind a variable is one") {
        seen.add("db", "postgres", with_test(shell("pg_isready ${PG_ARGS}"))).probe_commands["pg_isready"] =
            "/usr/bin/pg_isready";
        for (const bool named : {true, false}) {
            CAPTURE(named);
            seen.project.services["db"].resolved["healthcheck"]["test"] =
                shell(named ? "pg_isready -h 127.0.0.1" : "pg_isready -q");
            for (const Advice& advice : {advise_healthcheck(seen.input()), check_healthcheck(seen.input())}) {
                const Finding* const wrong = finding_of(advice, "db", "health-check-wrong");
                CHECK((wrong != nullptr && wrong->what.find("over the socket") != std::string::npos) == !named);
            }
        }
    }
    const auto add = [&](const Json& model) -> ServiceObservation& {
        ServiceObservation& service = seen.add("db", "postgres", model);
        service.probe_commands["pg_isready"] = "/usr/bin/pg_isready";
        return service;
    };
    Json model = with_test(shell("pg_isready -h db"));
    const auto change = [&] {
        return change_of(advise_healthcheck(seen.input()), "db", "healthcheck.test") != nullptr;
    };
    SECTION("what it would do is said, with its source") {
        add(model);
        const Advice advice = advise_healthcheck(seen.input());
        const Change* const behind = change_of(advice, "db", "healthcheck.test");
        REQUIRE(behind != nullptr);
        CHECK(behind->reason.find("closes all connections") != std::string::npos);
        CHECK(behind->source == "https://github.com/docker-library/postgres/issues/1349");
    }
    SECTION("Alpine's shell becomes its one command, and no list of them") {
        add(model);
        seen.project.services["db"].image = "postgres:17-alpine";
        CHECK_FALSE(change());
        seen.project.services["db"].image = "postgres:17";
        CHECK(change());
    }
    SECTION("with init: true there is another first process") {
        model["init"] = true;
        add(model);
        CHECK_FALSE(change());
    }
    SECTION("with the engine's own init, too") {
        add(model).containers.front().init = true;
        CHECK_FALSE(change());
    }
    SECTION("and with a program of the image's that started it") {
        ServiceObservation& service = add(model);
        Container& container = service.containers.front();
        container.pid = 71;
        auto& processes = service.processes[container.id];
        processes = {{71, 1, 0, {Secret{"/usr/bin/tini"}}}, {72, 71, 0, {Secret{"postgres"}}}};
        CHECK_FALSE(change());
        processes.front().argv = {Secret{"postgres"}};
        CHECK(change());
    }
    SECTION("words that may be a password are not shown") {
        add(with_test(shell("pg_isready -h db -d 'password=hidden-word'")));
        const Advice advice = advise_healthcheck(seen.input());
        CHECK(change_of(advice, "db", "healthcheck.test") == nullptr);
        const Finding* const finding = finding_of(advice, "db", "health-check-wrong");
        REQUIRE(finding != nullptr);
        CHECK((finding->what + finding->fix).find("hidden-word") == std::string::npos);
        CHECK(finding->fix.find("exec") != std::string::npos);
    }
}

TEST_CASE("a service without a check gets one only where it can be proven", "[healthcheck]") {
    HealthCase seen;
    seen.add("db", "postgres", Json::object()).probe_commands["pg_isready"] = "/usr/bin/pg_isready";
    seen.add("cache", "redis", Json::object()).probe_commands["redis-cli"] = "/usr/bin/redis-cli";
    seen.add("flow", "n8n", Json::object()).probe_commands["wget"] = "/usr/bin/wget";
    seen.add("door", "nginx", Json::object()).probe_commands["curl"] = "/usr/bin/curl";
    seen.add("app", "node", {{"ports", {{{"target", 4000}, {"protocol", "tcp"}}}}}).probe_commands["bash"] =
        "/bin/bash";
    seen.add("worker", "node", Json::object()).probe_commands["bash"] = "/bin/bash";
    seen.add("off", "postgres", {{"healthcheck", {{"disable", true}}}}).probe_commands["pg_isready"] = "/x";
    seen.add("none", "postgres", with_test(Json::array({"NONE"}))).probe_commands["pg_isready"] = "/x";
    seen.add("done", "postgres", Json::object()).containers.front().status = "exited";
    const Advice advice = advise_healthcheck(seen.input());
    const auto test = [&](const char* name) {
        const Change* const change = change_of(advice, name, "healthcheck.test");
        return change == nullptr ? std::string{} : change->after.dump();
    };
    CHECK(test("db").find("\"exec pg_isready -q -h 127.0.0.1") != std::string::npos);
    CHECK(test("cache").find("ping | grep -q PONG") != std::string::npos);
    CHECK(test("flow").find("http://127.0.0.1:5678/healthz") != std::string::npos);
    CHECK(test("app").find("/dev/tcp/127.0.0.1/4000") != std::string::npos);
    for (const char* name : {"door", "worker"}) {
        CHECK(test(name).empty());
        CHECK(finding_of(advice, name, "no-health-check") != nullptr);
    }
    for (const char* name : {"off", "none", "done"}) {
        CHECK(test(name).empty());
        CHECK(finding_of(advice, name, "no-health-check") == nullptr);
        CHECK_FALSE(why_left(advice, name, "healthcheck.test").empty());
    }
    SECTION("and says why none is proposed") {
        seen.add("other", "", Json::object());
        const Advice more = advise_healthcheck(seen.input());
        CHECK(why_left(more, "done", "healthcheck.test").find("it does not run") != std::string::npos);
        CHECK(why_left(more, "other", "healthcheck.test").find("no program is known in it") != std::string::npos);
        CHECK(finding_of(more, "other", "no-health-check")->what.find("does not run") == std::string::npos);
    }
    SECTION("with timing that stands and falls with it") {
        for (const char* key : {"healthcheck.interval", "healthcheck.timeout", "healthcheck.retries",
                                "healthcheck.start_period", "healthcheck.start_interval"}) {
            REQUIRE(change_of(advice, "db", key) != nullptr);
            CHECK(change_of(advice, "db", key)->joint == change_of(advice, "db", "healthcheck.test")->joint);
        }
    }
}

TEST_CASE("without files the container's own check is what is in force", "[healthcheck]") {
    HealthCase seen;
    ServiceObservation& service = seen.add("db", "postgres", Json::object());
    service.probe_commands["pg_isready"] = "/usr/bin/pg_isready";
    service.containers.front().healthcheck = Healthcheck{};
    service.containers.front().healthcheck->test = {Secret{"CMD"}, Secret{"pg_isready"}, Secret{"-h"}, Secret{"db"}};
    CHECK(change_of(advise_healthcheck(seen.input()), "db", "healthcheck.test") != nullptr);
    seen.project.services.clear();
    CHECK(change_of(advise_healthcheck(seen.input()), "db", "healthcheck.test") == nullptr);
}

TEST_CASE("what starts is asked often, within a generous start_period", "[healthcheck]") {
    HealthCase seen;
    const Json health{{"test", shell("wget -q -O /dev/null http://127.0.0.1:1234/")},
                      {"interval", "30s"},
                      {"timeout", "10s"},
                      {"start_period", "10s"}};
    ServiceObservation& service = seen.add("a", "n8n", {{"healthcheck", health}});
    service.probe_commands["wget"] = "/usr/bin/wget";
    passed(service, {80, 70, 400});
    const auto value = [&](const char* key) {
        const Advice advice = advise_healthcheck(seen.input());
        const Change* const change = change_of(advice, "a", std::string{"healthcheck."} + key);
        return change == nullptr ? std::string{} : change->after.get<std::string>();
    };
    CHECK(value("start_interval") == "500ms");
    CHECK(value("start_period") == "2m");
    CHECK(value("interval").empty());
    CHECK(value("timeout").empty());

    SECTION("longer than the slowest start seen") {
        service.kept.start_seconds = 100;
        service.kept.samples = 1;
        CHECK(value("start_period") == "5m");
    }
    SECTION("a dear probe is asked less often") {
        service.containers.front().health_log.clear();
        passed(service, {400, 420});
        CHECK(value("start_interval") == "2s");
        service.containers.front().health_log.clear();
        passed(service, {1600, 1900});
        CHECK(value("start_interval") == "5s");
    }
    SECTION("what probes took while it was profiled decides, not what the log has at this moment") {
        service.kept.samples = 1;
        service.kept.probes = {8, 0.1, 0.2};
        service.containers.front().health_log.clear();
        passed(service, {1600, 9500});
        CHECK(value("start_interval") == "500ms");
        CHECK(value("timeout").empty());
    }
    SECTION("an engine that does not know start_interval is not given one") {
        seen.observation.engine->api_version = "1.43";
        CHECK(value("start_interval").empty());
        CHECK(value("start_period").empty());
        CHECK(value("interval").empty());
        SECTION("there a shorter interval serves who waits") {
            seen.add("b", "", {{"depends_on", {{"a", {{"condition", "service_healthy"}}}}}});
            CHECK(value("interval") == "5s");
        }
    }
    SECTION("what was written before stays while it will do") {
        seen.written["a"]["healthcheck.start_interval"] = "1s";
        CHECK(value("start_interval") == "1s");
        seen.written["a"]["healthcheck.start_interval"] = "30s";
        CHECK(value("start_interval") == "500ms");
    }
    SECTION("pins and bounds are the user's") {
        seen.wishes["a"].pinned["healthcheck.start_interval"] = "3s";
        seen.wishes["a"].most["healthcheck.start_period"] = "45s";
        CHECK(value("start_interval") == "3s");
        CHECK(value("start_period") == "45s");
        CHECK(change_of(advise_healthcheck(seen.input()), "a", "healthcheck.start_period")
                  ->reason.starts_with("bounded by x-pilotpros; without it "));
        SECTION("the engine has to know the key") {
            seen.observation.engine->api_version = "1.43";
            CHECK(value("start_interval").empty());
        }
    }
    SECTION("who excludes the advisor is left alone") {
        seen.wishes["a"].excluded.insert("healthcheck");
        CHECK(advise_healthcheck(seen.input()).changes.empty());
    }
    SECTION("a timeout that all but cuts a probe off is argued with") {
        service.containers.front().health_log.clear();
        passed(service, {100, 9500});
        CHECK(value("timeout") == "30s");
    }
    SECTION("and goes on being so when the engine has forgotten that probe") {
        seen.written["a"]["healthcheck.timeout"] = "30s";
        CHECK(value("timeout") == "30s");
        seen.written["a"]["healthcheck.timeout"] = "10m";
        CHECK(value("timeout").empty());
    }
    SECTION("one probe on a busy moment of the machine is no reason to") {
        service.containers.front().health_log.clear();
        passed(service, {100, 8500});
        CHECK(value("timeout").empty());
    }
}

TEST_CASE("a schedule that is pinned where there is no health check is told", "[healthcheck][wishes]") {
    HealthCase seen;
    seen.add("a", "", Json::object());
    seen.wishes["a"].pinned["healthcheck.interval"] = "7s";
    const auto why = [&] { return why_left(advise_healthcheck(seen.input()), "a", "healthcheck.interval"); };
    CHECK(why().find("no health check") != std::string::npos);
    SECTION("and where the user switched it off") {
        seen.project.services["a"].resolved = {{"healthcheck", {{"disable", true}}}};
        CHECK(why().find("no health check") != std::string::npos);
    }
    SECTION("and not where there is one") {
        seen.project.services["a"].resolved = with_test(shell("true"));
        CHECK(why().empty());
        CHECK(change_of(advise_healthcheck(seen.input()), "a", "healthcheck.interval")->after == "7s");
    }
}

TEST_CASE("health check recipe: each key for which it has a line says what that would have done",
          "[healthcheck][recipe]") {
    HealthCase seen;
    Json health = with_test(shell("curl -f http://127.0.0.1:80/ || exit 1"));
    health["healthcheck"]["retries"] = 9;
    const std::string kind = GENERATE("postgres", "n8n", "node", "redis");
    seen.add("a", kind, health);
    const std::vector<std::string> keys{"test", "interval", "timeout", "start_period", "start_interval", "retries"};
    for (const std::string& key : keys) {
        seen.wishes["a"].pinned["healthcheck." + key] = key == "test" ? "true" : key == "retries" ? "4" : "7s";
    }
    const Advice advice = advise_healthcheck(seen.input());
    for (const std::string& key : keys) {
        CAPTURE(kind, key);
        const Change* const change = change_of(advice, "a", "healthcheck." + key);
        REQUIRE(change != nullptr);
        CHECK(change->recipe.empty() == (kind == "redis"));
    }
}

TEST_CASE("a proposed health check says what the recipe's would have done", "[healthcheck][recipe]") {
    HealthCase seen;
    Json service = Json::object();
    service["expose"] = {"3000"};
    seen.add("a", "node", service).probe_commands["node"] = "/usr/bin/node";
    const Advice advice = advise_healthcheck(seen.input());
    for (const char* key : {"test", "interval", "timeout", "start_period", "start_interval", "retries"}) {
        CAPTURE(key);
        const Change* const change = change_of(advice, "a", std::string{"healthcheck."} + key);
        REQUIRE(change != nullptr);
        CHECK_FALSE(change->recipe.empty());
    }
}

TEST_CASE("a start_interval of the user's without start_period gets one", "[healthcheck]") {
    HealthCase seen;
    Json health = with_test(shell("true"));
    health["healthcheck"]["start_interval"] = "1s";
    seen.add("a", "", health);
    const Advice advice = advise_healthcheck(seen.input());
    CHECK(change_of(advice, "a", "healthcheck.start_period") != nullptr);
    CHECK(change_of(advice, "a", "healthcheck.start_interval") == nullptr);
}

TEST_CASE("a test that may hold a secret is neither shown nor written", "[healthcheck]") {
    HealthCase seen;
    seen.add("a", "", with_test(shell("curl -f -u me:hidden-word http://localhost/"))).probe_commands["curl"] = "/x";
    seen.add("b", "", with_test(shell("curl -f -u me:hidden-word http://localhost/")));
    const Advice advice = advise_healthcheck(seen.input());
    std::string all = Json(advice.findings).dump() + Json(advice.left_alone).dump();
    for (const Change& change : advice.changes) {
        all += Json(change).dump();
    }
    CHECK(all.find("hidden-word") == std::string::npos);
    CHECK(finding_of(advice, "a", "health-check-wrong") != nullptr);
    CHECK(finding_of(advice, "b", "health-check-wrong") != nullptr);
}

TEST_CASE("the files alone tell what health checks miss", "[healthcheck][check]") {
    HealthCase files;
    const auto only_in_files = [&](const char* name, const Json& text) {
        files.add(name, "", text);
        files.observation.services.clear();
        files.observation.images.clear();
    };
    only_in_files("plain", Json::object());
    only_in_files("idle", {{"healthcheck", {{"test", shell("true")}, {"start_interval", "1s"}}}});
    only_in_files("long", {{"healthcheck", {{"test", shell("true")}, {"interval", "5s"}, {"timeout", "10s"}}}});
    only_in_files("even", {{"healthcheck", {{"test", shell("true")}, {"interval", "5s"}, {"timeout", "5s"}}}});
    only_in_files("local", with_test(shell("wget -q http://localhost/")));
    only_in_files("curled", with_test(shell("curl -f http://localhost/")));
    only_in_files("socket", with_test(shell("pg_isready -U a")));
    only_in_files("right", with_test(shell("pg_isready -h 127.0.0.1 -U a")));
    only_in_files("off", {{"healthcheck", {{"disable", true}}}});
    only_in_files("waits", {{"healthcheck", {{"test", shell("true")}}},
                            {"depends_on",
                             {{"plain", {{"condition", "service_healthy"}}},
                              {"off", {{"condition", "service_healthy"}}},
                              {"right", {{"condition", "service_healthy"}}}}}});
    const Advice advice = check_healthcheck(files.input());
    CHECK(finding_of(advice, "plain", "no-health-check") != nullptr);
    CHECK(finding_of(advice, "idle", "start-interval-without-start-period") != nullptr);
    CHECK(finding_of(advice, "local", "probe-asks-wrongly")->severity == Finding::Severity::kWarning);
    CHECK(finding_of(advice, "curled", "probe-asks-wrongly")->severity == Finding::Severity::kNote);
    CHECK(finding_of(advice, "socket", "probe-asks-wrongly") != nullptr);
    for (const Finding& finding : advice.findings) {
        CHECK(finding.service != "right");
        CHECK(finding.service != "off");
    }
    int waits = 0;
    for (const Finding& finding : advice.findings) {
        waits += finding.id == "waits-for-health-without-check" ? 1 : 0;
    }
    CHECK(waits == 2);

    SECTION("a timeout well above the interval tells when a hang is noticed; as long as it, it is Docker's own") {
        const Finding* const late = finding_of(advice, "long", "timeout-not-below-interval");
        REQUIRE(late != nullptr);
        CHECK(late->harm.find("45 s") != std::string::npos);
        CHECK(late->fix.find("timeout: 5s") != std::string::npos);
        CHECK(finding_of(advice, "even", "timeout-not-below-interval") == nullptr);
    }
    SECTION("disable: false says that the image has one, until the image is known to have none") {
        HealthCase meant;
        const Json means{{"healthcheck", {{"disable", false}}}};
        const Json depends{{"depends_on", {{"meant", {{"condition", "service_healthy"}}}}}};
        meant.add("meant", "", means, Json::object());
        meant.add("waits", "", depends);
        CHECK(finding_of(check_healthcheck(meant.input()), "meant", "no-health-check") != nullptr);
        meant.observation.images.clear();
        CHECK(finding_of(check_healthcheck(meant.input()), "meant", "no-health-check") == nullptr);
        CHECK(finding_of(check_healthcheck(meant.input()), "waits", "waits-for-health-without-check") == nullptr);
        CHECK(finding_of(check_healthcheck(meant.input()), "waits", "no-health-check") != nullptr);
    }
    SECTION("a command is missing only where that is known") {
        HealthCase known;
        known.add("a", "", with_test(shell("curl -f http://127.0.0.1/"))).probe_commands["wget"] = "/usr/bin/wget";
        CHECK(finding_of(check_healthcheck(known.input()), "a", "probe-command-missing") != nullptr);
        CHECK(finding_of(check_healthcheck(files.input()), "local", "probe-command-missing") == nullptr);
    }
}
