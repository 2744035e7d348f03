#include "core/advise/wished.h"

#include <catch2/catch.hpp>

#include "core/advise/limits.h"
#include "core/advising.h"
#include "core/model/plan.h"
#include "core/model/wish_units.h"
#include "tests/unit/advise/advice_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

Change advised_change(const std::string& key, const Json& before, const Json& after) {
    Change change;
    change.service = "web";
    change.advisor = "limits";
    change.key = key;
    change.target.path = {key};
    change.before = before;
    change.after = after;
    change.reason = "as measured";
    change.rule = "by a rule";
    return change;
}

/// One service "web", of which one Change is advised, or none.
struct Wished {
    Wished() { built.declare("web"); }

    void advise(const std::string& key, const Json& before, const Json& after) {
        advised.changes = {advised_change(key, before, after)};
    }
    void take_pin_of(const std::string& key, const Json& after) {
        advise(key, nullptr, after);
        advised.changes.front().reason = kPinned;
    }
    [[nodiscard]] Wish& wish() { return built.wishes["web"]; }
    [[nodiscard]] Advice result() const {
        return within_wishes(built.get(), advised,
                             [&](const std::string&, const std::string& who) { return !silent.contains(who); });
    }
    /// What comes out for the key; null: nothing.
    [[nodiscard]] Json value(const std::string& key) const {
        const Advice advice = result();
        const Change* const change = find_change(advice, "web", key);
        return change == nullptr ? Json() : change->after;
    }
    [[nodiscard]] std::string reason(const std::string& key) const {
        const Advice advice = result();
        const Change* const change = find_change(advice, "web", key);
        return change == nullptr ? "" : change->reason;
    }
    [[nodiscard]] std::string left(const std::string& key) const { return why_left(result(), "web", key); }
    [[nodiscard]] bool tells(const std::string& id, const std::string& key) const {
        const Advice advice = result();
        const Finding* const finding = find_finding(advice, "web", id);
        return finding != nullptr && mentions(finding->what, key) && finding->severity == Finding::Severity::kError;
    }

    CaseBuilder built;
    Advice advised;
    std::set<std::string> silent;
};

/// One key of each class: what is advised, bounds on either side of it, and what they make of it.
struct Bounded {
    const char* key;
    Json advised;
    const char *below, *above;
    Json held_below, held_above;
    const char *far_below, *far_above;  ///< bounds that hold already
    const char* unreadable;
};

}  // namespace

TEST_CASE("a bound holds for every key, by the key's own unit", "[wishes][bound]") {
    const auto one =
        GENERATE(values<Bounded>({{"cpus", 2.5, "1.5", "4", 1.5, 4.0, "0.5", "10", "many"},
                                  {"cpu_shares", 2048, "1024", "4096", 1024, 4096, "512", "9000", "1.5"},
                                  {"pids", 512, "400", "1000", 400, 1000, "99", "4096", "few"},
                                  {"nofile", 2048, "1500", "4096", 1500, 4096, "900", "10000", "2k"},
                                  {"healthcheck.interval", "15s", "900ms", "20s", "900ms", "20s", "2s", "1h", "15"},
                                  {"healthcheck.retries", 3, "2", "5", 2, 5, "1", "10", "2.5"},
                                  {"logging.max-size", "30m", "10240k", "0.1g", "10m", "107374182b", "9m", "1g", "big"},
                                  {"logging.max-file", "3", "2", "7", "2", "7", "1", "10", "-1"},
                                  {"pool_size", "10", "4", "20", "4", "20", "3", "100", "ten"},
                                  {"shm_size", "256m", "128m", "1g", "128m", "1024m", "100m", "2g", "128 megs"},
                                  {"stop_grace_period", "40s", "30s", "2m", "30s", "2m", "15s", "1h", "2 min"}}));
    CAPTURE(one.key);
    Wished web;
    web.advise(one.key, nullptr, one.advised);
    CHECK(web.value(one.key) == one.advised);
    SECTION("what is above its max comes down to it, and the reason says so") {
        web.wish().most[one.key] = one.below;
        CHECK(web.value(one.key) == one.held_below);
        CHECK(mentions(web.reason(one.key), "bounded by x-pilotpros; without it "));
    }
    SECTION("what is below its min goes up to it, and the reason says so") {
        web.wish().least[one.key] = one.above;
        CHECK(web.value(one.key) == one.held_above);
        CHECK(mentions(web.reason(one.key), "bounded by x-pilotpros; without it "));
    }
    SECTION("what is within stays as it was advised") {
        web.wish().least[one.key] = one.far_below;
        web.wish().most[one.key] = one.far_above;
        CHECK(web.value(one.key) == one.advised);
        CHECK(web.reason(one.key) == "as measured");
        CHECK(web.result().findings.empty());
    }
    SECTION("one that cannot be read is told, and the other end holds") {
        web.wish().least[one.key] = one.unreadable;
        web.wish().most[one.key] = one.below;
        CHECK(web.tells("bound-unreadable", one.key));
        CHECK(web.value(one.key) == one.held_below);
        CHECK(mentions(web.left(one.key), "see the finding"));
    }
    SECTION("a min above the max is told, and neither is used") {
        web.wish().least[one.key] = one.above;
        web.wish().most[one.key] = one.below;
        CHECK(web.tells("bound-contradicts", one.key));
        CHECK(web.value(one.key) == one.advised);
    }
    SECTION("a bound of another service is not heard") {
        web.built.wishes["db"].most[one.key] = one.below;
        CHECK(web.value(one.key) == one.advised);
    }
    SECTION("nothing is told where its advisor has no word") {
        web.wish().most[one.key] = one.unreadable;
        web.silent = {"limits", "healthcheck", "logging", "n8n", "x-pilotpros"};
        CHECK(web.result().findings.empty());
    }
}

