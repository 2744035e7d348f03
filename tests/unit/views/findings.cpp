#include <catch2/catch.hpp>

#include "plugin/views/findings_view.h"

using namespace pilotpros;
using Json = nlohmann::json;

TEST_CASE("services of which no profile is active are named, in every form that has a place for it", "[views]") {
    Check check;
    check.project.name = "shop";
    check.inactive = {"cache", "debug\x1b"};
    CHECK(said_of_inactive(check).find("cache, debug?") != std::string::npos);
    CHECK(said_of_inactive(check).find("--profile") != std::string::npos);
    CHECK(Json::parse(findings_as_json(check))["inactive"] == Json::array({"cache", "debug\x1b"}));
    const Json run = Json::parse(findings_as_sarif(check, "/"))["runs"][0];
    CHECK(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == said_of_inactive(check));

    SECTION("and nothing is said where all were looked at") {
        check.inactive.clear();
        CHECK(said_of_inactive(check).empty());
        CHECK(Json::parse(findings_as_json(check))["inactive"] == Json::array());
        CHECK_FALSE(Json::parse(findings_as_sarif(check, "/"))["runs"][0].contains("invocations"));
    }
}

TEST_CASE("a finding has a place where its service stands in no file as such", "[views]") {
    Check check;
    const std::string file = "/srv/compose.yaml";
    check.files = {file};
    check.texts[file] = "x-s: &s {web: {image: x}}\n\nservices: *s\n";
    check.findings.push_back({"web", "no-memory-limit", Finding::Severity::kWarning, "w", "h", "f", "s"});
    const auto place = [&] {
        return Json::parse(
            findings_as_sarif(check, "/srv"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    };
    CHECK(place()["region"]["startLine"] == 3);
    CHECK(findings_as_github(check, "/srv").find("file=compose.yaml,line=3,") != std::string::npos);
    SECTION("its file's beginning where not even its section does") {
        check.texts[file] = "include: [other.yaml]\n";
        CHECK(place()["artifactLocation"]["uri"] == "compose.yaml");
        CHECK(place()["region"]["startLine"] == 1);
    }
    SECTION("none where there is no file") {
        check.files.clear();
        CHECK_FALSE(Json::parse(findings_as_sarif(check, "/srv"))["runs"][0]["results"][0].contains("locations"));
    }
}
