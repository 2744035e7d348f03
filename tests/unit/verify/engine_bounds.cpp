#include "core/verify/engine_bounds.h"

#include <catch2/catch.hpp>

#include "tests/unit/advise/advice_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

/// One service with one Change, as the files have it and as they are with the Change.
std::vector<Verdict> refused(const std::string& key, const Json& files, const Json& with_change) {
    CaseBuilder built;
    built.run("app", {{}}, files);
    Plan plan;
    Change change;
    change.service = "app";
    change.key = key;
    plan.changes = {change};
    return refused_bounds(plan, built.get(), {{"services", {{"app", with_change}}}});
}

}  // namespace

TEST_CASE("a Change that the Engine would refuse at the creation is refused", "[limits][verify]") {
    const auto refused_for = [](const std::string& key, const Json& files, const Json& with_change) {
        const std::vector<Verdict> verdicts = refused(key, files, with_change);
        return verdicts.size() == 1 && verdicts.front().service == "app" && verdicts.front().key == key &&
               verdicts.front().outcome == Verdict::Outcome::kRefused &&
               mentions(verdicts.front().said, "the container is not created");
    };
    const Json reserves{{"mem_reservation", "536870912"}};
    CHECK(refused_for("memory", reserves, {{"mem_reservation", "536870912"}, {"mem_limit", "268435456"}}));
    CHECK(refused("memory", reserves, {{"mem_reservation", "536870912"}, {"mem_limit", "536870912"}}).empty());
    CHECK(refused_for("memory", Json::object(), {{"mem_limit", "4194304"}}));
    CHECK(refused_for("cpus", {{"cpu_quota", 50000}}, {{"cpu_quota", 50000}, {"cpus", 0.5}}));
    CHECK(refused_for("cpus", Json::object(), {{"cpus", 64}}));
    CHECK(refused("cpus", Json::object(), {{"cpus", 4}}).empty());
    const Json with_swap{{"mem_limit", "536870912"}, {"memswap_limit", "536870912"}};
    CHECK(refused_for("memory", with_swap, {{"mem_limit", "734003200"}, {"memswap_limit", "536870912"}}));
    CHECK(refused("memory", with_swap, {{"mem_limit", "268435456"}, {"memswap_limit", "536870912"}}).empty());
    SECTION("not for what the files get wrong themselves, nor for what nobody changes") {
        CHECK(refused("memory", {{"cpus", 64}}, {{"cpus", 64}, {"mem_limit", "268435456"}}).empty());
        CHECK(refused("pids", Json::object(), {{"cpus", 64}}).empty());
    }
    SECTION("nothing is said where Compose did not merge") {
        CaseBuilder built;
        built.run("app", {{}});
        CHECK(refused_bounds({}, built.get(), nullptr).empty());
    }
}
