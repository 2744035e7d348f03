#include "core/advise/limits.h"

#include <catch2/catch.hpp>

#include "core/advise/budget.h"
#include "tests/unit/advise/advice_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using nlohmann::json;

namespace {

Advice advised_limits(CaseBuilder& built) {
    built.budget = divide_memory(built.get(), {});
    return advise_limits(built.get());
}

json limits_block(json limits) { return {{"deploy", {{"resources", {{"limits", std::move(limits)}}}}}}; }

/// Values as the next run finds them written.
Written written_by(const Advice& advice) {
    Written written;
    for (const Change& change : advice.changes) {
        written[change.service][change.key] =
            change.after.is_string() ? change.after.get<std::string>() : change.after.dump();
    }
    return written;
}

Usage& usage_of_first(CaseBuilder& built, const std::string& service) {
    return built.observed(service).usage.begin()->second;
}

}  // namespace

TEST_CASE("a service gets memory and swap together, in the short keys", "[limits]") {
    CaseBuilder built;
    built.run("app", {{}});
    built.application("app", "node");
    const Advice advice = advised_limits(built);
    const Change* const memory = find_change(advice, "app", "memory");
    REQUIRE(memory != nullptr);
    CHECK(memory->target.path == std::vector<std::string>{"mem_limit"});
    CHECK(memory->before.is_null());
    CHECK(memory->after == "256m");
    CHECK(mentions(memory->reason, "24 looks"));
    CHECK(mentions(memory->recipe, "512M"));
    CHECK_FALSE(memory->inputs.empty());
    CHECK_FALSE(memory->source.empty());
    CHECK(memory->cost == Cost::kRecreate);
    const Change* const swap = find_change(advice, "app", "memory_swap");
    REQUIRE(swap != nullptr);
    CHECK(swap->target.path == std::vector<std::string>{"memswap_limit"});
    CHECK(swap->after == memory->after);
    CHECK(swap->joint == memory->joint);
    SECTION("no swap where the kernel does not count it") {
        built.observation.engine->swap_limit = false;
        CHECK(find_change(advised_limits(built), "app", "memory_swap") == nullptr);
    }
    SECTION("nothing where the kernel enforces no memory limit") {
        built.observation.engine->memory_limit = false;
        CHECK(find_change(advised_limits(built), "app", "memory") == nullptr);
        CHECK(mentions(why_left(advised_limits(built), "app", "memory"), "enforces no memory limit"));
    }
    SECTION("the user's larger memswap_limit is kept, a smaller one would be refused") {
        built.project.services["app"].resolved = {{"memswap_limit", "-1"}};
        CHECK(find_change(advised_limits(built), "app", "memory_swap") == nullptr);
        built.project.services["app"].resolved = {{"memswap_limit", "1048576"}};
        CHECK(find_change(advised_limits(built), "app", "memory_swap") != nullptr);
    }
}

TEST_CASE("one dialect a service: the one that it already uses for anything", "[limits]") {
    CaseBuilder built;
    const std::vector<std::string> deployed{"deploy", "resources", "limits", "memory"};
    const std::vector<std::string> flat{"mem_limit"};
    const auto path = [&](json resolved) {
        built.run("app", {{}}, std::move(resolved));
        const Advice advice = advised_limits(built);
        const Change* const change = find_change(advice, "app", "memory");
        REQUIRE(change != nullptr);
        const std::string other = change->target.path.size() > 1 ? "deploy" : "pids_limit";
        CHECK(find_change(advice, "app", "pids")->target.path.front() == other);
        return change->target.path;
    };
    SECTION("a quota") { CHECK(path(limits_block({{"cpus", 0.5}})) == deployed); }
    SECTION("an empty block: Compose compares with it all the same") {
        CHECK(path(limits_block(json::object())) == deployed);
    }
    SECTION("only reservations") {
        CHECK(path({{"deploy", {{"resources", {{"reservations", {{"memory", "1048576"}}}}}}}}) == deployed);
    }
    SECTION("replicas bound nothing") {
        CHECK(path({{"deploy", {{"replicas", 1}, {"resources", json::object()}}}}) == flat);
    }
    SECTION("a quota of the short kind") { CHECK(path({{"cpus", 0.5}}) == flat); }
    SECTION("a quota of the short kind beside reservations, which Compose allows") {
        CHECK(path({{"cpus", 0.5}, {"deploy", {{"resources", {{"reservations", {{"cpus", 0.1}}}}}}}}) == flat);
    }
}

