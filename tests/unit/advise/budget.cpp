#include "core/advise/budget.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/advise/evidence.h"
#include "tests/unit/advise/advice_cases.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using nlohmann::json;

namespace {

Share share_of(const CaseBuilder& built, const std::string& service,
               const std::map<std::string, Demand>& demands = {}) {
    return divide_memory(built.get(), demands).shares.at(service);
}

const Seen kBusy{};

Seen idle(double seconds) {
    Seen seen;
    seen.seconds = seconds;
    seen.cpu = 0.003;
    seen.network = 300;
    seen.spread = 1;
    return seen;
}

json own_limit(Bytes bytes) { return {{"mem_limit", std::to_string(bytes)}}; }

}  // namespace

TEST_CASE("the margin is a quarter and the chance that the next look beats the peak", "[limits][budget]") {
    Seen seen;
    seen.memory = 280;
    const MemoryEvidence evidence = weigh_memory(usage_seen(seen));
    CHECK(evidence.looks == Approx(24));  // one in 5 s of 120
    CHECK(evidence.margin == Approx(0.25 + 1.0 / 25));
    CHECK(evidence.enough());
    seen.seconds = 3600;
    CaseBuilder built;
    built.run("app", {seen});
    const Share share = share_of(built, "app");
    CHECK(share.advised);
    CHECK(share.memory == round_up(static_cast<Bytes>(std::ceil(
                              static_cast<double>(usage_of(built.observed("app")).need_peak()) * (1.25 + 1.0 / 721)))));
    CHECK(mentions(share.why, "720 looks: + 25 %"));
    SECTION("while less than an hour was seen, twice the need where there is room") {
        seen.seconds = 120;
        built.observed("app").usage.begin()->second = usage_seen(seen);
        CHECK(share_of(built, "app").memory == round_up(2 * evidence.need));
        CHECK(mentions(share_of(built, "app").why, "24 looks: + 29 %, twice the need"));
        built.observation.engine->memory = 512 * kMiB + evidence.need * 13 / 10;
        CHECK(share_of(built, "app").memory < evidence.need * 13 / 10);
    }
}

TEST_CASE("too little evidence gives no limit, and says what lacks", "[limits][budget]") {
    CaseBuilder built;
    SECTION("twenty idle seconds, which p95 + 20 % made a limit that stalled the stack") {
        built.run("app", {idle(20)});
        CHECK(mentions(share_of(built, "app").why, "insufficient evidence: 20 s were seen"));
    }
    SECTION("twenty busy seconds") {
        Seen seen;
        seen.seconds = 20;
        built.run("app", {seen});
    }
    SECTION("an idle hour") {
        built.run("app", {idle(3600)});
        CHECK(mentions(share_of(built, "app").why, "it was idle"));
    }
    SECTION("memory that grows all the time is one look") {
        Seen seen;
        seen.growing = true;
        built.run("app", {seen});
        CHECK(mentions(share_of(built, "app").why, "growing"));
    }
    SECTION("neither the start nor the kernel's peak is known") {
        Seen seen;
        seen.kernel_peak = 0;
        built.run("app", {seen});
        CHECK(mentions(share_of(built, "app").why, "its start was not seen"));
    }
    SECTION("no container") { built.declare("app"); }
    SECTION("a job that ran and ended") {
        built.run("app", {kBusy}).containers.front().status = "exited";
        CHECK(mentions(share_of(built, "app").why, "ran once and ended"));
    }
    SECTION("nothing in the files") {
        built.run("app", {kBusy});
        built.project.services.clear();
    }
    CHECK(share_of(built, "app").memory == 0);
    CHECK_FALSE(share_of(built, "app").advised);
}

