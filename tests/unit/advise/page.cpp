#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "core/advise/registry.h"
#include "core/apps/application.h"

using namespace pilotpros;

namespace {

// docs/decisions.md is made of the advisors: PILOTPROS_PAGE=docs/decisions.md pilotpros-unit "[decisions]".
const std::string kPage = std::string{SOURCE_DIR} + "/docs/decisions.md";

std::string entry(const std::string& name, const Decision& decision) {
    std::string text = fmt::format("\n## {}\n\n", name);
    for (const char* const line : decision.lines) {
        text += fmt::format("- {}\n", line);
    }
    return text + fmt::format("\nSource: <{}>\n", decision.source);
}

std::string page_of_advisors() {
    std::string page =
        "# How each advisor decides\n\n"
        "`docker pilotpros tune --only NAME` asks one of them, `--skip NAME` all others, and `--explain KEY` tells the "
        "rule, the numbers\n"
        "and the source of one change. `x-pilotpros:` pins, bounds or excludes (docs/x-pilotpros.md). This page is "
        "made of what the\n"
        "advisors say of themselves (`core/advise/registry.cpp`, `core/apps/*/module.cpp`); a test compares the two.\n"
        "\n"
        "What the VERDICT of a change means: **accepted**, the program that will read the value took it, and a memory "
        "limit, a PostgreSQL\n"
        "lived in it; **derived**, it is computed by the rule, and Compose merges it as written; **not asked**, "
        "whoever "
        "would know could not\n"
        "be asked. What is **refused** is not in the Plan: it is left alone, with the program's words.\n";
    for (const Advisor& advisor : advisors()) {
        page += entry(advisor.name, advisor.decision);
    }
    for (const apps::ApplicationModule& module : apps::registry()) {
        page += module.advise ? entry(module.kind, module.decision) : "";
    }
    return page;
}

bool is_said(const Decision& decision) {
    return decision.source != nullptr &&
           std::none_of(decision.lines.begin(), decision.lines.end(), [](const char* line) { return line == nullptr; });
}

}  // namespace

TEST_CASE("every advisor says how it decides", "[advise]") {
    for (const Advisor& advisor : advisors()) {
        CAPTURE(advisor.name);
        CHECK(is_said(advisor.decision));
    }
    for (const apps::ApplicationModule& module : apps::registry()) {
        CAPTURE(module.kind);
        CHECK(is_said(module.decision) == static_cast<bool>(module.advise));
    }
}

TEST_CASE("the page of decisions says what the advisors say", "[advise]") {
    std::ifstream file(kPage);
    const std::string page{std::istreambuf_iterator<char>(file), {}};
    CHECK(page == page_of_advisors());
}

TEST_CASE("write the page of decisions", "[.][decisions]") {
    const char* const name = std::getenv("PILOTPROS_PAGE");
    REQUIRE(name != nullptr);
    std::ofstream(name) << page_of_advisors();
}