TEST_CASE("a service that gets a limit and that nothing starts again is told", "[limits][restart]") {
    const char* const id = "no-restart-policy";
    CaseBuilder built;
    built.run("app", {{}});
    json& resolved = built.project.services["app"].resolved;
    const Advice before = advised_limits(built);
    REQUIRE(find_finding(before, "app", id) != nullptr);
    CHECK(mentions(find_finding(before, "app", id)->fix, "restart: unless-stopped"));
    CHECK(find_finding(before, "app", id)->severity == Finding::Severity::kWarning);
    const auto told = [&] { return find_finding(advised_limits(built), "app", id) != nullptr; };
    SECTION("not with the lines that it asks for") {
        resolved["restart"] = "unless-stopped";
        CHECK_FALSE(told());
    }
    SECTION("not where the user decided that it stays down") {
        resolved["restart"] = "no";
        CHECK_FALSE(told());
    }
    SECTION("not with a policy below deploy") {
        resolved["deploy"]["restart_policy"]["condition"] = "on-failure";
        CHECK_FALSE(told());
    }
    SECTION("not where the container has one by other means; Docker's own default is none") {
        built.observed("app").containers.front().restart_policy = "no";
        CHECK(told());
        built.observed("app").containers.front().restart_policy = "always";
        CHECK_FALSE(told());
    }
    SECTION("not of a job that another service waits for; but of one that another only needs started") {
        built.declare("next", {{"depends_on", {{"app", {{"condition", "service_completed_successfully"}}}}}});
        CHECK_FALSE(told());
        built.declare("next", {{"depends_on", {{"app", {{"condition", "service_started"}}}}}});
        CHECK(told());
    }
    SECTION("not of a job that has ended") {
        built.observed("app").containers.front().status = "exited";
        CHECK_FALSE(told());
    }
    SECTION("not where the limit is the user's own") {
        resolved["mem_limit"] = std::to_string(kGiB);
        CHECK_FALSE(told());
    }
    SECTION("as a note in development, where somebody is watching") {
        built.development["app"] = true;
        CHECK(find_finding(advised_limits(built), "app", id)->severity == Finding::Severity::kNote);
    }
}