TEST_CASE("a bound leads nowhere but towards what is advised", "[wishes][bound]") {
    Wished web;
    web.advise("pids", 512, 2048);
    SECTION("a value that would be raised is not lowered instead") {
        web.wish().most["pids"] = "400";
        CHECK(web.value("pids").is_null());
        CHECK(mentions(web.left("pids"), "at most 400, and without that 2048 would be advised"));
    }
    SECTION("nor one that would be lowered raised") {
        web.advise("pids", 512, 100);
        web.wish().least["pids"] = "600";
        CHECK(web.value("pids").is_null());
    }
    SECTION("one that ends where it is now is no Change") {
        web.wish().most["pids"] = "512";
        CHECK(web.value("pids").is_null());
    }
    SECTION("on the way there it stops at the bound") {
        web.wish().most["pids"] = "600";
        CHECK(web.value("pids") == 600);
    }
    SECTION("Docker's own value is what is there where nobody sets one") {
        web.advise("stop_grace_period", nullptr, "40s");
        web.wish().most["stop_grace_period"] = "5s";
        CHECK(web.value("stop_grace_period").is_null());
        web.wish().most["stop_grace_period"] = "11s";
        CHECK(web.value("stop_grace_period") == "11s");
    }
}

TEST_CASE("what has no order can be pinned and not bounded", "[wishes][bound]") {
    Wished web;
    web.advise("healthcheck.test", nullptr, {"CMD", "true"});
    web.wish().most["healthcheck.test"] = "true";
    CHECK(web.tells("bound-unreadable", "healthcheck.test"));
    CHECK(web.value("healthcheck.test") == Json{"CMD", "true"});
}

TEST_CASE("values that others follow are left to their advisors", "[wishes][bound]") {
    Wished web;
    for (const char* const key : {"memory", "memory_swap"}) {
        web.advise(key, nullptr, "512m");
        web.wish().most = {{key, "100m"}};
        CHECK(web.value(key) == "512m");
        web.wish().most = {{key, "plenty"}};
        CHECK(web.tells("bound-unreadable", key));
    }
    web.wish().most = {{"heap", "much"}};
    CHECK(web.tells("bound-unreadable", "heap"));
    web.wish().most = {{"heap", "384"}};
    CHECK(web.result().findings.empty());
}

