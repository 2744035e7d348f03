#include <catch2/catch.hpp>

#include "core/advise/probe_edit.h"
#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

LintProject checked_by(const std::string& lines) {
    return lint_of("services:\n  app:\n    image: shop/app\n    healthcheck:\n" + lines);
}

}  // namespace

TEST_CASE("a health check that asks localhost is told", "[lint]") {
    const std::string id = "probe-localhost";
    const Finding asks = checked_by("      test: wget -q --spider http://localhost:3000/health\n").finding(id);
    CHECK(asks.severity == Finding::Severity::kWarning);
    CHECK(contains(asks.fix, "http://127.0.0.1:3000/health"));
    CHECK(checked_by("      test: [CMD, node, -e, \"fetch('http://localhost/')\"]\n").finding(id).severity ==
          Finding::Severity::kWarning);
    CHECK_FALSE(checked_by("      test: [CMD, curl, -f, 'http://127.0.0.1/']\n").says(id));
    CHECK_FALSE(checked_by("      test: [CMD, curl, -f, 'http://${HOST}/']\n").says(id));
    CHECK_FALSE(checked_by("      test: [CMD, pg_isready, -h, localhost]\n").says(id));
    CHECK_FALSE(checked_by("      disable: true\n      test: curl http://localhost/\n").says(id));
    CHECK_FALSE(checked_by("      test: wget -qO- http://127.0.0.1/ | grep localhost\n").says(id));
    CHECK(checked_by("      test: echo up | grep up && wget -q localhost\n").says(id));
    SECTION("in a note where curl asks, which goes on to 127.0.0.1 by itself") {
        for (const char* test : {"[CMD, curl, -f, 'http://localhost/']", "curl -f http://localhost/ || exit 1",
                                 "curl -s localhost:9200/_cat/health | grep -q green",
                                 "[CMD, sh, -c, 'curl -f http://localhost/ | grep ok']"}) {
            CAPTURE(test);
            const Finding passes = checked_by(std::string{"      test: "} + test + "\n").finding(id);
            CHECK(passes.severity == Finding::Severity::kNote);
            CHECK(contains(passes.harm, "passes"));
            CHECK_FALSE(contains(passes.harm, "wget"));
        }
        CHECK(checked_by("      test: curl -f http://localhost/ || wget -q http://localhost/\n").finding(id).severity ==
              Finding::Severity::kWarning);
    }
    SECTION("and where node's own image is one that goes on, too") {
        const auto of_image = [&](const std::string& image) {
            return lint_of("services:\n  app:\n    image: " + image +
                           "\n    healthcheck:\n      test: [CMD, node, -e, \"fetch('http://localhost/')\"]\n")
                .finding(id);
        };
        for (const char* image : {"node:20-alpine", "node:22", "node:lts", "node:iron-slim", "node"}) {
            CAPTURE(image);
            CHECK(of_image(image).severity == Finding::Severity::kNote);
            CHECK(contains(of_image(image).harm, "passes"));
        }
        CHECK(of_image("node:18").severity == Finding::Severity::kWarning);
        CHECK(contains(of_image("node:18").harm, "node before 20"));
    }
    SECTION("of a program of which that is not known nothing is said of wget") {
        const Finding other =
            checked_by("      test: [CMD, vault, status, '-address=http://localhost:8200']\n").finding(id);
        CHECK_FALSE(contains(other.harm, "wget"));
        CHECK(contains(other.harm, "does not go on"));
    }
    SECTION("and where Python or libpq does, which go on, too") {
        for (const char* test :
             {R"x([CMD, python3, -c, "import urllib.request; urllib.request.urlopen('http://localhost:8000/')"])x",
              R"x(python -c "import urllib.request as u; u.urlopen('http://localhost:8000/')" || exit 1)x",
              "[CMD, pg_isready, -d, 'postgres://localhost/d']"}) {
            CAPTURE(test);
            const Finding passes = checked_by(std::string{"      test: "} + test + "\n").finding(id);
            CHECK(passes.severity == Finding::Severity::kNote);
            CHECK(contains(passes.harm, "passes"));
            CHECK_FALSE(contains(passes.harm, "curl"));
        }
    }
    SECTION("of the host that is asked, not of what is sent to it") {
        for (const char* test : {"wget -qO- http://127.0.0.1/?next=http://localhost/",
                                 "'curl http://127.0.0.1/ -H \"Origin: http://localhost\"'",
                                 "[CMD, curl, --header, 'Origin: http://localhost', 'http://127.0.0.1/']",
                                 "[CMD, curl, -H, 'X-Forwarded-Host: localhost', 'http://127.0.0.1/']",
                                 "curl -e http://localhost/ http://127.0.0.1/"}) {
            CAPTURE(test);
            CHECK_FALSE(checked_by(std::string{"      test: "} + test + "\n").says(id));
        }
        CHECK(checked_by("      test: [CMD, curl, -H, 'Origin: http://shop', 'http://localhost/']\n").says(id));
        CHECK(checked_by("      test: [CMD, curl, -H, 'Accept:text/html', 'http://localhost/']\n").says(id));
    }
    SECTION("not where it is 127.0.0.1 alone") {
        for (const char* test : {"wget -4 -qO- http://localhost/", "curl -fsS4 http://localhost/",
                                 "curl --ipv4 http://localhost/ || exit 1"}) {
            CAPTURE(test);
            CHECK_FALSE(checked_by(std::string{"      test: "} + test + "\n").says(id));
        }
        CHECK_FALSE(checked_by("      test: wget -q localhost\n    sysctls:\n      net.ipv6.conf.all.disable_ipv6: 1\n")
                        .says(id));
        CHECK_FALSE(
            checked_by("      test: wget -q localhost\n    sysctls: [net.ipv6.conf.all.disable_ipv6=1]\n").says(id));
        CHECK(checked_by("      test: wget -q localhost\n    sysctls: [net.ipv6.conf.all.disable_ipv6=0]\n").says(id));
    }
    SECTION("also within a time, with a password, and as node's options have it") {
        for (const char* test :
             {"timeout 5 wget -q --spider localhost:80", "[CMD, timeout, -k, '1', '5', wget, localhost]",
              "wget -q http://u:p@localhost/", "[CMD, sh, -c, 'wget -q localhost']",
              R"x([CMD, node, -e, "require('http').get({host:'localhost',port:80},r=>0)"])x"}) {
            CAPTURE(test);
            CHECK(checked_by(std::string{"      test: "} + test + "\n").finding(id).severity ==
                  Finding::Severity::kWarning);
        }
        CHECK(contains(checked_by("      test: timeout 5 wget -q --spider localhost:80\n").finding(id).fix,
                       "timeout 5 wget -q --spider 127.0.0.1:80"));
        CHECK(contains(checked_by("      test: [CMD, timeout, '5', wget, 'localhost:80']\n").finding(id).fix,
                       R"(["CMD","timeout","5","wget","127.0.0.1:80"])"));
        CHECK_FALSE(checked_by("      test: [CMD, node, -e, \"get({host:'127.0.0.1',name:'localhost'})\"]\n").says(id));
    }
    SECTION("what may be a password is not repeated") {
        const Finding secret =
            checked_by("      test: curl -u me:pass-4711 http://localhost/\n").finding("probe-localhost");
        CHECK(secret.id == id);
        CHECK_FALSE(contains(secret.what + secret.fix, "pass-4711"));
    }
    SECTION("in the place of the health check advisor's own word") {
        LintProject built = checked_by("      test: curl -f http://localhost/\n");
        Finding said;
        said.service = "app";
        said.id = "probe-asks-wrongly";
        built.input.said = {said, said};
        CHECK(built.says(id));
        CHECK(built.findings("probe-asks-wrongly").size() == 1);  // what else it complains of
    }
}