TEST_CASE("the user's memory limit is kept, or argued with where it kills", "[limits]") {
    CaseBuilder built;
    ServiceObservation& observed = built.run("app", {{}}, {{"mem_limit", "314572800"}});
    observed.containers.front().limits.memory = 300 * kMiB;
    CHECK(find_change(advised_limits(built), "app", "memory") == nullptr);
    CHECK(mentions(why_left(advised_limits(built), "app", "memory"), "yours, 300 MiB, is kept; it needs at most 1"));
    SECTION("after an OOM kill it is raised, and the kill is said") {
        usage_of_first(built, "app").oom_kills = 1;
        const Advice advice = advised_limits(built);
        const Change* const change = find_change(advice, "app", "memory");
        REQUIRE(change != nullptr);
        CHECK(change->before == "300m");
        CHECK(change->after == "416m");
        CHECK(mentions(change->reason, "the OOM killer struck below 300 MiB"));
        REQUIRE(find_finding(advice, "app", "oom-killed") != nullptr);
        const auto fix = [&] { return find_finding(advised_limits(built), "app", "oom-killed")->fix; };
        CHECK(mentions(fix(), "the higher memory limit of this plan"));
        built.wishes["app"].pinned["memory"] = "1g";
        CHECK(mentions(fix(), "the higher memory limit that x-pilotpros pins"));
        built.wishes["app"].pinned["memory"] = "200m";
        CHECK(mentions(fix(), "above 300 MiB, which this plan does not give: x-pilotpros pins 200 MiB"));
    }
    SECTION("given in both dialects, which a change of one of them would part") {
        built.project.services["app"].resolved = limits_block({{"memory", "314572800"}});
        built.project.services["app"].resolved["mem_limit"] = "314572800";
        usage_of_first(built, "app").oom_kills = 1;
        CHECK(find_change(advised_limits(built), "app", "memory") == nullptr);
        CHECK(mentions(why_left(advised_limits(built), "app", "memory"), "keep one of them"));
        CHECK(mentions(find_finding(advised_limits(built), "app", "oom-killed")->fix,
                       "a memory limit above 300 MiB, which this plan does not give"));
        CHECK(mentions(why_left(advised_limits(built), "app", "memory"), "the OOM killer struck below 300 MiB"));
        CHECK(built.budget.shares.at("app").memory == 300 * kMiB);  // what follows it follows the limit in force
        built.wishes["app"].pinned["memory"] = "1g";
        CHECK(find_change(advised_limits(built), "app", "memory") == nullptr);
        CHECK(mentions(why_left(advised_limits(built), "app", "memory"), "keep one of them; x-pilotpros pins it"));
        CHECK(built.budget.shares.at("app").memory == 300 * kMiB);
    }
    SECTION("and one that was raised in a Plan that nobody applied is kept") {
        built.advised["app"]["memory"] = "416m";
        CHECK(find_change(advised_limits(built), "app", "memory") == nullptr);
        built.written["app"]["memory"] = "416m";
        CHECK(find_change(advised_limits(built), "app", "memory") != nullptr);
    }
    SECTION("a limit that equals the advice changes nothing") {
        built.project.services["app"].resolved = {{"mem_limit", "176160768"}};
        observed.containers.front().limits.memory = 168 * kMiB;
        CHECK(find_change(advised_limits(built), "app", "memory") == nullptr);
    }
}

TEST_CASE("twenty idle seconds change no memory, no CPUs and no processes", "[limits]") {
    CaseBuilder built;
    Seen seen;
    seen.seconds = 20;
    seen.cpu = 0.003;
    seen.network = 300;
    built.run("app", {seen, seen, seen});
    const Advice advice = advised_limits(built);
    CHECK(advice.changes.empty());
    CHECK(mentions(why_left(advice, "app", "memory"), "insufficient evidence"));
}

TEST_CASE("a second profile of the same load changes no byte", "[limits]") {
    const auto make = [](CaseBuilder& built, double noise, unsigned seed) {
        Seen seen;
        seen.memory = 400 * noise;
        seen.spread = 60;
        seen.cpu = 0.5 * noise;
        seen.page_cache = 90 * noise;
        seen.seed = seed;
        built.run("db", {seen});
        built.run("front", {seen}, {{"depends_on", {{"db", {{"condition", "service_started"}}}}}});
        built.development["front"] = true;
        usage_of_first(built, "front").cpu.add(2.5 * noise);
        usage_of_first(built, "db").pids_kernel_peak = noise > 1 ? 130 : 126;
    };
    CaseBuilder first;
    make(first, 1, 1);
    const Advice before = advised_limits(first);
    REQUIRE(find_change(before, "db", "pids")->after == 512);
    REQUIRE(find_change(before, "db", "cpu_shares") != nullptr);
    for (const double noise : {0.95, 1.05}) {
        CaseBuilder second;
        make(second, noise, 77);
        second.written = written_by(before);
        CHECK(written_by(advised_limits(second)) == written_by(before));
    }
    SECTION("without what was written the processes would have moved: the check can fail") {
        CaseBuilder second;
        make(second, 1.05, 77);
        CHECK(written_by(advised_limits(second)) != written_by(before));
    }
}

