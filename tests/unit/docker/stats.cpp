#include "core/docker/stats.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "core/docker/events.h"
#include "tests/unit/docker/stats_lines.h"

using namespace pilotpros;

namespace {

StatsSample sample_of(const std::string& line) {
    StatsSample sample;
    REQUIRE(parse_stats(line, sample) == StatsLine::kSample);
    return sample;
}

}  // namespace

TEST_CASE("a sample of cgroup v1 is read as the engine wrote it") {
    const StatsSample sample = sample_of(test::kFirstVersion);
    CHECK(sample.read == parse_time("2026-11-23T15:17:42.005605857Z"));
    CHECK(sample.cpu_seconds == Approx(1.189869584));
    CHECK(sample.memory_usage == 622592);
    CHECK(sample.working_set == 622592 - 4096);
    CHECK(sample.unreclaimable == 622592 - 4096 - 40960);
    CHECK(sample.kernel_peak == 4489216);
    CHECK(sample.periods == 43);
    CHECK(sample.throttled_periods == 28);
    CHECK(sample.throttled_seconds == Approx(0.671733508));
    CHECK(sample.pids == 1);
    CHECK(sample.network_known);
    CHECK(sample.network_received == 516);
    CHECK_FALSE(sample.block_known);  // the lists are empty: that is no zero
    const StatsSample later = sample_of(test::kFirstVersionLater);
    const double cores = (later.cpu_seconds - sample.cpu_seconds) / Seconds{later.read - sample.read}.count();
    CHECK(cores == Approx(0.3).margin(0.03));  // its quota
}

TEST_CASE("a sample of cgroup v2 is read by its own fields") {
    const StatsSample sample = sample_of(test::kSecondVersion);
    CHECK(sample.memory_usage == 112263168);
    CHECK(sample.working_set == 112263168 - 20971520);
    // Anonymous, shared, stacks, unreclaimable slab, sockets, and 3 MiB of page tables that the answer does not name.
    CHECK(sample.unreclaimable == 41943040 + 31457280 + 1048576 + 1048576 + 65536 + 3145728);
    CHECK_FALSE(sample.kernel_peak.has_value());
    CHECK(sample.throttled_periods == 5);  // not the 999 of precpu_stats
    CHECK(sample.memory_failures == 3);
    CHECK(sample.network_received == 123);
    CHECK(sample.network_sent == 17);
    CHECK(sample.block_known);
    CHECK(sample.block_read == 5096);
    CHECK(sample.block_written == 8192);
}

TEST_CASE("page cache is not needed memory, shared memory is") {
    auto json = nlohmann::json::parse(test::kFirstVersion);
    auto& memory = json["memory_stats"];
    const StatsSample before = sample_of(json.dump());
    memory["usage"] = memory["usage"].get<int>() + 100'000'000;
    memory["stats"]["total_cache"] = memory["stats"]["total_cache"].get<int>() + 100'000'000;
    auto file_read = json;
    file_read["memory_stats"]["stats"]["total_active_file"] = 40960 + 100'000'000;
    CHECK(sample_of(file_read.dump()).unreclaimable == before.unreclaimable);
    auto shared = json;  // a tmpfs file is cache, too, but stands among the anonymous pages
    shared["memory_stats"]["stats"]["total_active_anon"] = 4096 + 100'000'000;
    CHECK(sample_of(shared.dump()).unreclaimable == before.unreclaimable + 100'000'000);
}

TEST_CASE("a container that does not run gives no sample, never zeros") {
    StatsSample sample;
    CHECK(parse_stats(test::kStopped, sample) == StatsLine::kNoSample);
    auto empty = nlohmann::json::parse(test::kFirstVersion);
    empty["memory_stats"] = nlohmann::json::object();
    CHECK(parse_stats(empty.dump(), sample) == StatsLine::kNoSample);
}

TEST_CASE("what is no sample is nonsense, whatever it is") {
    StatsSample sample;
    const std::string good = test::kSecondVersion;
    for (std::size_t length = 0; length < good.size(); length += 37) {
        CHECK(parse_stats(std::string_view{good}.substr(0, length), sample) == StatsLine::kNonsense);
    }
    for (const char* const line :
         {"", "5", "null", "[]", "{}", R"({"message":"No such container: x"})", "\xff\xfe", R"({"read":5})"}) {
        CHECK(parse_stats(line, sample) == StatsLine::kNonsense);
    }
    CHECK(parse_stats(std::string(100'000, '[') + std::string(100'000, ']'), sample) == StatsLine::kNonsense);
    auto odd = nlohmann::json::parse(good);
    odd["memory_stats"]["usage"] = "much";
    odd["networks"] = 7;
    CHECK(parse_stats(odd.dump(), sample) == StatsLine::kNoSample);
    odd["memory_stats"]["usage"] = 18446744073709551615ULL;
    CHECK(parse_stats(odd.dump(), sample) == StatsLine::kSample);
    CHECK(sample.unreclaimable >= 0);
}

TEST_CASE("an event is read without looking at the user's labels") {
    const auto event = parse_event(
        R"({"status":"die","id":"abc","Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"137",)"
        R"("com.docker.compose.project":"p","com.docker.compose.service":"s","com.docker.compose.oneoff":"True","secret":"x"}},)"
        R"("scope":"local","time":1795446340,"timeNano":1795446340519688345})");
    REQUIRE(event.has_value());
    CHECK(event->kind == ContainerEvent::Kind::kDie);
    CHECK(event->container == "abc");
    CHECK(event->project == "p");
    CHECK(event->service == "s");
    CHECK(event->oneoff);
    CHECK(event->exit_code == 137);
    CHECK(event->time == parse_time("2026-11-23T15:05:40.519688345Z"));
    const auto healthy =
        parse_event(R"({"Type":"container","Action":"health_status: healthy","Actor":{"ID":"a"},"timeNano":1})");
    REQUIRE(healthy.has_value());
    CHECK(healthy->kind == ContainerEvent::Kind::kHealthy);
    for (const char* const line : {"", "7", "{}", R"({"Type":"image","Action":"start","Actor":{"ID":"a"}})",
                                   R"({"Type":"container","Action":"exec_create: x","Actor":{"ID":"a"}})",
                                   R"({"Type":"container","Action":"start","Actor":{}})"}) {
        CHECK_FALSE(parse_event(line).has_value());
    }
}

TEST_CASE("only the events of one project are asked for") {
    const Request request = events_request("shop");
    REQUIRE(request.query.size() == 1);
    const auto filters = nlohmann::json::parse(request.query.front().second);
    CHECK(filters["label"] == nlohmann::json{"com.docker.compose.project=shop"});
    const Request later = events_request("shop", parse_time("2026-01-31T10:00:00.25Z"));
    CHECK(later.query.back() == std::pair<std::string, std::string>{"since", "1769853600.250000000"});
}
