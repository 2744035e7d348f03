#include "core/model/usage.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

using pilotpros::parse_time;
using pilotpros::Series;
using pilotpros::Usage;

namespace {

Series ar1(double rho, int count, unsigned seed) {
    std::mt19937_64 random{seed};
    std::normal_distribution<double> noise{0, 1};
    Series series;
    double state = noise(random) / std::sqrt(1 - rho * rho);
    for (int i = 0; i < count; ++i) {
        series.add(1e9 + 1e6 * state);
        state = rho * state + noise(random);
    }
    return series;
}

double mean_looks(double rho, int count) {
    double sum = 0;
    for (unsigned seed = 0; seed < 200; ++seed) {
        sum += ar1(rho, count, seed).looks();
    }
    return sum / 200;
}

Usage with_memory(double unreclaimable, pilotpros::Bytes sampled, pilotpros::Bytes kernel) {
    Usage usage;
    usage.samples = 1;
    usage.unreclaimable.add(unreclaimable);
    usage.sampled_peak = sampled;
    usage.kernel_peak = kernel;
    return usage;
}

}  // namespace

TEST_CASE("looks are as many as the autocorrelation leaves") {
    // n (1 - r) / (1 + r) with the true r; the estimate scatters, so its mean over many series is compared.
    CHECK(mean_looks(0.0, 300) == Approx(300).epsilon(0.15));
    CHECK(mean_looks(0.5, 300) == Approx(100).epsilon(0.15));
    CHECK(mean_looks(0.9, 300) == Approx(15.8).epsilon(0.3));
    CHECK(mean_looks(0.5, 60) == Approx(20).epsilon(0.3));
    CHECK(mean_looks(0.95, 60) < 5);
}

TEST_CASE("a constant or short series is one look, an empty one none") {
    Series series;
    CHECK(series.looks() == 0);
    series.add(3);
    CHECK(series.looks() == 1);
    for (int i = 0; i < 100; ++i) {
        series.add(3);
    }
    CHECK(series.looks() == 1);
    Series large;
    for (int i = 0; i < 100; ++i) {
        large.add(1e15);
    }
    CHECK(large.looks() == 1);
}

TEST_CASE("looks of several runs add up and fade") {
    Series series = ar1(0.5, 300, 1);
    const double first = series.looks();
    const Series second = ar1(0.5, 300, 2);
    series.merge(second);
    CHECK(series.looks() == Approx(first + second.looks()));
    CHECK(series.last() == second.last());
    series.fade(0.5);
    CHECK(series.looks() == Approx((first + second.looks()) / 2));
    CHECK(nlohmann::json(series).get<Series>().looks() == Approx(series.looks()));
}

TEST_CASE("what the kernel's peak has above the highest sample counts as needed") {
    const Usage usage = with_memory(100, 800, 1000);
    CHECK(usage.missed_peak() == 200);
    CHECK(usage.need_peak() == 300);
    CHECK(with_memory(100, 800, 800).missed_peak() == 0);
    CHECK(with_memory(100, 800, 0).need_peak() == 100);
    Usage unseen;
    unseen.kernel_peak = 500;
    CHECK(unseen.missed_peak() == 0);  // nothing was sampled that it could be compared with
}

TEST_CASE("a spike is told apart by when it happened") {
    Usage usage = with_memory(100, 800, 1000);
    usage.kernel_peak_before = 1000;
    CHECK_FALSE(usage.missed_while_watching());
    usage.kernel_peak_before = 900;
    CHECK(usage.missed_while_watching());
}

TEST_CASE("what programs beside the application held is kept, the most of it") {
    Usage usage = with_memory(100, 800, 1000);
    CHECK_FALSE(nlohmann::json(usage).get<Usage>().beside);  // as earlier versions kept it
    Usage seen = usage;
    seen.beside = 0;
    CHECK(nlohmann::json(seen).get<Usage>().beside == 0);
    usage.merge(seen);
    CHECK(usage.beside == 0);
    seen.beside = 40;
    usage.merge(seen);
    usage.merge(with_memory(100, 800, 1000));
    CHECK(usage.beside == 40);
}

TEST_CASE("merging replicas never hides the need of one") {
    Usage cached = with_memory(100, 800, 810);
    const Usage spiked = with_memory(50, 60, 300);
    REQUIRE(spiked.need_peak() == 290);
    cached.merge(spiked);
    CHECK(cached.need_peak() == 290);
    CHECK(cached.kernel_peak == 810);
    CHECK(cached.sampled_peak == 800);
    CHECK(nlohmann::json(cached).get<Usage>().need_peak() == 290);
    Usage other_order = spiked;
    other_order.merge(with_memory(100, 800, 810));
    CHECK(other_order.need_peak() == 290);
    Usage fresh;
    fresh.merge(spiked);
    CHECK(fresh.kernel_peak == 300);
    CHECK(fresh.sampled_peak == 60);
}