TEST_CASE("the container that a value is for knows nothing of what it came from", "[limits]") {
    CaseBuilder built;
    built.run("app", {{}}, {{"cpus", 0.5}});
    usage_of_first(built, "app").periods = 1000;
    usage_of_first(built, "app").throttled_periods = 200;
    const Advice before = advised_limits(built);
    CaseBuilder after;
    Seen idle;
    idle.seconds = 20;
    idle.cpu = 0.003;
    idle.network = 0;
    after.run("app", {idle}, {{"cpus", 0.5}});
    after.written = written_by(before);
    CHECK(written_by(advised_limits(after)) == written_by(before));
}

TEST_CASE("no quota is advised; one that throttles is argued with", "[limits][cpu]") {
    CaseBuilder built;
    built.run("app", {{}});
    CHECK(find_change(advised_limits(built), "app", "cpus") == nullptr);
    CHECK(mentions(why_left(advised_limits(built), "app", "cpus"), "no quota"));
    built.project.services["app"].resolved = {{"cpus", 0.5}};
    usage_of_first(built, "app").periods = 1000;
    const auto throttle = [&](std::int64_t percent) { usage_of_first(built, "app").throttled_periods = 10 * percent; };
    SECTION("not throttled: kept") {
        CHECK(find_change(advised_limits(built), "app", "cpus") == nullptr);
        CHECK(find_finding(advised_limits(built), "app", "cpu-throttled") == nullptr);
    }
    SECTION("a little: a finding") {
        throttle(3);
        CHECK(find_change(advised_limits(built), "app", "cpus") == nullptr);
        CHECK(mentions(find_finding(advised_limits(built), "app", "cpu-throttled")->what, "3 % of 1000 periods"));
    }
    SECTION("much: half as much again") {
        throttle(10);
        CHECK(find_change(advised_limits(built), "app", "cpus")->after == 0.75);
    }
    SECTION("at least a whole CPU for one main thread, and what starting took") {
        throttle(10);
        built.application("app", "node");
        CHECK(find_change(advised_limits(built), "app", "cpus")->after == 1.0);
        usage_of_first(built, "app").start_cpu.add(1.8);
        CHECK(find_change(advised_limits(built), "app", "cpus")->after == 2.25);
    }
    SECTION("never more than the machine has") {
        throttle(50);
        usage_of_first(built, "app").start_cpu.add(9);
        CHECK(find_change(advised_limits(built), "app", "cpus")->after == 4.0);
    }
    SECTION("a few periods say nothing") {
        usage_of_first(built, "app").periods = 20;
        usage_of_first(built, "app").throttled_periods = 10;
        CHECK(find_change(advised_limits(built), "app", "cpus") == nullptr);
    }
    SECTION("below one CPU for one main thread: said") {
        built.application("app", "n8n");
        CHECK(find_finding(advised_limits(built), "app", "cpu-quota-below-one") != nullptr);
    }
    SECTION("cpu_quota is not doubled by cpus, which the Engine refuses") {
        built.project.services["app"].resolved = {{"cpu_quota", 50000}};
        built.observed("app").containers.front().limits.cpus = 0.5;
        throttle(10);
        CHECK(find_change(advised_limits(built), "app", "cpus") == nullptr);
        REQUIRE(find_finding(advised_limits(built), "app", "cpu-throttled") != nullptr);
        const auto fix = [&] { return find_finding(advised_limits(built), "app", "cpu-throttled")->fix; };
        CHECK(mentions(fix(), "cpu_quota: 75000"));
        CHECK(mentions(fix(), "or take cpu_quota and cpu_period out"));
        CHECK_FALSE(mentions(fix(), "cpus:"));
        built.project.services["app"].resolved["cpu_period"] = "20000";
        CHECK(mentions(fix(), "cpu_quota: 15000"));
    }
}