TEST_CASE("a pin that cannot be read is told by its key, and not written", "[wishes][pin]") {
    const auto [key, right, wrong] =
        GENERATE(table<std::string, std::string, std::string>({{"memory", "512m", "half"},
                                                               {"memory_swap", "-1", "-2"},
                                                               {"cpus", "1.5", "0"},
                                                               {"cpu_shares", "512", "1.5"},
                                                               {"pids", "99", "${PIDS"},
                                                               {"nofile", "1024", "1k"},
                                                               {"healthcheck.interval", "5s", "5"},
                                                               {"healthcheck.start_period", "1m", "a minute"},
                                                               {"healthcheck.retries", "3", "2.5"},
                                                               {"logging.max-size", "10m", "10x"},
                                                               {"logging.max-file", "3", "three"},
                                                               {"heap", "384", "lots"},
                                                               {"pool_size", "4", ""},
                                                               {"shm_size", "128m", "true"},
                                                               {"stop_grace_period", "1m", "60"}}));
    CAPTURE(key);
    Wished web;
    web.take_pin_of(key, wrong);
    web.wish().pinned[key] = wrong;
    CHECK(web.tells("pin-unreadable", key));
    CHECK(web.value(key).is_null());
    CHECK(mentions(web.left(key), "see the finding"));
    SECTION("its fellow that can be read is") {
        web.take_pin_of(key, right);
        web.wish().pinned[key] = right;
        CHECK(web.result().findings.empty());
        CHECK(web.value(key) == right);
    }
    SECTION("what its advisor told already is not told twice") {
        Finding told;
        told.service = "web";
        told.id = "pin-unreadable";
        told.what = "x-pilotpros pins " + key + " to what is no number above zero";
        web.advised.findings = {told};
        CHECK(web.result().findings.size() == 1);
    }
    SECTION("no value of it is quoted") {
        const Advice advice = web.result();
        CHECK((wrong.size() < 3 || !mentions(find_finding(advice, "web", "pin-unreadable")->what, wrong)));
    }
}

TEST_CASE("a pin that nobody wrote is written where Compose has a place for it", "[wishes][pin]") {
    Wished web;
    web.wish().pinned = {{"stop_grace_period", "1m"}, {"shm_size", "128m"}};
    CHECK(web.value("stop_grace_period") == "1m");
    CHECK(web.value("shm_size") == "128m");
    CHECK(web.reason("shm_size") == kPinned);
    SECTION("beside what is there now") {
        web.built.project.services["web"].resolved = {{"shm_size", "67108864"}, {"stop_grace_period", "20s"}};
        const Advice advice = web.result();
        CHECK(find_change(advice, "web", "shm_size")->before == "64m");
        CHECK(find_change(advice, "web", "stop_grace_period")->before == "20s");
    }
    SECTION("and not where that says the same") {
        web.built.project.services["web"].resolved = {{"shm_size", "134217728"}, {"stop_grace_period", "1m0s"}};
        CHECK(web.value("shm_size").is_null());
        CHECK(web.value("stop_grace_period").is_null());
        CHECK(mentions(web.left("shm_size"), "what you pinned it to"));
    }
    SECTION("whatever an application left alone") {
        web.advised.left_alone = {{"web", "postgres", "shm_size", "no parallel workers"}};
        CHECK(web.value("shm_size") == "128m");
        CHECK(web.left("shm_size").empty());
    }
    SECTION("not twice") {
        web.take_pin_of("shm_size", "128m");
        CHECK(web.result().changes.size() == 2);
    }
    SECTION("not into a service that the files do not have, or whose profile is not active") {
        web.built.project.services["web"].resolved = nullptr;
        CHECK(web.result().changes.empty());
        web.built.project.services.clear();
        CHECK(web.result().changes.empty());
    }
    SECTION("not where the user is not asked, or cannot be read") {
        web.silent = {"x-pilotpros"};
        CHECK(web.result().changes.empty());
        web.silent.clear();
        web.wish().pinned = {{"shm_size", "some"}};
        CHECK(web.result().changes.empty());
    }
}

