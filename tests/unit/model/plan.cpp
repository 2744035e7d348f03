#include <catch2/catch.hpp>

#include "core/model/plan.h"

using namespace pilotpros;

namespace {

Change change(const std::string& service, const std::string& key, const nlohmann::json& after,
              const std::string& joint = "") {
    Change result;
    result.service = service;
    result.advisor = "limits";
    result.key = key;
    result.target.path = {key};
    result.after = after;
    result.joint = joint;
    return result;
}

Verdict verdict(const std::string& service, const std::string& key, Verdict::Outcome outcome,
                const std::string& said = "no") {
    return {service, key, outcome, "the program", said, Seconds{0}};
}

std::vector<std::string> keys_of(const Plan& plan) {
    std::vector<std::string> result;
    for (const Change& one : plan.changes) {
        result.push_back(one.key);
    }
    return result;
}

}  // namespace

TEST_CASE("What a program refuses is not written", "[plan]") {
    Plan plan;
    plan.changes = {change("web", "memory", "512m", "memory"), change("web", "heap", "300", "memory"),
                    change("web", "pids", 256), change("db", "memory", "1024m", "memory")};

    SECTION("and what is joint with it goes, too, but nothing of another service") {
        plan.verdicts = {verdict("web", "heap", Verdict::Outcome::kRefused, "killed for lack of memory")};
        CHECK(drop_refused(plan) == 2);
        CHECK(keys_of(plan) == std::vector<std::string>{"pids", "memory"});
        REQUIRE(plan.left_alone.size() == 2);
        CHECK(plan.left_alone[0].why == "the program refused it: killed for lack of memory");
        CHECK(plan.left_alone[1].key == "memory");
    }
    SECTION("and a refusal of the service counts more than an approval of one value") {
        plan.verdicts = {verdict("web", "pids", Verdict::Outcome::kAccepted),
                         verdict("web", "", Verdict::Outcome::kRefused)};
        CHECK(drop_refused(plan) == 3);
        CHECK(keys_of(plan) == std::vector<std::string>{"memory"});
    }
    SECTION("while one that is accepted, derived or could not be asked stays") {
        plan.verdicts = {verdict("web", "heap", Verdict::Outcome::kDerived),
                         verdict("db", "", Verdict::Outcome::kNotAsked), verdict("", "", Verdict::Outcome::kAccepted)};
        CHECK(drop_refused(plan) == 0);
        CHECK(plan.changes.size() == 4);
    }
    SECTION("and a carrier with nothing left to carry goes without a word") {
        Change mount = change("db", "configuration", "x");
        mount.advisor = "postgres";
        mount.carrier = true;
        Change setting = change("db", "work_mem", "8MB");
        setting.advisor = "postgres";
        plan.changes.insert(plan.changes.end(), {mount, setting});
        plan.verdicts = {verdict("db", "work_mem", Verdict::Outcome::kRefused)};
        CHECK(drop_refused(plan) == 2);
        CHECK(plan.left_alone.size() == 1);
    }
}

TEST_CASE("The closest verdict is the one that is shown", "[plan]") {
    Plan plan;
    const Change heap = change("web", "heap", "300");
    plan.verdicts = {verdict("", "", Verdict::Outcome::kAccepted, "merges"),
                     verdict("web", "heap", Verdict::Outcome::kDerived, "by the rule"),
                     verdict("db", "heap", Verdict::Outcome::kRefused, "of another service")};
    REQUIRE(plan.verdict_on(heap) != nullptr);
    CHECK(plan.verdict_on(heap)->said == "by the rule");
    CHECK(plan.verdict_on(change("web", "pids", 1))->said == "merges");
    CHECK(Plan{}.verdict_on(heap) == nullptr);
}

TEST_CASE("A Plan's hash is of what would be written, not of what was measured", "[plan]") {
    Plan plan;
    plan.project = "shop";
    plan.changes = {change("web", "memory", "512m")};
    const std::string hash = hash_of(plan);
    Plan same = plan;
    same.changes[0].reason = "needs at most 200 MiB";
    same.verdicts = {verdict("web", "", Verdict::Outcome::kAccepted)};
    CHECK(hash_of(same) == hash);

    Plan other = plan;
    SECTION("another value is another hash") { other.changes[0].after = "513m"; }
    SECTION("another value below it is another hash") { other.changes[0].before = "100m"; }
    SECTION("another place is another hash") { other.changes[0].target.path = {"deploy"}; }
    SECTION("another project is another hash") { other.project = "store"; }
    SECTION("another Change is another hash") { other.changes.push_back(change("web", "pids", 5)); }
    CHECK(hash_of(other) != hash);
}

TEST_CASE("A Change that changes nothing is none", "[plan]") {
    Plan plan;
    plan.changes = {change("web", "pids", 256), change("web", "memory", "1g")};
    plan.changes[0].before = 256;
    put_in_order(plan);
    CHECK(keys_of(plan) == std::vector<std::string>{"memory"});
}

TEST_CASE("Hysteresis leaves a written value standing until the evidence moves it", "[plan]") {
    CHECK(settle(std::nullopt, 300 * kMiB, 0, 0.25) == 300 * kMiB);
    CHECK(settle(256 * kMiB, 300 * kMiB, 200 * kMiB, 0.25) == 256 * kMiB);
    CHECK(settle(256 * kMiB, 200 * kMiB, 100 * kMiB, 0.25) == 256 * kMiB);
    SECTION("but never below what is needed") { CHECK(settle(256 * kMiB, 300 * kMiB, 280 * kMiB, 0.25) == 300 * kMiB); }
    SECTION("and not when it is far off") { CHECK(settle(256 * kMiB, 330 * kMiB, 0, 0.25) == 330 * kMiB); }
}

TEST_CASE("Sizes are read as Compose reads them", "[plan]") {
    CHECK(parse_size("512m") == Bytes{512} << 20U);
    CHECK(parse_size("128MB") == Bytes{128} << 20U);
    CHECK(parse_size("1.5g") == Bytes{1536} << 20U);
    CHECK(parse_size("1073741824") == Bytes{1} << 30U);
    CHECK(parse_size("10kb") == 10240);
    for (const char* none : {"", "m", "many", "1 m b", "-5m", "1e400", "12q", "99999999999999999999t"}) {
        CHECK_FALSE(parse_size(none));
    }
    CHECK(compose_size(Bytes{512} << 20U) == "512m");
    CHECK(parse_size(compose_size(12345)) == 12345);
    SECTION("and rounded up to steps that do not tremble with the measurement") {
        for (Bytes bytes = 1; bytes < Bytes{20} << 30U; bytes = bytes * 3 / 2 + 1) {
            CHECK(round_up(bytes) >= bytes);
            CHECK(round_up(round_up(bytes)) == round_up(bytes));
        }
    }
}