TEST_CASE("a weight only for what others depend on, against a rival", "[limits][cpu]") {
    CaseBuilder built;
    Seen busy;
    busy.cpu = 0.6;
    built.run("db", {busy});
    built.run("web", {{}}, {{"depends_on", {{"db", {{"condition", "service_started"}}}}}});
    built.run("batch", {{}});
    const auto shares = [&] { return find_change(advised_limits(built), "db", "cpu_shares"); };
    CHECK(find_change(advised_limits(built), "db", "cpu_shares") == nullptr);
    SECTION("a batch that took half of the machine") {
        usage_of_first(built, "batch").cpu.add(2.5);
        const Advice advice = advised_limits(built);
        const Change* const change = find_change(advice, "db", "cpu_shares");
        REQUIRE(change != nullptr);
        CHECK(change->after == 2048);
        CHECK(mentions(change->reason, "batch"));
        CHECK(find_change(advice, "web", "cpu_shares") == nullptr);
        CHECK(find_change(advice, "batch", "cpu_shares") == nullptr);
    }
    SECTION("a development server that did, although others depend on it") {
        built.run("edge", {{}}, {{"depends_on", {{"web", {{"condition", "service_started"}}}}}});
        built.development["web"] = true;
        CHECK(shares() == nullptr);
        usage_of_first(built, "web").cpu.add(2.5);
        CHECK(shares() != nullptr);
        built.development["web"] = false;
        CHECK(shares() == nullptr);
    }
    SECTION("the user's own is kept") {
        usage_of_first(built, "batch").cpu.add(2.5);
        built.project.services["db"].resolved = {{"cpu_shares", 300}};
        CHECK(shares() == nullptr);
        CHECK(mentions(why_left(advised_limits(built), "db", "cpu_shares"), "yours, 300"));
    }
}

TEST_CASE("processes: wide, a power of two, and never less than the connections allowed", "[limits][pids]") {
    CaseBuilder built;
    built.run("db", {{}});
    CHECK(find_change(advised_limits(built), "db", "pids")->after == 512);
    usage_of_first(built, "db").pids_kernel_peak = 200;
    CHECK(find_change(advised_limits(built), "db", "pids")->after == 1024);
    built.application("db", "postgres", {{"max_connections", 900}});
    CHECK(find_change(advised_limits(built), "db", "pids")->after == 2048);
    SECTION("the user's is kept, unless nearly all were in use") {
        for (const json& boundless : {json{{"pids_limit", -1}}, json{{"pids_limit", "-1"}},
                                      json{{"deploy", {{"resources", {{"limits", {{"pids", -1}}}}}}}}}) {
            built.project.services["db"].resolved = boundless;
            CHECK(find_change(advised_limits(built), "db", "pids") == nullptr);
            CHECK(why_left(advised_limits(built), "db", "pids") == "yours, without bound, is kept");
        }
        built.wishes["db"].pinned["pids"] = "4096";
        CHECK(find_change(advised_limits(built), "db", "pids")->before == -1);
        CHECK(find_change(advised_limits(built), "db", "pids")->after == 4096);
        built.wishes.clear();
        built.project.services["db"].resolved = {{"pids_limit", 400}};
        CHECK(find_change(advised_limits(built), "db", "pids") == nullptr);
        built.project.services["db"].resolved = {{"pids_limit", 210}};
        CHECK(find_change(advised_limits(built), "db", "pids")->after == 2048);
    }
    SECTION("nothing where the kernel does not count them") {
        built.observation.engine->pids_limit = false;
        CHECK(find_change(advised_limits(built), "db", "pids") == nullptr);
    }
    SECTION("memlock is left alone, and said to do nothing for PostgreSQL") {
        CHECK(mentions(why_left(advised_limits(built), "db", "memlock"), "does nothing"));
        CHECK(why_left(advised_limits(built), "other", "memlock").empty());
    }
}

