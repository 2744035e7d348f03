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
