#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "core/lint/registry.h"

using namespace pilotpros;

namespace {

// docs/lint.md is made of the rules: PILOTPROS_PAGE=docs/lint.md pilotpros-unit "[page]".
const std::string kPage = std::string{SOURCE_DIR} + "/docs/lint.md";

constexpr const char* kLimits = "https://docs.docker.com/engine/containers/resource_constraints/";
constexpr const char* kDeploy = "https://docs.docker.com/reference/compose-file/deploy/#resources";
constexpr const char* kHealth = "https://docs.docker.com/reference/compose-file/services/#healthcheck";
constexpr const char* kPorts = "https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw";

/// In the form of a rule. That these are all, and as it is found, tests/tools/corpus.py looks at.
linting::LintRules of_advisors() {
    using Severity = Finding::Severity;
    return {
        {"no-memory-limit",
         Severity::kWarning,
         "a service has no memory limit",
         "when it grows, the kernel kills whatever it chooses on the whole machine",
         kLimits,
         {}},
        {"memory-limit-too-small",
         Severity::kError,
         "a memory limit is below what the Engine takes",
         "the Engine refuses less than 6 MiB: the container is not created",
         kLimits,
         {}},
        {"reservation-above-limit",
         Severity::kError,
         "more memory is reserved than the limit allows",
         "the Engine refuses it: the container is not created",
         kLimits,
         {}},
        {"memswap-without-memory",
         Severity::kError,
         "memswap_limit is set, and no memory limit",
         "the Engine refuses it: the container is not created",
         kLimits,
         {}},
        {"memswap-below-memory",
         Severity::kError,
         "memswap_limit, memory and swap together, is below the memory limit",
         "the Engine refuses it: the container is not created",
         kLimits,
         {}},
        {"memory-flag-above-limit",
         Severity::kError,
         "a program is told to use more memory than its limit",
         "it will be killed before it can use what it was told to",
         kLimits,
         {},
         "a warning where it fits and what it needs besides does not"},
        {"shm-above-limit",
         Severity::kWarning,
         "/dev/shm may grow beyond the memory limit",
         "what lies in /dev/shm counts as its memory: filling it gets the service killed",
         kLimits,
         {}},
        {"limit-in-both-dialects",
         Severity::kNote,
         "a limit stands in both dialects of Compose, and is the same",
         "as soon as one of them is changed, Compose refuses the whole file",
         kDeploy,
         {}},
        {"cpus-negative",
         Severity::kError,
         "a CPU quota is below zero",
         "the Engine refuses it: the container is not created",
         kLimits,
         {}},
        {"cpus-zero",
         Severity::kWarning,
         "a CPU quota is 0",
         "0 means no quota at all: nothing is limited",
         kLimits,
         {}},
        {"cpus-and-quota",
         Severity::kError,
         "a service has both cpus and cpu_quota",
         "the Engine refuses both together: the container is not created",
         kLimits,
         {}},
        {"reserved-cpus-ignored",
         Severity::kWarning,
         "reservations.cpus outside Swarm",
         "the CPUs that it seems to guarantee are not guaranteed",
         kDeploy,
         {}},
        {"heap-not-lockable",
         Severity::kWarning,
         "Elasticsearch or OpenSearch is to lock its heap, and may not",
         "the heap can be swapped out, which stalls it for seconds; as a node of a cluster it does not start: "
         "\"memory locking requested but memory is not locked\"",
         "https://www.elastic.co/docs/deploy-manage/deploy/self-managed/"
         "setup-configuration-memory#bootstrap-memory_lock",
         {}},
        {"no-health-check",
         Severity::kWarning,
         "a service has no health check",
         "nobody can wait until it answers, or see that it no longer does",
         kHealth,
         {},
         "a note where its image may bring one, which the files do not tell"},
        {"start-interval-without-start-period",
         Severity::kWarning,
         "start_interval without start_period",
         "start_interval counts only within start_period: it does nothing, and newer Composes refuse it",
         kHealth,
         {}},
        {"timeout-not-below-interval",
         Severity::kNote,
         "a probe may take well longer than the interval",
         "a service that hangs is noticed late: the engine waits for the interval when the last probe has ended",
         kHealth,
         {}},
        {"waits-for-health-without-check",
         Severity::kError,
         "a service waits for the health of one without a check",
         "docker compose up ends with an error: the service has no health check to wait for",
         "https://docs.docker.com/compose/how-tos/startup-order/",
         {},
         "a warning where its image may bring one, which the files do not tell"},
        {"database-on-every-interface",
         Severity::kWarning,
         "a database or cache is published on every interface",
         "whoever reaches the machine may try passwords, or needs none where it asks for none; a firewall like ufw "
         "does "
         "not see it: Docker's rules come first",
         kPorts,
         {}},
        {"debugger-on-every-interface",
         Severity::kError,
         "a debugger is published on every interface",
         "whoever reaches the machine runs any code in the container",
         kPorts,
         {}},
        {"pin-unreadable",
         Severity::kError,
         "x-pilotpros pins a value to what it cannot be",
         "the pin is not used",
         kWishSource,
         {}},
        {"wish-unknown",
         Severity::kError,
         "x-pilotpros names what nobody advises, and nearly what somebody does",
         "the wish has no effect",
         kWishSource,
         {}},
        {"bound-unreadable",
         Severity::kError,
         "x-pilotpros bounds a value by what it cannot be",
         "this bound is not used",
         kWishSource,
         {}},
        {"bound-contradicts",
         Severity::kError,
         "x-pilotpros bounds a value, and its min is above its max",
         "neither is used",
         kWishSource,
         {}},
    };
}

/// Of health checks, and not of files alone: what an image has, and what `--lint` says by rules of its own.
linting::LintRules of_probes() {
    using Severity = Finding::Severity;
    return {
        {"probe-command-missing",
         Severity::kError,
         "a health check calls a command that the image does not have",
         "it can never pass: whoever waits for the service to be healthy waits for ever",
         kHealth,
         {}},
        {"health-check-wrong",
         Severity::kError,
         "a health check is wrong, and holds more than can be shown or rewritten",
         "that of the rule that it breaks, which is told with it",
         kHealth,
         {},
         "a warning or a note where what it breaks is one"},
        {"probe-asks-wrongly",
         Severity::kWarning,
         "a health check asks in a way that misleads, and can be rewritten",
         "that of probe-localhost, pg-isready-on-socket or pg-isready-orphan, by whose names `--lint` tells it",
         kHealth,
         {},
         "a note where curl asks localhost"},
    };
}

std::string section(const linting::LintRule& rule) {
    const nlohmann::json severity = rule.severity;
    const std::string milder = *rule.milder == '\0' ? "" : fmt::format("\n\nMilder: {}.", rule.milder);
    const std::string source =
        std::string{rule.source}.starts_with("https:") ? fmt::format("<{}>", rule.source) : rule.source;
    return fmt::format("\n## {}\n\n{}: {}.\n\nHarm: {}.{}\n\nSource: {}\n", rule.id, severity.get<std::string>(),
                       rule.title, rule.harm, milder, source);
}

std::string page_of_rules() {
    std::string page =
        "# Lint rules\n\n"
        "`docker pilotpros tune --lint` reads the Compose files alone: no engine, nothing has to run, also on a file "
        "that is piped in\n"
        "(`-f -`). It exits with 6 on findings. `--format json`, `sarif` (code scanning) and `github` (annotations of "
        "a workflow) are for\n"
        "machines; [findings.schema.json](findings.schema.json) is the schema of the first. What the checks and "
        "advisors "
        "find in files comes\n"
        "after the rules, below.\n"
        "Of a health check it also says that the image lacks the command (`probe-command-missing`, or "
        "`health-check-wrong` where it\n"
        "cannot be rewritten): where an engine answers at this machine's socket and has the image, which is looked at "
        "and not run. Of an image that the project builds "
        "`tune` says it, by the\n"
        "container.\n"
        "Services of which no profile is active are read as they are written, by these rules alone, and named; "
        "`--profile` takes them in.\n"
        "The sections of rules are made of the rules (`core/lint/`); a test compares the two.\n";
    for (const linting::LintRule& rule : linting::lint_rules()) {
        page += section(rule);
    }
    page +=
        "\n# What the checks and advisors find in files\n\n"
        "The same as `limits --check` and `healthcheck --check` say, and what the advisors that `tune` asks find "
        "without an engine. A test\n"
        "holds what is found in its Compose projects against these sections.\n";
    for (const linting::LintRule& finding : of_advisors()) {
        page += section(finding);
    }
    page +=
        "\n# What is found of health checks besides\n\n"
        "Where an engine can be asked for the image, and by `healthcheck --check`.\n";
    for (const linting::LintRule& finding : of_probes()) {
        page += section(finding);
    }
    return page;
}

}  // namespace

TEST_CASE("the page of the lint rules says what the rules say", "[lint]") {
    std::ifstream file(kPage);
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    CHECK(page == page_of_rules());
}

TEST_CASE("every lint rule has a name of its own, a title, a harm and a source", "[lint]") {
    std::set<std::string> names;
    for (const linting::LintRule& rule : linting::lint_rules()) {
        CAPTURE(rule.id);
        CHECK(names.insert(rule.id).second);
        CHECK_FALSE(std::string{rule.title}.empty());
        CHECK_FALSE(std::string{rule.harm}.empty());
        CHECK(std::string{rule.source}.starts_with("https://"));
    }
}

TEST_CASE("write the page of the lint rules", "[.][page]") {
    const char* const name = std::getenv("PILOTPROS_PAGE");
    REQUIRE(name != nullptr);
    std::ofstream(name) << page_of_rules();
}