TEST_CASE("descriptors are raised only above what the files set, by what the program says", "[limits][nofile]") {
    CaseBuilder built;
    built.run("web", {{}});
    built.application("web", "nginx", {{"worker_connections", "4096"}, {"worker_rlimit_nofile", ""}});
    CHECK(find_change(advised_limits(built), "web", "nofile") == nullptr);  // the engine's default is not known
    built.project.services["web"].resolved = {{"ulimits", {{"nofile", {{"soft", 1024}, {"hard", 2048}}}}}};
    const Advice advice = advised_limits(built);
    REQUIRE(find_change(advice, "web", "nofile") != nullptr);
    CHECK(find_change(advice, "web", "nofile")->after == 16384);
    CHECK(find_change(advice, "web", "nofile")->before == 1024);
    SECTION("enough is enough") {
        built.project.services["web"].resolved = {{"ulimits", {{"nofile", 10000}}}};
        CHECK(find_change(advised_limits(built), "web", "nofile") == nullptr);
    }
    SECTION("nginx raises it itself") {
        built.observed("web").applications.front().facts["worker_rlimit_nofile"] = "20000";
        CHECK(find_change(advised_limits(built), "web", "nofile") == nullptr);
    }
    SECTION("PostgreSQL says it, too") {
        built.run("db", {{}}, {{"ulimits", {{"nofile", 500}}}});
        built.application("db", "postgres", {{"settings", {{{"name", "max_files_per_process"}, {"value", "1000"}}}}});
        CHECK(find_change(advised_limits(built), "db", "nofile")->after == 2048);
    }
}

TEST_CASE("what does not run or is not wanted is left alone, with the reason", "[limits]") {
    CaseBuilder built;
    built.run("job", {{}}).containers.front().status = "exited";
    built.observed("job").usage.clear();
    built.declare("never");
    ServiceObservation never;
    never.service = "never";
    built.observation.services.push_back(never);
    built.run("mine", {{}});
    built.wishes["mine"].excluded.insert("limits");
    built.run("orphan", {{}});
    built.project.services.erase("orphan");
    const Advice advice = advised_limits(built);
    CHECK(advice.changes.empty());
    CHECK(mentions(why_left(advice, "job", "memory"), "ran once and ended"));
    CHECK(mentions(why_left(advice, "never", "memory"), "no container"));
    CHECK(why_left(advice, "mine", "memory").empty());
    CHECK(mentions(why_left(advice, "orphan", "memory"), "do not have it"));
}

TEST_CASE("pins are written as they are, and a deadly or unreadable one is said", "[limits]") {
    CaseBuilder built;
    built.run("app", {{}}, {{"restart", "always"}});
    auto& pinned = built.wishes["app"].pinned;
    pinned = {{"memory", "1g"}, {"cpus", "1.5"}, {"pids", "99"}, {"cpu_shares", "512"}};
    Advice advice = advised_limits(built);
    CHECK(find_change(advice, "app", "memory")->after == "1024m");
    CHECK(find_change(advice, "app", "memory")->reason == "pinned by x-pilotpros");
    CHECK(find_change(advice, "app", "memory_swap")->after == "1024m");
    CHECK(find_change(advice, "app", "cpus")->after == 1.5);
    CHECK(find_change(advice, "app", "pids")->after == 99);
    CHECK(find_change(advice, "app", "cpu_shares")->after == 512);
    CHECK(advice.findings.empty());
    pinned = {{"memory", "50m"}, {"cpus", "many"}};
    advice = advised_limits(built);
    CHECK(find_finding(advice, "app", "pin-below-need") != nullptr);
    CHECK(find_finding(advice, "app", "pin-unreadable") != nullptr);
    CHECK(find_change(advice, "app", "cpus") == nullptr);
}