TEST_CASE("a health check that is written for a shell and calls a program is told", "[lint]") {
    const std::string id = "probe-needs-shell";
    const Finding line = checked_by("      test: [CMD, 'curl -f http://127.0.0.1/ || exit 1']\n").finding(id);
    CHECK(line.severity == Finding::Severity::kError);
    CHECK(contains(line.fix, R"(test: ["CMD-SHELL","curl -f http://127.0.0.1/ || exit 1"])"));
    const Finding list = checked_by("      test: [CMD, wget, -q, 'http://127.0.0.1/', '||', exit, '1']\n").finding(id);
    CHECK(list.severity == Finding::Severity::kWarning);
    CHECK(contains(list.fix, R"(["CMD-SHELL","wget -q http://127.0.0.1/ || exit 1"])"));
    const auto meant = meant_for_shell(read_probe({"CMD", "grep", "it's a|b", "$$FILE", "||", "false"}));
    REQUIRE(meant);
    CHECK(meant->text == R"(grep 'it'\''s a|b' $$FILE || false)");
    CHECK(contains(checked_by("      test: [CMD, pg_isready -U shop, '&&', 'true']\n").finding(id).fix,
                   "pg_isready -U shop && true") == false);  // of two commands it is not known what they hold
    CHECK(contains(checked_by("      test: [CMD, 'curl -f http://localhost/']\n").finding(id).fix, "127.0.0.1"));
    CHECK(contains(lint_of("services: {db: {image: 'postgres:17', healthcheck: {test: [CMD, pg_isready -U shop]}}}\n")
                       .finding(id)
                       .fix,
                   R"(["CMD-SHELL","exec pg_isready -h 127.0.0.1 -U shop"])"));
    for (const char* const right :
         {"curl -f http://127.0.0.1/ || exit 1", "[CMD-SHELL, 'curl -f http://127.0.0.1/ || exit 1']",
          "[CMD, sh, -c, 'curl -f http://127.0.0.1/ || exit 1']", "[CMD, curl, -f, 'http://127.0.0.1/']",
          "[CMD, '/opt/our app/probe', now]", "[CMD, node, -e, 'process.exit(a || b)']", "[CMD, bash, -c, x, '||']"}) {
        CAPTURE(right);
        CHECK_FALSE(checked_by(std::string{"      test: "} + right + "\n").says(id));
    }
    SECTION("what may be a password is not repeated") {
        const Finding secret = checked_by("      test: [CMD, 'curl -u me:pass-4711 http://127.0.0.1/']\n").finding(id);
        CHECK(secret.id == id);
        CHECK_FALSE(contains(secret.what + secret.fix + secret.harm, "pass-4711"));
    }
    SECTION("in the place of the health check advisor's own word") {
        LintProject built = checked_by("      test: [CMD, 'curl -f http://127.0.0.1/']\n");
        Finding said;
        said.service = "app";
        said.id = "probe-command-missing";
        built.input.said = {said};
        CHECK(built.says(id));
        CHECK(built.findings("probe-command-missing").empty());
    }
}

TEST_CASE("pg_isready without a host is told", "[lint]") {
    const std::string id = "pg-isready-on-socket";
    const Finding socket = checked_by("      test: [CMD-SHELL, pg_isready -U shop -d shop]\n").finding(id);
    CHECK(contains(socket.fix, "pg_isready -h 127.0.0.1 -U shop"));
    CHECK(checked_by("      test: pg_isready -h /var/run/postgresql\n").says(id));
    CHECK(checked_by("      test: [CMD-SHELL, \"sh -c 'pg_isready -U $${POSTGRES_USER} -d $${POSTGRES_DB}'\"]\n")
              .says(id));
    CHECK(checked_by("      test: sh -c 'pg_isready -U x -d y'\n").says(id));
    CHECK_FALSE(checked_by("      test: sh -c 'pg_isready -h 127.0.0.1 -U x'\n").says(id));
    CHECK_FALSE(checked_by("      test: PGHOST=127.0.0.1 sh -c 'pg_isready -U x'\n").says(id));
    CHECK_FALSE(checked_by("      test: pg_isready -h 127.0.0.1 -U shop\n").says(id));
    CHECK_FALSE(checked_by("      test: [CMD, pg_isready, --host=127.0.0.1]\n").says(id));
    CHECK_FALSE(checked_by("      test: pg_isready ${PG_OPTIONS}\n").says(id));
    SECTION("whatever runs it") {
        for (const char* test :
             {"timeout 5 pg_isready -U u", "timeout -k 1 5s pg_isready -U u", "PGUSER=u pg_isready", "'! pg_isready'",
              "[CMD, gosu, postgres, pg_isready]", "su-exec postgres /usr/bin/pg_isready",
              "su postgres -c 'pg_isready'", "[CMD, su, -, postgres, -c, pg_isready -U u]",
              "until pg_isready -U u; do sleep 1; done", "if pg_isready; then exit 0; fi",
              "'test -e /x && timeout 5 pg_isready -U u'", "PGUSER=u pg_isready && psql -c 'select 1'",
              "pg_isready -q; true"}) {
            CAPTURE(test);
            CHECK(checked_by(std::string{"      test: "} + test + "\n").says(id));
        }
        for (const char* test :
             {"PGHOST=127.0.0.1 pg_isready -U u", "timeout 5 pg_isready -h db", "pg_isready -qh 127.0.0.1",
              "'pg_isready -qh db && psql -qh db'", "su postgres -c 'pg_isready -h 127.0.0.1'",
              "until pg_isready -h db; do sleep 1; done", "echo pg_isready; true", "timeout pg_isready 5",
              "[CMD, gosu, pg_isready]", "[CMD, PGUSER=u, pg_isready]"}) {
            CAPTURE(test);
            CHECK_FALSE(checked_by(std::string{"      test: "} + test + "\n").says(id));
        }
        CHECK(contains(checked_by("      test: timeout 5 pg_isready -U u\n").finding(id).fix,
                       "timeout 5 pg_isready -h 127.0.0.1 -U u"));
        CHECK(contains(checked_by("      test: [CMD, gosu, postgres, pg_isready, -q]\n").finding(id).fix,
                       R"(["CMD","gosu","postgres","pg_isready","-h","127.0.0.1","-q"])"));
        CHECK(
            contains(checked_by("      test: PGPASSWORD=pass-4711 pg_isready\n").finding(id).fix, "add -h 127.0.0.1"));
    }
    SECTION("not of a pooler in front of it, which has no first start") {
        const std::string pooler =
            "services:\n  pool:\n    image: edoburu/pgbouncer\n    healthcheck:\n      test: pg_isready -p 6432\n";
        CHECK_FALSE(lint_of(pooler).says(id));
        CHECK(lint_of("services:\n  db:\n    image: postgres\n    healthcheck:\n      test: pg_isready -p 6432\n")
                  .says(id));
    }
    SECTION("with the words as they were written, not as they were resolved") {
        LintProject built;
        built.resolved("db", {{"healthcheck", {{"test", {"CMD-SHELL", "pg_isready -U user-77"}}}}});
        nlohmann::json& check = built.project.uninterpolated["services"]["db"]["healthcheck"];
        check["test"] = {"CMD-SHELL", "pg_isready -U ${DB_USER}"};
        const Finding finding = built.finding(id);
        CHECK(finding.id == id);
        CHECK_FALSE(contains(finding.fix, "user-77"));
    }
}

TEST_CASE("a pg_isready that PostgreSQL would inherit from a shell is told", "[lint]") {
    const std::string id = "pg-isready-orphan";
    const auto of_postgres = [](const std::string& test, const std::string& more = "") {
        return lint_of("services:\n  db:\n    image: postgres:17\n" + more + "    healthcheck:\n      test: " + test +
                       "\n");
    };
    const Finding orphan = of_postgres("pg_isready -h 127.0.0.1 -U shop || exit 1").finding(id);
    CHECK(orphan.severity == Finding::Severity::kWarning);
    CHECK(contains(orphan.fix, "\"exec pg_isready -h 127.0.0.1 -U shop\""));
    CHECK(contains(orphan.harm, "closes all connections"));
    SECTION("in whatever form it is written") {
        for (const char* test : {"[CMD-SHELL, pg_isready]", "[CMD, sh, -c, pg_isready -U $$POSTGRES_USER]",
                                 "[CMD, bash, -c, pg_isready || exit 1]", "pg_isready && psql -c 'select 1'",
                                 "[CMD-SHELL, 'pg_isready ${PG_OPTIONS}']"}) {
            CAPTURE(test);
            CHECK(of_postgres(test).says(id));
        }
    }
    SECTION("and not where no shell is left, or nothing of it comes to PostgreSQL") {
        for (const char* test :
             {"exec pg_isready -U shop", "[CMD, pg_isready, -U, shop]", "[CMD, bash, -c, pg_isready]",
              "psql -c 'select 1'", "test -e /x && exec pg_isready", "[NONE]"}) {
            CAPTURE(test);
            CHECK_FALSE(of_postgres(test).says(id));
        }
        CHECK_FALSE(of_postgres("timeout 5 pg_isready -U shop").says(id));  // it ends before the engine looks
        CHECK_FALSE(of_postgres("test -e /x && timeout 5 pg_isready -U shop").says(id));
        CHECK_FALSE(of_postgres("pg_isready", "    init: true\n").says(id));
        CHECK_FALSE(checked_by("      test: pg_isready -h db\n").says(id));
    }
    SECTION("nor where Alpine's shell becomes its one command") {
        const auto of_alpine = [](const std::string& test) {
            return lint_of("services:\n  db:\n    image: postgres:17-alpine\n    healthcheck:\n      test: " + test +
                           "\n");
        };
        CHECK_FALSE(of_alpine("pg_isready -U shop >/dev/null").says(id));
        CHECK_FALSE(of_alpine("[CMD, sh, -c, pg_isready]").says(id));
        CHECK(of_alpine("pg_isready -U shop || exit 1").says(id));
        CHECK(of_alpine("pg_isready && psql -c 'select 1'").says(id));
    }
    SECTION("with one line for all that is wrong with it") {
        const LintProject both = of_postgres("pg_isready -U shop || exit 1");
        CHECK(contains(both.finding(id).fix, "\"exec pg_isready -h 127.0.0.1 -U shop\""));
        CHECK(both.finding("pg-isready-on-socket").fix == both.finding(id).fix);
    }
    SECTION("and no exec between gosu and the program, or before an assignment") {
        for (const char* test : {"gosu postgres pg_isready -U shop", "PGUSER=shop pg_isready"}) {
            CAPTURE(test);
            const LintProject run = of_postgres(test);
            CHECK_FALSE(contains(run.finding(id).fix, "test:"));
            CHECK_FALSE(contains(run.finding("pg-isready-on-socket").fix, "exec"));
        }
    }
}

TEST_CASE("a first probe that waits for the interval is told", "[lint]") {
    const std::string id = "slow-first-probe";
    const std::string test = "      test: [CMD, 'true']\n";
    CHECK(contains(checked_by(test + "      interval: 30s\n      start_period: 60s\n").finding(id).fix,
                   "start_interval: 2s"));
    CHECK(checked_by(test + "      start_period: 60s\n").says(id));
    CHECK_FALSE(checked_by(test + "      start_period: 60s\n      start_interval: 2s\n").says(id));
    CHECK_FALSE(checked_by(test + "      interval: 10s\n      start_period: 60s\n").says(id));
    CHECK_FALSE(checked_by(test + "      interval: 14s\n      start_period: 60s\n").says(id));
    CHECK(checked_by(test + "      interval: 15s\n      start_period: 60s\n").says(id));  // as the recipe has it
    CHECK_FALSE(checked_by(test + "      interval: 15s\n").says(id));
    CHECK_FALSE(checked_by(test + "      start_period: ${LONG}\n").says(id));
    CHECK_FALSE(checked_by(test + "      interval: ${EVERY}\n      start_period: 60s\n").says(id));
    SECTION("without a start_period, too, and then with one to write") {
        const Finding without = checked_by(test + "      interval: 30s\n").finding(id);
        CHECK(contains(without.fix, "start_period: 60s"));
        CHECK(contains(without.fix, "start_interval: 2s"));
        CHECK(contains(checked_by(test).finding(id).what, "Docker's default"));
        CHECK_FALSE(contains(checked_by(test + "      start_period: 60s\n").finding(id).fix, "start_period"));
        CHECK_FALSE(checked_by(test + "      interval: 10s\n").says(id));
    }
    SECTION("not where only the image could tell whether there is a probe") {
        CHECK_FALSE(checked_by("      interval: 30s\n").says(id));
        CHECK_FALSE(lint_of("services:\n  app:\n    image: shop/app\n").says(id));
    }
}
