#include <catch2/catch.hpp>

#include <algorithm>

#include "core/verify/compose_merge.h"

using namespace pilotpros;

namespace {

Change change(const std::string& key, std::vector<std::string> path, const nlohmann::json& after) {
    Change result;
    result.service = "web";
    result.key = key;
    result.target.path = std::move(path);
    result.after = after;
    return result;
}

struct World {
    Project project;
    Plan plan;
    Merged merged;
};

/// A merge in which everything is as it should be; Compose's own spelling.
World good() {
    World world;
    world.project.services["web"].resolved = {
        {"image", "x"}, {"environment", {{"A", "1"}}}, {"networks", {{"default", nullptr}}}};
    world.project.services["db"].resolved = {{"image", "y"}};
    world.plan.changes = {change("memory", {"mem_limit"}, "512m"),
                          change("pids", {"pids_limit"}, 256),
                          change("healthcheck.interval", {"healthcheck", "interval"}, "90s"),
                          change("healthcheck.test", {"healthcheck", "test"}, {"CMD", "x$y"}),
                          change("NODE_OPTIONS", {"environment", "NODE_OPTIONS"}, "--a=$b"),
                          change("configuration", {"volumes"}, {"./.pilotpros/x:/etc/x:ro"})};
    world.merged.accepted = true;
    world.merged.resolved = {
        {"services",
         {{"web",
           {{"image", "x"},
            {"environment", {{"A", "1"}, {"NODE_OPTIONS", "--a=$$b"}}},
            {"networks", {{"default", nullptr}}},
            {"mem_limit", "536870912"},
            {"pids_limit", 256},
            {"healthcheck", {{"interval", "1m30s"}, {"test", {"CMD", "x$$y"}}}},
            {"volumes", {{{"type", "bind"}, {"source", "/p/.pilotpros/x"}, {"target", "/etc/x"}}}}}},
          {"db", {{"image", "y"}}}}}};
    return world;
}

std::vector<Verdict> verdicts(const World& world) { return compare_merge(world.plan, world.project, world.merged); }

}  // namespace

TEST_CASE("A merge that gives what the Plan says makes it derived: Compose says nothing of the values", "[merge]") {
    const auto said = verdicts(good());
    REQUIRE(said.size() == 1);
    CHECK(said[0].outcome == Verdict::Outcome::kDerived);
    CHECK(said[0].service.empty());
}

TEST_CASE("What a program reads is not asked until it was, and a pin is the user's own", "[merge]") {
    using Outcome = Verdict::Outcome;
    World world = good();
    world.plan.changes[1].rule = "pinned by x-pilotpros";
    Change setting = change("work_mem", {"work_mem"}, "8MB");
    setting.target.kind = Target::Kind::kPostgres;
    world.plan.changes.push_back(setting);
    const auto outcome_of = [&](const std::string& key) {
        const auto at = std::find_if(world.plan.changes.begin(), world.plan.changes.end(),
                                     [&](const Change& one) { return one.key == key; });
        return world.plan.verdict_on(*at)->outcome;
    };
    world.plan.verdicts = verdicts(world);
    const auto rest = verdicts_on_the_rest(world.plan, world.plan.verdicts);
    world.plan.verdicts.insert(world.plan.verdicts.end(), rest.begin(), rest.end());
    CHECK(outcome_of("memory") == Outcome::kDerived);
    CHECK(outcome_of("pids") == Outcome::kDerived);
    CHECK(world.plan.verdict_on(world.plan.changes[1])->said.starts_with("as you pinned it"));
    for (const char* const key : {"healthcheck.test", "NODE_OPTIONS", "work_mem"}) {
        CHECK(outcome_of(key) == Outcome::kNotAsked);
    }
    SECTION("and whoever was asked is believed") {
        const Verdict said{"web", "work_mem", Outcome::kAccepted, "PostgreSQL 17.2", "taken", Seconds{0}};
        for (const Verdict& one : verdicts_on_the_rest(world.plan, {said})) {
            CHECK(one.key != "work_mem");
        }
    }
    SECTION("and without Compose's word nothing is said of a pin") {
        for (const Verdict& one : verdicts_on_the_rest(world.plan, {})) {
            CHECK(one.outcome == Outcome::kNotAsked);
        }
    }
}

TEST_CASE("A pin with a variable has to come out as the value that it was compared by", "[merge]") {
    World world = good();
    world.plan.changes[0].users_text = "${WEB_MEMORY:-512m}";
    CHECK(verdicts(world)[0].outcome == Verdict::Outcome::kDerived);
    world.merged.resolved["services"]["web"]["mem_limit"] = "1073741824";
    CHECK(verdicts(world)[0].outcome == Verdict::Outcome::kRefused);
    CHECK(verdicts(world)[0].key == "memory");
}

TEST_CASE("A merge that gives something else is refused", "[merge]") {
    World world = good();
    auto& web = world.merged.resolved["services"]["web"];
    std::string key;
    SECTION("a size that is another") {
        web["mem_limit"] = "536870913";
        key = "memory";
    }
    SECTION("a value that is lost") {
        web.erase("pids_limit");
        key = "pids";
    }
    SECTION("a duration that is another") {
        web["healthcheck"]["interval"] = "1m31s";
        key = "healthcheck.interval";
    }
    SECTION("a word of a list that was interpolated") {
        web["healthcheck"]["test"][1] = "x";
        key = "healthcheck.test";
    }
    SECTION("a list that grew") {
        web["healthcheck"]["test"].push_back("z");
        key = "healthcheck.test";
    }
    SECTION("a text that was interpolated") {
        web["environment"]["NODE_OPTIONS"] = "--a=";
        key = "NODE_OPTIONS";
    }
    SECTION("a mount that is not there") {
        web["volumes"][0]["target"] = "/etc/y";
        key = "configuration";
    }
    SECTION("another value of the service that moved") { web["image"] = "z"; }
    SECTION("another value that went") { web["environment"].erase("A"); }
    const auto said = verdicts(world);
    REQUIRE(said.size() == 1);
    CHECK(said[0].outcome == Verdict::Outcome::kRefused);
    CHECK(said[0].service == "web");
    CHECK(said[0].key == key);
}

TEST_CASE("Another service that moves, a new warning, a refusal of Compose's: each is a refusal", "[merge]") {
    World world = good();
    SECTION("another service") { world.merged.resolved["services"]["db"]["image"] = "z"; }
    SECTION("a warning that was not there before") { world.merged.warnings = {"the variable is not set"}; }
    SECTION("Compose does not take it") { world.merged.accepted = false; }
    const auto said = verdicts(world);
    REQUIRE_FALSE(said.empty());
    CHECK(said[0].outcome == Verdict::Outcome::kRefused);
}

TEST_CASE("A warning that was there before is not ours", "[merge]") {
    World world = good();
    world.project.warnings = world.merged.warnings = {"version is obsolete"};
    CHECK(verdicts(world)[0].outcome == Verdict::Outcome::kDerived);
}