TEST_CASE("a pin of memory and swap together is written as far as the Engine takes it", "[limits][wishes]") {
    CaseBuilder built;
    built.run("app", {{}}, {{"restart", "always"}});
    auto& pinned = built.wishes["app"].pinned;
    pinned = {{"memory", "1g"}, {"memory_swap", "2g"}};
    Advice advice = advised_limits(built);
    CHECK(find_change(advice, "app", "memory_swap")->after == "2048m");
    CHECK(find_change(advice, "app", "memory_swap")->reason == "pinned by x-pilotpros");
    SECTION("without bound, too") {
        pinned["memory_swap"] = "-1";
        CHECK(find_change(advised_limits(built), "app", "memory_swap")->after == "-1");
    }
    SECTION("less than the memory limit is told and not written") {
        pinned["memory_swap"] = "512m";
        advice = advised_limits(built);
        CHECK(find_change(advice, "app", "memory_swap")->after == "1024m");
        CHECK(find_change(advice, "app", "memory_swap")->rule != "pinned by x-pilotpros");
        CHECK(find_finding(advice, "app", "pin-below-memory") != nullptr);
        pinned["memory_swap"] = "much";
        CHECK(find_change(advised_limits(built), "app", "memory_swap")->after == "1024m");
    }
    SECTION("beside the user's own memory limit") {
        built.project.services["app"].resolved["mem_limit"] = "536870912";
        pinned = {{"memory_swap", "600m"}};
        CHECK(find_change(advised_limits(built), "app", "memory_swap")->after == "600m");
    }
    SECTION("not without a memory limit, nor where the kernel does not count swap") {
        pinned["memory"] = "0";
        advice = advised_limits(built);
        CHECK(find_change(advice, "app", "memory_swap") == nullptr);
        CHECK(mentions(why_left(advice, "app", "memory_swap"), "without a memory limit"));
        pinned["memory"] = "1g";
        built.observation.engine->swap_limit = false;
        advice = advised_limits(built);
        CHECK(find_change(advice, "app", "memory_swap") == nullptr);
        CHECK(mentions(why_left(advice, "app", "memory_swap"), "does not count swap"));
    }
}

TEST_CASE("bounds of limits are heard by what follows them", "[limits][wishes]") {
    CaseBuilder built;
    built.run("app", {{}}, {{"restart", "always"}});
    Wish& wish = built.wishes["app"];
    SECTION("memory's in its reason") {
        wish.most["memory"] = "130m";
        CHECK(mentions(find_change(advised_limits(built), "app", "memory")->reason, "allows at most 130 MiB"));
        wish = {};
        wish.least["memory"] = "2g";
        CHECK(mentions(find_change(advised_limits(built), "app", "memory")->reason, "asks for at least 2.00 GiB"));
        wish.least["memory"] = "64m";
        CHECK_FALSE(mentions(find_change(advised_limits(built), "app", "memory")->reason, "x-pilotpros"));
    }
    SECTION("that of memory and swap together, above the memory limit") {
        wish.pinned["memory"] = "1g";
        wish.least["memory_swap"] = "1.5g";
        const Advice advice = advised_limits(built);
        CHECK(find_change(advice, "app", "memory_swap")->after == "1536m");
        CHECK(find_change(advice, "app", "memory_swap")->reason == "bounded by x-pilotpros; without it 1024m");
    }
    SECTION("and below it nothing is written that the Engine would refuse") {
        wish.pinned["memory"] = "1g";
        wish.most["memory_swap"] = "512m";
        const Advice advice = advised_limits(built);
        CHECK(find_change(advice, "app", "memory_swap") == nullptr);
        CHECK(mentions(why_left(advice, "app", "memory_swap"), "at most 512 MiB"));
        wish.most["memory_swap"] = "1g";
        CHECK(find_change(advised_limits(built), "app", "memory_swap")->after == "1024m");
    }
    SECTION("fewer processes than were seen are no limit") {
        wish.most["pids"] = "11";
        CHECK(find_change(advised_limits(built), "app", "pids") == nullptr);
        CHECK(mentions(why_left(advised_limits(built), "app", "pids"), "at most 11, and 12 processes"));
        wish.most["pids"] = "12";
        CHECK(find_change(advised_limits(built), "app", "pids") != nullptr);
    }
    SECTION("and a kernel that counts none has nothing to bound") {
        built.observation.engine->pids_limit = false;
        CHECK(why_left(advised_limits(built), "app", "pids").empty());
        wish.most["pids"] = "100";
        CHECK(mentions(why_left(advised_limits(built), "app", "pids"), "counts no processes"));
    }
}

