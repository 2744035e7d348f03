#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "core/verify/compose_merge.h"
#include "tests/unit/compose/discovery_fakes.h"

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
            {"volumes",
             {{{"type", "bind"}, {"source", "/p/.pilotpros/x"}, {"target", "/etc/x"}, {"read_only", true}}}}}},
          {"db", {{"image", "y"}}}}}};
    return world;
}

std::vector<Verdict> verdicts(const World& world, const MergeChecks& checks = {}) {
    return compare_merge(world.plan, world.project, world.merged, checks);
}

/// Two services, a memory limit for each, and a Compose in memory that merges what the override has of them.
struct TwoLimits : testing::Machine {
    TwoLimits() {
        project.compose_command = {"docker", "compose", "-f", "compose.yaml"};
        for (const char* const name : {"web", "db"}) {
            project.services[name].resolved = {{"image", name}};
            Change limit = change("memory", {"mem_limit"}, "512m");
            limit.service = name;
            plan.changes.push_back(limit);
        }
        process.answer = [this](const Command& /*command*/) {
            const std::string written = files.contents.at("/scratch/compose.yaml");
            limited.clear();
            nlohmann::json services;
            for (const char* const name : {"web", "db"}) {
                services[name] = {{"image", name}};
                const std::size_t begin = written.find(fmt::format("\n  {}:\n", name));
                const std::size_t limit = written.find("mem_limit", std::min(begin, written.size()));
                const std::size_t end = begin == std::string::npos ? begin : written.find("\n  web:\n", begin + 1);
                if (limit < std::min(end, written.size())) {
                    services[name]["mem_limit"] = "536870912";
                    limited.emplace_back(name);
                }
            }
            for (const auto& [written_as, path] : more) {
                if (written.find(written_as) != std::string::npos) {
                    services["web"][path] = "x";
                }
            }
            Finished finished = testing::printed(nlohmann::json{{"services", services}}.dump());
            finished.exit_code = (refuses && refuses(limited)) || (bad && bad(written)) ? 15 : 0;
            finished.error =
                warns_of_both && limited.size() == 2 ? "time=\"x\" level=warning msg=\"two limits\"\n" : complaint;
            return finished;
        };
    }
    MergeAnswer ask(const MergeChecks& checks = {}) {
        const Surroundings surroundings{environment, files, process, cancel, nullptr, {"docker"}, {}};
        return MergeQuestion(plan, project, "/scratch", files, surroundings, checks).answer();
    }

    Project project;
    Plan plan;
    std::vector<std::string> limited;         ///< by the override that Compose was last given
    std::map<std::string, std::string> more;  ///< in the override: by it, a key of web's that gets the value "x"
    std::function<bool(const std::vector<std::string>&)> refuses;
    std::function<bool(const std::string&)> bad;  ///< of the override's text
    bool warns_of_both = false;
    std::string complaint;
};

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
    SECTION("a mount of another folder") {
        web["volumes"][0]["source"] = "/p/.pilotpros/y";
        key = "configuration";
    }
    SECTION("a mount that may be written") {
        web["volumes"][0].erase("read_only");
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

TEST_CASE("Each check of a merge refuses what no other one sees", "[merge]") {
    World world = good();
    MergeChecks without;
    std::string said;
    SECTION("Compose does not take it, although it prints it") {
        world.merged.accepted = false;
        world.merged.complaint = "invalid compose project";
        without.accepted = false;
        said = "invalid compose project";
    }
    SECTION("a new warning") {
        world.merged.warnings = {"the variable is not set"};
        without.warnings = false;
        said = "it warns: the variable is not set";
    }
    SECTION("a value that does not arrive") {
        world.merged.resolved["services"]["web"]["mem_limit"] = "536870913";
        without.arrival = false;
        said = "mem_limit does not come out as it was written";
    }
    SECTION("another value that moves") {
        world.merged.resolved["services"]["db"]["image"] = "z";
        without.strays = false;
        said = "the merge would move image, too";
    }
    const auto refused = verdicts(world);
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].outcome == Verdict::Outcome::kRefused);
    CHECK(refused[0].said == said);
    const auto passed = verdicts(world, without);
    REQUIRE(passed.size() == 1);
    CHECK(passed[0].outcome == Verdict::Outcome::kDerived);
}