TEST_CASE("replicas are no time: what takes a while takes it with many of them, too", "[limits][budget]") {
    CaseBuilder built;
    SECTION("five of five seconds are not twenty-five") {
        Seen seen;
        seen.seconds = 5;
        built.run("app", std::vector<Seen>(5, seen));
        CHECK(mentions(share_of(built, "app").why, "insufficient evidence: 5.0 s were seen"));
    }
    SECTION("twenty-four idle ones of an hour are no day") {
        built.run("app", std::vector<Seen>(24, idle(3600)));
        CHECK(mentions(share_of(built, "app").why, "it was idle"));
        CHECK(mentions(share_of(built, "app").why, "in 1 h"));
    }
    SECTION("four of thirty seconds are a profile of thirty") {
        Seen seen;
        seen.seconds = 30;
        built.run("app", std::vector<Seen>(4, seen));
        const MemoryEvidence evidence = weigh_memory(usage_of(built.observed("app")));
        CHECK(mentions(evidence.from(), "profile of 30 s"));
        CHECK(evidence.looks == 6);  // one in 5 s
    }
    SECTION("ten of six minutes are no hour: twice the need stays, and nothing is lowered") {
        Seen seen;
        seen.seconds = 360;
        built.run("app", std::vector<Seen>(10, seen));
        const Bytes need = usage_of(built.observed("app")).need_peak();
        CHECK(share_of(built, "app", {{"app", Demand{}}}).memory == round_up(2 * need));
        built.written["app"]["memory"] = "1g";
        CHECK(share_of(built, "app", {{"app", Demand{}}}).memory == kGiB);
    }
}

TEST_CASE("the CPUs of a share are those that it may use, however that is said", "[limits][budget]") {
    CaseBuilder built;
    built.observation.engine->cpus = 8;
    built.run("app", {kBusy});
    json& resolved = built.project.services["app"].resolved;
    const auto cpus = [&] { return share_of(built, "app").cpus; };
    CHECK(cpus() == 8);
    resolved = {{"cpu_quota", "150000"}};
    CHECK(cpus() == 1.5);
    resolved = {{"cpu_quota", 150000}, {"cpu_period", 50000}};
    CHECK(cpus() == 3);
    resolved = {{"cpuset", "0-2,5"}};
    CHECK(cpus() == 4);
    resolved = {{"cpuset", "0"}, {"cpus", 1.5}};
    CHECK(cpus() == 1);
    resolved = {{"cpuset", "none"}, {"cpus", 1.5}};
    CHECK(cpus() == 1.5);
    built.wishes["app"].pinned["cpus"] = "2";
    CHECK(cpus() == 2);
    built.wishes["app"].pinned["cpus"] = "two";
    CHECK(cpus() == 1.5);
}

