#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "core/compose/complaint.h"

using pilotpros::ComplaintCleaner;

namespace {

ComplaintCleaner cleaner() {
    return {{"services:\n  web:\n    image: ${TAG}\n    environment: {DB_PASSWORD: hunter2$ecret, \"quoted\": a$ecret, "
             "X: $PLAIN}\n    ports: ['80:80']\n"},
            {"/home/me/my shop/compose.yaml", "/home/me/my shop"}};
}

std::string clean(const std::string& line) { return cleaner().clean(line); }

}  // namespace

TEST_CASE("where Compose stumbled stays", "[compose]") {
    for (const char* line : {
             "yaml: line 3: mapping values are not allowed in this context",
             "validating /home/me/my shop/compose.yaml: services.web.ports must be a list",
             "service \"web\" refers to undefined network back-end: invalid compose project",
             "services.web.environment.DB_PASSWORD must be a string",
             "services.web.ports.0 is invalid",
             "services.web.ports[0] is invalid",
             "The \"TAG\" variable is not set. Defaulting to a blank string.",
             "The \"PLAIN\" variable is not set. Defaulting to a blank string.",
             "env file /home/me/my shop/web.env not found",
             "yaml: invalid leading UTF-8 octet",
             "yaml: control characters are not allowed",
         }) {
        CHECK(clean(line) == line);
    }
}

TEST_CASE("what Compose stumbled over goes", "[compose]") {
    CHECK(clean("Invalid hostPort: hunter2") == "Invalid hostPort: …");
    CHECK(clean("required variable TAG is missing a value: my secret is hunter2") ==
          "required variable TAG is missing a value: … secret is …");
    CHECK(clean("unexpected character \"+\" in variable name near \"hunter2 hunter3\\nX=4\"") ==
          "unexpected character \"…\" in variable name near \"…\"");
    CHECK(clean("unterminated quoted value 'hunter2 and more") == "… quoted value …");
    CHECK(clean("cannot use postgres://u:hunter2@db/x as image") == "cannot use … as image");
    CHECK(clean("open /srv/hunter2: no such file or directory") == "open …: no such file or directory");
    CHECK(clean("read /home/me/my shop/x?token=hunter2") == "read …");
    CHECK(clean("time: invalid duration \"hunter2\"") == "time: invalid duration \"…\"");
    CHECK(clean("port 4711 is invalid") == "port … is invalid");
    CHECK(clean("services.web.environment.hunter2 is invalid") == "… is invalid");
    CHECK(clean("The \"ecret\" variable is not set.") == "The \"…\" variable is not set.");
    CHECK(clean("\x01"
                "0\x01 hunter2") == "…");
}

TEST_CASE("an error is one line without the warnings around it", "[compose]") {
    const std::string said =
        "time=\"2026-01-01T00:00:00Z\" level=warning msg=\"The \\\"ecret\\\" variable is not set. Defaulting to a "
        "blank string.\"\n"
        "invalid interpolation format for services.web.environment.DB_PASSWORD.\n"
        "You may need to escape any $ with another $.\nhunter2${\n";
    CHECK(cleaner().error(said) ==
          "invalid interpolation format for services.web.environment.DB_PASSWORD. You may need to escape any $ with "
          "another $.");
    CHECK(cleaner().error("").find("says nothing") != std::string::npos);
    CHECK(cleaner().error("hunter2\n").find("hunter2") == std::string::npos);
    CHECK(cleaner().error("time=\"x\" level=fatal msg=\"no such file\"") == "no such file");

    SECTION("but for the variables that are not set, by their names") {
        const std::string unset =
            "time=\"x\" level=warning msg=\"The \\\"TAG\\\" variable is not set. Defaulting to a blank string.\"\n";
        CHECK(cleaner().error(unset + unset + said) == cleaner().error(said) + " Not set: TAG");
        CHECK(cleaner().error(unset + "service \"web\" has an empty image\n") ==
              "service \"web\" has an empty image; not set: TAG");
        std::string many;
        std::string text = "services:\n  web:\n    command:\n";
        for (int number = 99; number >= 0; --number) {
            const std::string letters{static_cast<char>('A' + number / 10), static_cast<char>('A' + number % 10)};
            many += fmt::format(
                "time=\"x\" level=warning msg=\"The \\\"NAME_OF_{}\\\" variable is not set. Defaulting to a blank "
                "string.\"\n",
                letters);
            text += fmt::format("      - ${{NAME_OF_{}}}\n", letters);
        }
        const std::string told = ComplaintCleaner{{text}, {}}.error(many + said);
        CAPTURE(told);
        CHECK(told.find("Not set: NAME_OF_AA, NAME_OF_AB, ") != std::string::npos);
        CHECK(told.ends_with(", NAME_OF_CF and 74 more"));
    }

    const auto warnings = cleaner().warnings(said + said);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings.front().find("not doubled") != std::string::npos);
    CHECK(warnings.front().find("ecret") == std::string::npos);
}

TEST_CASE("whatever stands in a complaint, a word that nobody knows is hidden", "[compose]") {
    const std::string canary = "cAnary-7f3a91";
    for (const char* form : {"%",
                             "\"%\"",
                             "'%'",
                             "`%`",
                             "(%)",
                             "%:",
                             "%,",
                             "a %.",
                             "x=%",
                             "\"a % b\"",
                             "\"%",
                             R"(near "a\"%")",
                             "[%]",
                             "line %",
                             "services.%.x",
                             "undefined % x",
                             "/home/me/my shop/%=1",
                             "msg=\"%\"",
                             "level=error msg=\"% % %\"",
                             "a\tb\t%"}) {
        std::string line = form;
        for (auto at = line.find('%'); at != std::string::npos; at = line.find('%', at + canary.size())) {
            line.replace(at, 1, canary);
        }
        CAPTURE(line);
        CHECK(clean(line).find(canary) == std::string::npos);
        CHECK(cleaner().error(line).find(canary) == std::string::npos);
    }
}
