#include <catch2/catch.hpp>

#include "tests/unit/lint/lint_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

LintProject n8n_with(const std::string& tag, const std::string& variable, const std::string& more = "") {
    return lint_of("services:\n  flows:\n    image: docker.n8n.io/n8nio/n8n" + tag + "\n" + more +
                   "    environment:\n      " + variable + ": \"hidden-91\"\n");
}

}  // namespace

TEST_CASE("a variable that no n8n knows is told with the right name", "[lint]") {
    const std::string id = "n8n-unknown-variable";
    const auto fix_of = [&](const char* variable) { return n8n_with(":1.123.0", variable).finding(id).fix; };
    CHECK(contains(fix_of("N8N_CONCURRENCY"), "N8N_CONCURRENCY_PRODUCTION_LIMIT"));
    CHECK(contains(fix_of("DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT"), "DB_POSTGRESDB_CONNECTION_TIMEOUT"));
    CHECK(contains(fix_of("N8N_RUNNERS_MAX_PAYLOAD_SIZE"), "write N8N_RUNNERS_MAX_PAYLOAD in"));
    CHECK(contains(fix_of("N8N_BINARY_DATA_BUFFER_SIZE"), "N8N_DEFAULT_BINARY_DATA_MODE"));
    CHECK(contains(fix_of("N8N_EXECUTION_PROCESS"), "take N8N_EXECUTION_PROCESS out"));
    for (const char* right : {"N8N_CONCURRENCY_PRODUCTION_LIMIT", "DB_POSTGRESDB_CONNECTION_TIMEOUT",
                              "N8N_RUNNERS_MAX_PAYLOAD", "N8N_DEFAULT_BINARY_DATA_MODE", "EXECUTIONS_TIMEOUT"}) {
        CHECK_FALSE(n8n_with(":1.123.0", right).says(id));
    }
    const Finding finding = n8n_with("", "N8N_CONCURRENCY").finding(id);
    CHECK(finding.severity == Finding::Severity::kWarning);
    CHECK_FALSE(contains(finding.what + finding.fix + finding.harm, "hidden-91"));
}

TEST_CASE("n8n's variables are looked for in n8n alone", "[lint]") {
    const std::string environment = "    environment:\n      - N8N_CONCURRENCY=10\n";
    CHECK_FALSE(lint_of("services:\n  api:\n    image: shop/api\n" + environment).says("n8n-unknown-variable"));
    CHECK(lint_of("services:\n  api:\n    build: .\n    command: n8n worker\n" + environment)
              .says("n8n-unknown-variable"));
    SECTION("also in an image of the user's own that is called so, and not in a client of it") {
        CHECK(lint_of("services:\n  flows:\n    image: registry.example/n8n-custom:1\n" + environment)
                  .says("n8n-unknown-variable"));
        CHECK(lint_of("services:\n  flows:\n    build: ./n8n\n" + environment).says("n8n-unknown-variable"));
        CHECK_FALSE(lint_of("services:\n  flows:\n    image: n8n-mcp\n    environment: [N8N_API_URL=http://n8n]\n")
                        .says("n8n-unknown-variable"));
        CHECK_FALSE(lint_of("services:\n  flows:\n    image: in8n\n" + environment).says("n8n-unknown-variable"));
    }
    SECTION("and where it is built under a name of n8n's, and told what a server is told") {
        const auto says = [](const std::string& name, const std::string& lines) {
            return lint_of("services:\n  " + name + ":\n" + lines).says("n8n-grace-too-short");
        };
        const std::string told = "    environment: {DB_TYPE: postgresdb}\n";
        CHECK(says("n8n", "    build: .\n" + environment));
        CHECK(says("n8n", "    build: .\n" + told));
        CHECK(says("flows", "    build: .\n    container_name: shop_n8n\n" + told));
        CHECK(says("flows", "    build: {context: ., dockerfile: docker/Dockerfile.n8n}\n" + told));
        CHECK(says("n8n", "    build: .\n    image: shop/flows:1\n" + told));
        CHECK_FALSE(says("flows", "    build: .\n" + told));
        CHECK_FALSE(says("in8n", "    build: .\n" + told));
        CHECK(says("n8n-worker-2", "    build: .\n" + told));
        CHECK_FALSE(says("n8n-autoscaler", "    build: ./autoscaler\n" + told));  // told the same by an env_file
        CHECK_FALSE(says("flows", "    build: {context: ., dockerfile: Dockerfile.n8n-exporter}\n" + told));
        CHECK_FALSE(says("n8n-db", "    image: postgres:17\n" + told));
        CHECK_FALSE(says("n8n-mcp", "    build: .\n    environment: {N8N_API_URL: 'http://n8n', N8N_API_KEY: x}\n"));
        CHECK_FALSE(says("n8n-runner",
                         "    build: .\n    environment: {N8N_RUNNERS_TASK_BROKER_URI: 'http://n8n:5679',"
                         " N8N_RUNNERS_AUTH_TOKEN: x}\n"));
    }
}

TEST_CASE("a variable of another version is told by the image's tag", "[lint]") {
    const std::string id = "n8n-variable-of-another-version";
    CHECK(n8n_with(":2.0.0", "N8N_RUNNERS_ENABLED").says(id));
    CHECK(n8n_with(":1.50.0", "N8N_RUNNERS_ENABLED").says(id));
    CHECK_FALSE(n8n_with(":1.100.0", "N8N_RUNNERS_ENABLED").says(id));
    CHECK(contains(n8n_with(":1.100.0", "N8N_BASIC_AUTH_PASSWORD").finding(id).harm, "wrong"));
    CHECK_FALSE(n8n_with(":0.236.0", "N8N_BASIC_AUTH_PASSWORD").says(id));
    CHECK(n8n_with(":1", "QUEUE_RECOVERY_INTERVAL").says(id));
    SECTION("and not where the tag says nothing") {
        CHECK_FALSE(n8n_with(":latest", "N8N_RUNNERS_ENABLED").says(id));
        CHECK_FALSE(n8n_with("", "N8N_RUNNERS_ENABLED").says(id));
        CHECK_FALSE(n8n_with(":${N8N_VERSION}", "N8N_RUNNERS_ENABLED").says(id));
        CHECK_FALSE(n8n_with("@sha256:00", "N8N_RUNNERS_ENABLED").says(id));
        CHECK_FALSE(n8n_with(":1.100.0@sha256:00", "N8N_RUNNERS_ENABLED").says(id));
    }
    SECTION("a digest behind it is of what it names") {
        CHECK(n8n_with(":2.0.0@sha256:00", "N8N_RUNNERS_ENABLED").says(id));
    }
}

TEST_CASE("n8n gets the time that its executions need to end", "[lint]") {
    const std::string id = "n8n-grace-too-short";
    CHECK(contains(n8n_with("", "TZ").finding(id).fix, "stop_grace_period: 40s"));
    CHECK(n8n_with("", "TZ", "    stop_grace_period: 15s\n").says(id));
    CHECK_FALSE(n8n_with("", "TZ", "    stop_grace_period: 40s\n").says(id));
    CHECK_FALSE(n8n_with("", "TZ", "    stop_grace_period: ${GRACE}\n").says(id));
    const std::string own =
        "services:\n  n8n:\n    image: n8nio/n8n\n    environment:\n"
        "      N8N_GRACEFUL_SHUTDOWN_TIMEOUT: \"5\"\n";
    CHECK_FALSE(lint_of(own).says(id));
    CHECK_FALSE(lint_of("services:\n  web:\n    image: nginx\n").says(id));
}
