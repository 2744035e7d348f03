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

std::string page_of_rules() {
    std::string page =
        "# Lint rules\n\n"
        "`docker pilotpros tune --lint` reads the Compose files alone: no engine, nothing has to run, also on a file "
        "that is piped in\n"
        "(`-f -`). It exits with 6 on findings. `--format json`, `sarif` (code scanning) and `github` (annotations of "
        "a workflow) are for\n"
        "machines; [findings.schema.json](findings.schema.json) is the schema of the first. Beside these rules it says "
        "what `limits --check` and `healthcheck --check` say, and what the "
        "advisors find in files.\n"
        "Of a health check it also says that the image lacks the command (`probe-command-missing`): where an engine "
        "answers at this\n"
        "machine's socket and has the image, which is looked at and not run. Of an image that the project builds "
        "`tune` says it, by the\n"
        "container.\n"
        "Services of which no profile is active are read as they are written, by these rules alone, and named; "
        "`--profile` takes them in.\n"
        "This page is made of the rules (`core/lint/`); a test compares the two.\n";
    for (const linting::LintRule& rule : linting::lint_rules()) {
        const nlohmann::json severity = rule.severity;
        const std::string milder = *rule.milder == '\0' ? "" : fmt::format("\n\nMilder: {}.", rule.milder);
        page += fmt::format("\n## {}\n\n{}: {}.\n\nHarm: {}.{}\n\nSource: <{}>\n", rule.id, severity.get<std::string>(),
                            rule.title, rule.harm, milder, rule.source);
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