TEST_CASE("a pin with ${…} stays so in the file, and counts by its value", "[wishes][pin]") {
    Wished web;
    const auto text = [&](const std::string& key) {
        const Advice advice = web.result();
        const Change* const change = find_change(advice, "web", key);
        return change == nullptr ? "no Change" : change->users_text;
    };
    const auto pin = [&](const std::string& key, const Json& value) {
        web.take_pin_of(key, value);
        web.wish().pinned[key] = value.is_string() ? value.get<std::string>() : value.dump();
        web.wish().as_written[key] = "${A:-x}";
    };
    for (const auto& [key, value] : std::map<std::string, Json>{{"memory", "512m"},
                                                                {"cpus", 1.5},
                                                                {"pids", 99},
                                                                {"healthcheck.retries", 3},
                                                                {"healthcheck.interval", "5s"},
                                                                {"logging.max-size", "10m"},
                                                                {"pool_size", "4"},
                                                                {"stop_grace_period", "1m"}}) {
        CAPTURE(key);
        web.wish() = {};
        pin(key, value);
        CHECK(text(key) == "${A:-x}");
        CHECK(web.value(key) == value);
    }
    SECTION("one whose value is in force already is no Change") {
        pin("pids", 99);
        web.advised.changes.front().before = 99;
        CHECK(text("pids") == "no Change");
    }
    SECTION("one without a value is told, and not written") {
        pin("memory", "");
        CHECK(web.tells("pin-unreadable", "memory"));
        CHECK(text("memory") == "no Change");
        CHECK(mentions(web.result().findings.front().fix, "variable"));
    }
    SECTION("where Compose takes none, or one among others, it is its value that is written") {
        pin("nofile", 2048);
        CHECK(text("nofile").empty());
        pin("heap", "--max-old-space-size=100");
        web.wish().pinned["heap"] = "100";
        CHECK(text("heap").empty());
    }
    SECTION("a test shows its text alone: the value may be a secret") {
        pin("healthcheck.test", Json{"CMD-SHELL", "check --password s3cret"});
        web.wish().pinned["healthcheck.test"] = "check --password s3cret";
        const Advice advice = web.result();
        const Change* const change = find_change(advice, "web", "healthcheck.test");
        CHECK(change->after == Json{"CMD-SHELL", "${A:-x}"});
        CHECK(change->as_written);
    }
    SECTION("swap goes with the memory that it follows") {
        pin("memory", "512m");
        web.advised.changes.push_back(advised_change("memory_swap", nullptr, "512m"));
        CHECK(text("memory_swap") == "${A:-x}");
        SECTION("not where it is another") {
            web.advised.changes.back().after = "600m";
            CHECK(text("memory_swap").empty());
        }
        SECTION("nor where memory itself stays as it is in the files") {
            web.advised.changes.front().before = "512m";
            CHECK(text("memory_swap").empty());
        }
    }
    SECTION("and the Plan is another one when its text is") {
        Plan plan;
        plan.changes = {advised_change("memory", nullptr, "512m")};
        const std::string hash = hash_of(plan);
        plan.changes.front().users_text = "${A:-512m}";
        CHECK(hash_of(plan) != hash);
    }
}

TEST_CASE("a wish of a service that nothing was said of there is told there", "[wishes]") {
    CaseBuilder built;
    built.run("app", {{}});
    built.run("web", {{}});
    const auto told = [&](const std::string& service, const std::string& key) {
        return mentions(why_left(all_advice(built.get(), {}), service, key), "nobody advises");
    };
    built.wishes["web"].most["pool_size"] = "4";
    CHECK(told("web", "pool_size"));
    SECTION("though another service has it") {
        built.wishes["app"].pinned["shm_size"] = "128m";
        built.wishes["web"].most["shm_size"] = "128m";
        CHECK(told("web", "shm_size"));
        SECTION("unless it stands at the top, and is meant for whom it concerns") {
            built.wishes["web"].of_all = {"shm_size"};
            CHECK_FALSE(told("web", "shm_size"));
        }
    }
    SECTION("a pin that is written is heard") {
        built.wishes["web"].pinned["shm_size"] = "128m";
        CHECK_FALSE(told("web", "shm_size"));
        CHECK(find_change(all_advice(built.get(), {}), "web", "shm_size") != nullptr);
        SECTION("not by who is asked alone, nor where all is excluded") {
            CHECK(find_change(all_advice(built.get(), {{"limits"}, {}, {}}), "web", "shm_size") == nullptr);
            CHECK(find_change(all_advice(built.get(), {{}, {}, {"app"}}), "web", "shm_size") == nullptr);
            built.wishes["web"].excluded = {"*"};
            CHECK(find_change(all_advice(built.get(), {}), "web", "shm_size") == nullptr);
        }
    }
}

TEST_CASE("each key takes what its fix shows", "[wishes]") {
    for (const auto& [unit, example] : {std::pair{WishUnit::kBytes, "512m"}, std::pair{WishUnit::kMebibytes, "512m"},
                                        std::pair{WishUnit::kSeconds, "1m30s"}}) {
        CHECK(mentions(what_it_takes(unit), example));
        const auto amount = wish_amount(unit, example);
        REQUIRE(amount);
        CHECK(wish_text(unit, *amount) == example);
    }
    CHECK(wish_key("shared_buffers") == nullptr);
}