TEST_CASE("each lack is what keeps the limit away", "[limits][budget]") {
    CaseBuilder built;
    SECTION("an idle day is a day") { built.run("app", {idle(90'000)}); }
    SECTION("a start that was watched stands in for the kernel's peak") {
        Seen seen;
        seen.kernel_peak = 0;
        seen.start_memory = 90;
        built.run("app", {seen});
    }
    SECTION("work without a network") {
        Seen seen;
        seen.network = 0;
        built.run("app", {seen});
    }
    SECTION("little CPU, but traffic") {
        Seen seen;
        seen.cpu = 0.004;
        built.run("app", {seen});
    }
    SECTION("memory that the load does not move counts the looks at the load") {
        Seen seen;
        seen.spread = 0;
        built.run("app", {seen});
    }
    CHECK(share_of(built, "app").advised);
}

TEST_CASE("growth that the application accounts for is no lack", "[limits][budget]") {
    CaseBuilder built;
    Seen seen;
    seen.growing = true;
    built.run("db", {seen});
    CHECK(share_of(built, "db", {{"db", {400 * kMiB, 0, "buffers"}}}).memory == 416 * kMiB);
    CHECK(share_of(built, "db", {{"db", {100 * kMiB, 0, "buffers"}}}).memory == 0);
}

TEST_CASE("the peak of the start and what sampling missed count", "[limits][budget]") {
    CaseBuilder built;
    Seen start;
    start.start_memory = 300;
    built.run("starts", {start});
    Seen spike;
    spike.kernel_peak = 420;
    built.run("spikes", {spike});
    CHECK(share_of(built, "starts").memory >= 300 * kMiB * 5 / 4);
    CHECK(share_of(built, "spikes").memory >= 400 * kMiB * 5 / 4);
}

TEST_CASE("the highest replica counts, and each replica takes its room", "[limits][budget]") {
    CaseBuilder built;
    Seen small;
    Seen large;
    large.memory = 500;
    built.run("app", {small, small, small, large});
    const Budget budget = divide_memory(built.get(), {});
    CHECK(budget.shares.at("app").memory >= 520 * kMiB * 5 / 4);
    CHECK(budget.granted == 4 * budget.shares.at("app").memory);
}

TEST_CASE("a small service keeps room for a probe", "[limits][budget]") {
    CaseBuilder built;
    Seen small;
    small.seconds = 3600;
    small.memory = 5;
    small.spread = 1;
    built.run("web", {small});
    Seen middling = small;
    middling.memory = 40;
    built.run("app", {middling});
    CHECK(share_of(built, "web").memory == 64 * kMiB);
    CHECK(share_of(built, "app").memory >= (40 + 48) * kMiB);
}

TEST_CASE("half a minute of flat memory is no tight limit for a program that nobody knows", "[limits][budget]") {
    CaseBuilder built;
    Seen flat;
    flat.seconds = 30;
    flat.memory = 7;
    flat.spread = 0.2;
    built.run("cache", {flat});
    CHECK(share_of(built, "cache").memory == 256 * kMiB);
    CHECK(mentions(share_of(built, "cache").why, "256 MiB at least in the first hour"));
    SECTION("after an hour of it the memory that was seen counts, also against what was written") {
        flat.seconds = 3600;
        built.observed("cache").usage.begin()->second = usage_seen(flat);
        CHECK(share_of(built, "cache").memory == 64 * kMiB);
        built.written["cache"]["memory"] = "256m";
        CHECK(share_of(built, "cache").memory == 64 * kMiB);
    }
    SECTION("an application whose module knows what its memory follows is not in the dark") {
        CHECK(share_of(built, "cache", {{"cache", {}}}).memory == 64 * kMiB);
    }
    SECTION("a service that needs more is not kept at that") {
        flat.memory = 300;
        built.observed("cache").usage.begin()->second = usage_seen(flat);
        CHECK(share_of(built, "cache").memory > 512 * kMiB);
        CHECK_FALSE(mentions(share_of(built, "cache").why, "first hour"));
    }
    SECTION("the user's bound and the user's own limit are") {
        built.wishes["cache"].most["memory"] = "96m";
        CHECK(share_of(built, "cache").memory == 96 * kMiB);
        built.wishes.clear();
        built.project.services["cache"].resolved = own_limit(80 * kMiB);
        CHECK(share_of(built, "cache").memory == 80 * kMiB);
    }
    SECTION("without load there is no limit at all, flat or not") {
        flat.cpu = 0.003;
        flat.network = 300;
        built.observed("cache").usage.begin()->second = usage_seen(flat);
        CHECK(share_of(built, "cache").memory == 0);
        CHECK(mentions(share_of(built, "cache").why, "insufficient evidence: it was idle"));
    }
    SECTION("where the machine has no room for it, what is measured comes first") {
        for (const char* const name : {"second", "third"}) {
            built.run(name, {flat});
        }
        built.observation.engine->memory = 512 * kMiB + 400 * kMiB;
        const Budget budget = divide_memory(built.get(), {});
        CHECK(fits(budget, 0));
        CHECK(budget.shares.at("cache").memory >= 104 * kMiB);
        CHECK(budget.shares.at("cache").memory < 256 * kMiB);
        CHECK(mentions(budget.shares.at("cache").why, "for lack of room"));
        built.observation.engine->memory = 512 * kMiB + 3 * 64 * kMiB;
        CHECK(share_of(built, "cache").memory == 64 * kMiB);
        CHECK_FALSE(mentions(share_of(built, "cache").why, "first hour"));
    }
}

TEST_CASE("a cache that its flags let grow gets what they say, however empty it was seen", "[limits][budget]") {
    Seen flat;
    flat.seconds = 3600;
    flat.memory = 7;
    flat.spread = 0.2;
    const auto share = [&](json service) {
        CaseBuilder built;
        built.run("cache", {flat}, std::move(service));
        return share_of(built, "cache");
    };
    const auto words = [](json command) { return json{{"command", std::move(command)}}; };
    CHECK(share(words({"memcached", "-m", "900"})).memory == 1280 * kMiB);
    CHECK(mentions(share(words({"memcached", "-m", "900"})).why, "-m 900 MiB in its command"));
    CHECK(share({{"image", "memcached:1.6"}, {"command", {"-c", "64", "-m900"}}}).memory == 1280 * kMiB);
    CHECK(share(words({"memcached", "--memory-limit=900"})).memory == 1280 * kMiB);
    CHECK(share(words({"redis-server", "--maxmemory", "900mb"})).memory == 1152 * kMiB);
    SECTION("the same letter of another program means nothing") {
        CHECK(share(words({"worker", "-m", "900"})).memory == 64 * kMiB);
        CHECK(share(words({"memcached", "--x-m", "900"})).memory == 64 * kMiB);
    }
    SECTION("what the application's module says counts before a flag") {
        CaseBuilder built;
        built.run("cache", {flat}, words({"redis-server", "--maxmemory", "900mb"}));
        CHECK(share_of(built, "cache", {{"cache", {400 * kMiB, 0, "maxmemory"}}}).memory == 416 * kMiB);
    }
}

TEST_CASE("page cache and wishes are granted while there is room", "[limits][budget]") {
    CaseBuilder built;
    Seen cached;
    cached.seconds = 3600;
    Seen without = cached;
    cached.page_cache = 80;
    built.run("db", {cached});
    built.run("plain", {without});
    const Bytes plain = share_of(built, "plain").memory;
    CHECK(share_of(built, "db").memory >= plain + 72 * kMiB);
    CHECK(mentions(share_of(built, "db").why, "page cache"));
    CHECK(share_of(built, "plain", {{"plain", {0, kGiB, "a heap"}}}).memory == kGiB);
    SECTION("a read of a large file does not make it a large service") {
        Seen reader;
        reader.page_cache = 5000;
        built.run("reader", {reader});
        CHECK(share_of(built, "reader").memory < 320 * kMiB);
    }
    SECTION("with too little room they go first") {
        built.observation.engine->memory = 512 * kMiB + 2 * plain + 32 * kMiB;
        const Budget budget = divide_memory(built.get(), {{"plain", {0, kGiB, "a heap"}}});
        CHECK(budget.shares.at("plain").memory < plain + 40 * kMiB);
        CHECK(budget.shares.at("db").memory >= plain);
        CHECK(fits(budget, 0));
        CHECK(mentions(budget.shares.at("plain").why, "for lack of room"));
    }
}

TEST_CASE("too little room takes margins, never the need", "[limits][budget]") {
    CaseBuilder built;
    Seen large;
    large.memory = 1000;
    for (const char* const name : {"a", "b", "c"}) {
        built.run(name, {large});
    }
    const Bytes need = weigh_memory(usage_seen(large)).need;
    SECTION("less margin") {
        built.observation.engine->memory = 512 * kMiB + 3 * need * 6 / 5;
        const Budget budget = divide_memory(built.get(), {});
        CHECK(fits(budget, 0));
        CHECK(budget.shares.at("a").memory >= need * 11 / 10);
        CHECK(budget.shares.at("a").memory < need * 5 / 4);
    }
    SECTION("none that fits") {
        built.observation.engine->memory = 2 * kGiB;
        const Budget budget = divide_memory(built.get(), {});
        CHECK_FALSE(fits(budget, 0));
        CHECK(budget.shares.at("a").memory >= need * 11 / 10);
    }
    SECTION("what other projects use is not there to give") {
        built.observation.engine->memory = 8 * kGiB;
        CHECK(fits(divide_memory(built.get(), {}), 0));
        built.observation.engine->others_memory = 6 * kGiB;
        CHECK_FALSE(fits(divide_memory(built.get(), {}), 0));
    }
    SECTION("what a service without a limit uses is set aside") {
        built.observation.engine->memory = 512 * kMiB + 3 * need * 6 / 5;
        built.run("idle", {idle(120)});
        CHECK(divide_memory(built.get(), {}).shares.at("a").memory < need * 6 / 5);
    }
}

TEST_CASE("the user's own limit is the share, in either dialect", "[limits][budget]") {
    CaseBuilder built;
    built.run("flat", {kBusy}, own_limit(768 * kMiB));
    built.run("deployed", {kBusy}, {{"deploy", {{"resources", {{"limits", {{"memory", "201326592"}}}}}}}});
    built.run("gone", {kBusy}, own_limit(100 * kMiB)).containers.clear();
    CHECK(share_of(built, "flat").memory == 768 * kMiB);
    CHECK(share_of(built, "deployed").memory == 192 * kMiB);
    CHECK(share_of(built, "gone").memory == 100 * kMiB);
    CHECK_FALSE(share_of(built, "flat").advised);
    SECTION("but not when the service needs more") {
        Seen large;
        large.memory = 900;
        built.run("app", {large}, own_limit(768 * kMiB));
        CHECK(share_of(built, "app").advised);
        CHECK(share_of(built, "app").memory >= 920 * kMiB * 5 / 4);
        CHECK(mentions(share_of(built, "app").why, "its own limit of 768 MiB"));
    }
}

TEST_CASE("no limit is below what the files reserve, which the Engine would refuse", "[limits][budget]") {
    CaseBuilder built;
    built.run("app", {{}});
    CHECK(share_of(built, "app").memory < 4 * kGiB);
    built.project.services["app"].resolved = {{"mem_reservation", "4294967296"}};
    CHECK(share_of(built, "app").memory >= 4 * kGiB);
    CHECK(mentions(share_of(built, "app").why, "that the files reserve"));
}

TEST_CASE("an OOM kill raises the limit that was in force, once", "[limits][budget]") {
    CaseBuilder built;
    Seen seen;
    ServiceObservation& observed = built.run("app", {seen}, own_limit(300 * kMiB));
    observed.containers.front().limits.memory = 300 * kMiB;
    CHECK(share_of(built, "app").memory == 300 * kMiB);
    observed.usage.begin()->second.oom_kills = 1;
    CHECK(share_of(built, "app").memory == round_up(400 * kMiB));
    SECTION("a fifth where that is more") {
        observed.containers.front().limits.memory = kGiB;
        CHECK(share_of(built, "app").memory == round_up(kGiB * 6 / 5));
    }
    SECTION("also when the profile says too little otherwise") {
        observed.usage.begin()->second = usage_seen(idle(20));
        observed.usage.begin()->second.oom_kills = 1;
        CHECK(share_of(built, "app").memory == round_up(400 * kMiB));
    }
    SECTION("the container that got the higher limit knows nothing of the kill: the value stands") {
        built.written["app"]["memory"] = "416m";
        observed.containers.front().limits.memory = 416 * kMiB;
        observed.usage.begin()->second.oom_kills = 0;
        CHECK(share_of(built, "app").memory == 416 * kMiB);
        CHECK(share_of(built, "app").advised);
    }
    SECTION("nothing follows a limit that nobody sets") {
        const auto share = [&](bool advises_limits) {
            return divide_memory(built.get(), {}, advises_limits).shares.at("app");
        };
        CHECK(share(true).advised);
        CHECK_FALSE(share(false).advised);
        CHECK(share(false).memory == 300 * kMiB);
        built.written["app"]["memory"] = "1g";
        CHECK(share(false).memory == kGiB);  // what an apply wrote is in force
        built.written.clear();
        built.wishes["app"].pinned["memory"] = "2g";
        CHECK(share(true).memory == 2 * kGiB);
        CHECK(share(false).memory == 300 * kMiB);
        built.wishes.clear();
        built.observation.engine->memory_limit = false;
        CHECK_FALSE(share(true).advised);
    }
    SECTION("a kill that is only kept, from before this container, is not one of this limit") {
        observed.usage.begin()->second.oom_kills = 0;
        observed.kept = usage_seen(seen);
        observed.kept.oom_kills = 1;
        observed.kept.oom_at = observed.containers.front().created - std::chrono::hours{1};
        CHECK(share_of(built, "app").memory == 300 * kMiB);
        observed.kept.oom_at = observed.containers.front().created + std::chrono::hours{1};
        CHECK(share_of(built, "app").memory == round_up(400 * kMiB));
    }
}

TEST_CASE("pins, bounds and exclusions are the user's word", "[limits][budget]") {
    CaseBuilder built;
    built.run("app", {kBusy});
    Wish& wish = built.wishes["app"];
    SECTION("a pin is taken as it is") {
        wish.pinned["memory"] = "1.5g";
        CHECK(share_of(built, "app").memory == 1536 * kMiB);
        CHECK(share_of(built, "app").why == "pinned by x-pilotpros");
    }
    SECTION("a pin of 0 is no limit") {
        wish.pinned["memory"] = "0";
        CHECK(share_of(built, "app").memory == 0);
        CHECK_FALSE(share_of(built, "app").advised);
    }
    SECTION("bounds") {
        wish.least["memory"] = "1g";
        CHECK(share_of(built, "app").memory == kGiB);
        wish.least.clear();
        wish.most["memory"] = "130m";
        CHECK(share_of(built, "app").memory == 130 * kMiB);
    }
    SECTION("bounds that contradict each other: neither is used") {
        const Bytes free = share_of(built, "app").memory;
        wish.least["memory"] = "2g";
        wish.most["memory"] = "130m";
        CHECK(share_of(built, "app").memory == free);
        CHECK(free != 130 * kMiB);
    }
    SECTION("a bound below the need gives nothing rather than what kills") {
        wish.most["memory"] = "100m";
        CHECK(share_of(built, "app").memory == 0);
        CHECK(mentions(share_of(built, "app").why, "allows at most 100 MiB"));
    }
    SECTION("excluded") {
        wish.excluded.insert("limits");
        CHECK(share_of(built, "app").memory == 0);
    }
}

TEST_CASE("a second profile of the same load moves nothing", "[limits][budget]") {
    for (unsigned seed = 0; seed < 50; ++seed) {
        CaseBuilder first;
        Seen seen;
        seen.memory = 80 + 20.0 * seed;
        seen.spread = seen.memory / 4;
        seen.page_cache = seen.memory / 3;
        first.run("app", {seen, seen});
        const Bytes before = share_of(first, "app").memory;
        for (const double noise : {0.95, 0.98, 1.02, 1.05}) {
            CaseBuilder second;
            Seen again = seen;
            again.seed = 1000 + seed;
            again.memory *= noise;
            again.page_cache *= noise;
            again.seconds = noise > 1 ? 60 : 240;
            second.run("app", {again, again});
            second.written["app"]["memory"] = compose_size(before);
            INFO("seed " << seed << ", noise " << noise);
            CHECK(share_of(second, "app").memory == before);
        }
    }
}

TEST_CASE("a written value goes up at once and down after an hour", "[limits][budget]") {
    CaseBuilder built;
    ServiceObservation& observed = built.run("app", {kBusy});
    built.written["app"]["memory"] = "1024m";
    CHECK(share_of(built, "app").memory == kGiB);
    Seen hour;
    hour.seconds = 4000;
    observed.usage.begin()->second = usage_seen(hour);
    CHECK(share_of(built, "app").memory < 256 * kMiB);
    built.written["app"]["memory"] = "128m";
    observed.usage.begin()->second = usage_seen(kBusy);
    CHECK(share_of(built, "app").memory > 128 * kMiB);
    SECTION("an idle profile neither lowers it nor takes it back") {
        built.written["app"]["memory"] = "512m";
        observed.usage.begin()->second = usage_seen(idle(20));
        CHECK(share_of(built, "app").memory == 512 * kMiB);
        CHECK(share_of(built, "app").advised);
    }
}

TEST_CASE("no advised limit is ever below the peak of what cannot be reclaimed", "[limits][budget]") {
    std::mt19937_64 random{7};
    const auto between = [&](double low, double high) {
        return low + (high - low) * static_cast<double>(random() >> 11U) * 0x1.0p-53;
    };
    int advised = 0;
    for (int round = 0; round < 400; ++round) {
        CaseBuilder built;
        built.observation.engine->memory = static_cast<Bytes>(between(0.5, 16) * static_cast<double>(kGiB));
        built.observation.engine->others_memory = static_cast<Bytes>(between(0, 4) * static_cast<double>(kGiB));
        std::map<std::string, Demand> demands;
        for (const char* const name : {"a", "b", "c"}) {
            Seen seen;
            seen.seconds = between(5, 300);
            seen.memory = between(1, 1500);
            seen.spread = between(0, 400);
            seen.start_memory = random() % 2 == 0 ? between(0, 2500) : 0;
            seen.kernel_peak = random() % 2 == 0 ? between(0, 4000) : -1;
            seen.page_cache = between(0, 3000);
            seen.growing = random() % 4 == 0;
            seen.cpu = between(0, 1);
            seen.seed = static_cast<unsigned>(random());
            const bool limited = random() % 3 == 0;
            ServiceObservation& observed = built.run(
                name, {seen}, limited ? own_limit(static_cast<Bytes>(between(64, 900)) * kMiB) : json::object());
            observed.usage.begin()->second.oom_kills = random() % 5 == 0 ? 1 : 0;
            observed.containers.front().limits.memory = limited ? 64 * kMiB : 0;
            demands[name] = {static_cast<Bytes>(between(0, 500)) * kMiB, static_cast<Bytes>(between(0, 900)) * kMiB,
                             ""};
            if (random() % 2 == 0) {
                built.written[name]["memory"] = compose_size(static_cast<Bytes>(between(6, 3000)) * kMiB);
            }
            if (random() % 3 == 0) {
                built.wishes[name].most["memory"] = compose_size(static_cast<Bytes>(between(64, 2000)) * kMiB);
            }
        }
        const Budget budget = divide_memory(built.get(), demands);
        for (const auto& [name, share] : budget.shares) {
            if (share.advised) {
                ++advised;
                INFO("round " << round << " " << name << ": " << share.why);
                REQUIRE(share.memory >= usage_of(built.observed(name)).need_peak());
            }
        }
    }
    CHECK(advised > 400);
}

TEST_CASE("without an engine only the user's own limits are shares", "[limits][budget]") {
    CaseBuilder built;
    built.observation.engine.reset();
    built.declare("own", own_limit(kGiB));
    built.declare("none");
    const Budget budget = divide_memory(built.get(), {});
    CHECK(budget.total == 0);
    CHECK(budget.shares.at("own").memory == kGiB);
    CHECK(budget.shares.at("none").memory == 0);
}
