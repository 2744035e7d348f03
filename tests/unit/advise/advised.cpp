#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "core/advised.h"

using namespace pilotpros;

TEST_CASE("what was advised is remembered without the user's words", "[advise]") {
    MemoryFiles files;
    Plan plan;
    const auto advise = [&](const std::string& key, const nlohmann::json& after) {
        Change change;
        change.service = "api";
        change.key = key;
        change.after = after;
        plan.changes.push_back(change);
    };
    advise("memory", "152m");
    advise("pids", 512);
    advise("heap", "--require=./canary-of-mine.js --max-old-space-size=80 ${MORE:-word}");
    advise("healthcheck.test", nlohmann::json::array({"CMD", "curl", "canary"}));
    Advised advised(files, "/state", "ENGINE", "shop");
    advised.keep(plan);
    const Written written = advised.read();
    CHECK(written.at("api") ==
          std::map<std::string, std::string>{{"memory", "152m"}, {"pids", "512"}, {"heap", "--max-old-space-size=80"}});
    CHECK(files.contents.at("/state/ENGINE/shop/advised.json").find("canary") == std::string::npos);

    SECTION("a wish of the user's is no advice, and takes the place of what was") {
        plan.changes[0].rule = kPinned;
        plan.changes[1].rule = fmt::format("{}; enough for it", kBounded);
        advised.keep(plan);
        CHECK(advised.read().at("api") == std::map<std::string, std::string>{{"heap", "--max-old-space-size=80"}});
    }
    SECTION("without an engine nothing is") {
        Advised nowhere(files, "/elsewhere", "", "shop");
        nowhere.keep(plan);
        CHECK(nowhere.read().empty());
    }
}