TEST_CASE("Where Compose refuses the whole, each service's part is asked about by itself", "[merge]") {
    using Outcome = Verdict::Outcome;
    TwoLimits world;
    SECTION("no part is asked about where it takes the whole") {
        const MergeAnswer answer = world.ask();
        REQUIRE(answer.verdicts.size() == 1);
        CHECK(answer.verdicts[0].outcome == Outcome::kDerived);
        CHECK(answer.verdicts[0].service.empty());
        CHECK(answer.resolved["services"]["db"]["mem_limit"] == "536870912");
        CHECK(world.process.ran.size() == 1);
    }
    SECTION("one bad part does not take the other with it") {
        world.refuses = [](const std::vector<std::string>& limited) { return testing::has(limited, "web"); };
        const MergeAnswer answer = world.ask();
        CHECK(answer.resolved.is_null());
        REQUIRE(answer.verdicts.size() == 2);
        CHECK(answer.verdicts[0].service == "db");
        CHECK(answer.verdicts[0].outcome == Outcome::kDerived);
        CHECK(answer.verdicts[1].service == "web");
        CHECK(answer.verdicts[1].outcome == Outcome::kRefused);
    }
    SECTION("one bad value takes with it only what is joint with it") {
        const auto web_has = [&](const char* key, const char* joint) {
            Change one = change(key, {key}, "x");
            one.joint = joint;
            world.plan.changes.push_back(one);
            world.more[fmt::format("{}: ", key)] = key;
        };
        web_has("hostname", "");
        web_has("ipc", "a pair");
        web_has("pid", "a pair");
        world.bad = [](const std::string& written) { return written.find("ipc: ") != std::string::npos; };
        world.plan.verdicts = world.ask().verdicts;
        const auto outcome = [&](const std::string& service, const std::string& key) {
            const auto at = std::find_if(world.plan.changes.begin(), world.plan.changes.end(),
                                         [&](const Change& one) { return one.service == service && one.key == key; });
            return world.plan.verdict_on(*at)->outcome;
        };
        CHECK(outcome("db", "memory") == Outcome::kDerived);
        CHECK(outcome("web", "memory") == Outcome::kDerived);
        CHECK(outcome("web", "hostname") == Outcome::kDerived);
        CHECK(outcome("web", "ipc") == Outcome::kRefused);
        CHECK(outcome("web", "pid") == Outcome::kRefused);
        SECTION("but where what is left is refused, too, all of it is") {
            world.bad = [](const std::string& written) {
                return written.find("ipc: ") != std::string::npos || (written.find("hostname: ") != std::string::npos &&
                                                                      written.find("mem_limit") != std::string::npos);
            };
            world.plan.verdicts = world.ask().verdicts;
            CHECK(outcome("db", "memory") == Outcome::kDerived);
            CHECK(outcome("web", "memory") == Outcome::kRefused);
            CHECK(outcome("web", "hostname") == Outcome::kRefused);
        }
    }
    SECTION("parts that are fine alone are refused together") {
        world.refuses = [](const std::vector<std::string>& limited) { return limited.size() == 2; };
        const MergeAnswer answer = world.ask();
        REQUIRE(answer.verdicts.size() == 1);
        CHECK(answer.verdicts[0].outcome == Outcome::kRefused);
        CHECK(answer.verdicts[0].service.empty());
        CHECK(world.process.ran.size() == 4);  // the whole, nothing at all, and two parts
    }
    SECTION("files that take nothing beside them are told as that, without asking about parts") {
        world.refuses = [](const std::vector<std::string>& /*limited*/) { return true; };
        world.project.uninterpolated = {{"services", {{"web", {{"image", "x"}}}}}};
        world.complaint = "validating /scratch/compose.yaml: services.web.image must be a string\n";
        const MergeAnswer answer = world.ask();
        REQUIRE(answer.verdicts.size() == 1);
        CHECK(answer.verdicts[0].said ==
              "Compose takes these files alone, and not even an empty one beside them: validating the override: "
              "services.web.image must be a string");
        CHECK(world.process.ran.size() == 2);
    }
    SECTION("without that check a refusal passes, of the whole and of the parts") {
        world.refuses = [](const std::vector<std::string>& /*limited*/) { return true; };
        CHECK(world.ask().verdicts[0].outcome == Outcome::kRefused);
        MergeChecks checks;
        checks.accepted = false;
        CHECK(world.ask(checks).verdicts[0].outcome == Outcome::kDerived);
        world.warns_of_both = true;
        const MergeAnswer answer = world.ask(checks);
        REQUIRE(answer.verdicts.size() == 1);
        CHECK(answer.verdicts[0].said.starts_with("it warns: "));
        CHECK(answer.verdicts[0].service.empty());
    }
    CHECK_FALSE(world.files.exists("/scratch/compose.yaml"));
}