TEST_CASE("what one run missed is not added to what another one sampled") {
    Usage kept = with_memory(60, 60, 62);
    kept.merge(with_memory(3, 3, 203));
    CHECK(kept.need_peak() == 203);
    kept = nlohmann::json(kept).get<Usage>();
    CHECK(kept.need_peak() == 203);
    kept.merge(with_memory(150, 160, 160));
    CHECK(kept.need_peak() == 203);
    kept.merge(with_memory(205, 205, 206));
    CHECK(kept.need_peak() == 206);
}

TEST_CASE("a container and the one that took its place are one time after the other") {
    const auto ran = [](int from, int to) {
        Usage usage = with_memory(1, 1, 1);
        usage.from = TimePoint{std::chrono::seconds{from}};
        usage.to = TimePoint{std::chrono::seconds{to}};
        usage.seconds = usage.container_seconds = to - from;
        return usage;
    };
    CHECK(merged_replicas({ran(100, 106), ran(107, 120)}).seconds == 19);
    CHECK(merged_replicas({ran(111, 120), ran(100, 105), ran(106, 110)}).seconds == 18);  // in whatever order
    const Usage beside = merged_replicas({ran(100, 106), ran(107, 120), ran(100, 119)});
    CHECK(beside.seconds == 20);
    CHECK(beside.container_seconds == 38);
}

TEST_CASE("fading keeps peaks and kills, and lets shares follow the newer evidence") {
    Usage usage = with_memory(100, 800, 1000);
    usage.periods = 100;
    usage.throttled_periods = 80;
    usage.oom_kills = 2;
    usage.fade(0.1);
    CHECK(usage.need_peak() == 300);
    CHECK(usage.oom_kills == 2);
    CHECK(usage.periods == 10);
    Usage calm;
    calm.periods = 90;
    usage.merge(calm);
    CHECK(usage.throttled_share() == Approx(0.08));
}

TEST_CASE("a usage comes back from its JSON as it was") {
    Usage usage = with_memory(100, 800, 1000);
    usage.from = parse_time("2026-01-31T10:00:00Z");
    usage.to = parse_time("2026-01-31T10:00:30Z");
    usage.oom_at = usage.to;
    usage.seconds = 29.5;
    usage.container_seconds = 59;
    usage.samples = 30;
    usage.gaps = 1;
    usage.cpu.add(0.25);
    usage.start_cpu.add(1.5);
    usage.start_seconds = 8;
    usage.probes.add(0.5);
    usage.log = {30, 4000};
    usage.kernel_peak_source = "memory.peak";
    usage.oom_kills = 1;
    usage.oom_kills_before = 3;
    usage.block_known = true;
    usage.block_read = 4096;
    usage.pids_max = 7;
    const nlohmann::json json = usage;
    CHECK(nlohmann::json(json.get<Usage>()) == json);
    CHECK(json.get<Usage>().oom_at == usage.oom_at);
    nlohmann::json earlier = json;
    earlier.erase("probes");  // earlier versions did not keep them
    earlier.erase("log");
    CHECK(earlier.get<Usage>().probes.passed == 0);
    earlier.erase("container_seconds");  // nor told the time from the sum over replicas, here four of 29.5 seconds
    earlier["seconds"] = 118;
    CHECK(earlier.get<Usage>().seconds == 30);
    CHECK(earlier.get<Usage>().container_seconds == 118);
}

TEST_CASE("replicas that ran at the same time are no longer a time; runs are") {
    Usage one;
    one.seconds = one.container_seconds = 30;
    Usage shorter;
    shorter.seconds = shorter.container_seconds = 20;
    Usage service;
    for (const Usage& replica : {shorter, one, one, shorter}) {
        service.merge_replica(replica);
    }
    CHECK(service.seconds == 30);
    CHECK(service.container_seconds == 100);
    Usage kept = service;
    kept.merge(service);
    CHECK(kept.seconds == 60);
    CHECK(kept.container_seconds == 200);
}

TEST_CASE("what probes took is the fastest and the slowest of all that passed") {
    Usage usage;
    Usage other;
    usage.merge(other);
    CHECK(usage.probes.passed == 0);
    for (const double seconds : {0.4, 0.2, 0.0, -1.0}) {
        other.probes.add(seconds);
    }
    usage.merge(other);
    other.probes.add(3);
    usage.merge(other);
    CHECK(usage.probes.passed == 5);
    CHECK(usage.probes.fastest == 0.2);
    CHECK(usage.probes.slowest == 3);
}

TEST_CASE("JSON that cannot be a usage is refused") {
    nlohmann::json json = Usage{};
    CHECK_NOTHROW(json.get<Usage>());
    nlohmann::json negative = json;
    negative["restarts"] = -1;
    CHECK_THROWS(negative.get<Usage>());
    nlohmann::json missing = json;
    missing.erase("oom");
    CHECK_THROWS(missing.get<Usage>());
    CHECK_THROWS(nlohmann::json::array().get<Usage>());
}