TEST_CASE("limits are pinned also of a service that does not run", "[limits][wishes]") {
    CaseBuilder built;
    built.declare("job");
    ServiceObservation job;
    job.service = "job";
    built.observation.services.push_back(job);
    CHECK(advised_limits(built).changes.empty());
    built.wishes["job"].pinned = {{"cpus", "1.5"}, {"cpu_shares", "512"}, {"pids", "99"}, {"nofile", "2048"}};
    const Advice advice = advised_limits(built);
    for (const char* key : {"cpus", "cpu_shares", "pids", "nofile"}) {
        CAPTURE(key);
        REQUIRE(find_change(advice, "job", key) != nullptr);
        CHECK(find_change(advice, "job", key)->reason == "pinned by x-pilotpros");
    }
}

TEST_CASE("a pin of memory that is not used leaves the rule what it is", "[limits][wishes]") {
    CaseBuilder built;
    built.run("app", {{}}, {{"restart", "always"}});
    const std::string rule = find_change(advised_limits(built), "app", "memory")->rule;
    built.wishes["app"].pinned["memory"] = "plenty";
    CHECK(find_change(advised_limits(built), "app", "memory")->rule == rule);
    SECTION("and of a pin to no limit the user's own is told") {
        built.wishes["app"].pinned["memory"] = "0";
        built.project.services["app"].resolved["mem_limit"] = "1073741824";
        CHECK(mentions(why_left(advised_limits(built), "app", "memory"), "take it out there"));
    }
}

TEST_CASE("limits recipe: each key for which it has a line says what that would have done", "[limits][recipe]") {
    CaseBuilder built;
    built.run("app", {{}}, {{"ulimits", {{"nofile", 100}}}});
    const std::string kind = GENERATE("postgres", "n8n", "node", "nginx");
    built.application("app", kind);
    built.wishes["app"].pinned = {
        {"memory", "1g"}, {"cpus", "1.5"}, {"cpu_shares", "512"}, {"pids", "99"}, {"nofile", "2048"}};
    const Advice advice = advised_limits(built);
    for (const char* key : {"memory", "memory_swap", "cpus", "cpu_shares"}) {
        CAPTURE(kind, key);
        REQUIRE(find_change(advice, "app", key) != nullptr);
        CHECK_FALSE(find_change(advice, "app", key)->recipe.empty());
    }
    for (const char* key : {"pids", "nofile"}) {
        REQUIRE(find_change(advice, "app", key) != nullptr);
        CHECK(find_change(advice, "app", key)->recipe.empty());
    }
    SECTION("it has no service of another kind") {
        built.observed("app").applications.front().kind = "redis";
        CHECK(find_change(advised_limits(built), "app", "memory")->recipe.empty());
    }
}

TEST_CASE("what does not fit the machine is said of the project", "[limits]") {
    CaseBuilder built;
    Seen large;
    large.memory = 3000;
    built.run("app", {large, large});
    CHECK(find_finding(advised_limits(built), "", "memory-does-not-fit") == nullptr);
    built.observation.engine->memory = 4 * kGiB;
    CHECK(find_finding(advised_limits(built), "", "memory-does-not-fit") != nullptr);
}

TEST_CASE("rules hold no measured number, and nothing secret reaches a text", "[limits]") {
    const auto texts = [](double memory, unsigned seed) {
        CaseBuilder built;
        Seen seen;
        seen.memory = memory;
        seen.seed = seed;
        built.run("app", {seen}, {{"environment", {{"PASSWORD", "hunter2"}}}, {"command", {"serve", "--key=hunter2"}}});
        const Advice advice = advised_limits(built);
        std::string rules;
        for (const Change& change : advice.changes) {
            rules += change.key + ": " + change.rule + "\n";
            CHECK_FALSE(mentions(json(change).dump(), "hunter2"));
        }
        return rules;
    };
    CHECK(texts(100, 1) == texts(900, 2));
}
