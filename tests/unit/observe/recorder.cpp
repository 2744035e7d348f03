#include "core/observe/container_recorder.h"

#include <catch2/catch.hpp>

using namespace pilotpros;
using namespace std::chrono_literals;
using Kind = ContainerEvent::Kind;

namespace {

const TimePoint kNow = parse_time("2026-01-31T10:00:00Z");

TimePoint at(double seconds) { return kNow + std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds{seconds}); }

Container old_container() {
    Container container;
    container.id = "abc";
    container.status = "running";
    container.started = at(-3600);
    return container;
}

Container container_with_check(const char* health) {
    Container container = old_container();
    container.healthcheck = Healthcheck{};
    container.healthcheck->test = {Secret{"CMD"}, Secret{"true"}};
    container.health = health;
    return container;
}

StatsSample sample_at(double seconds, double cpu, Bytes memory = 100 * kMiB) {
    StatsSample sample;
    sample.read = at(seconds);
    sample.cpu_seconds = cpu;
    sample.memory_usage = memory + 50 * kMiB;
    sample.working_set = memory + 20 * kMiB;
    sample.unreclaimable = memory;
    sample.pids = 3;
    return sample;
}

ContainerEvent event_at(double seconds, Kind kind) {
    ContainerEvent event;
    event.kind = kind;
    event.time = at(seconds);
    event.container = "abc";
    return event;
}

KernelReading kernel_with(Bytes peak, std::int64_t kills = 0) {
    KernelReading reading;
    reading.peak = peak;
    reading.peak_source = "memory.peak";
    reading.oom_kills = kills;
    return reading;
}

}  // namespace

TEST_CASE("use is the growth of the counters over the engine's own time") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.sample(sample_at(1, 100.5));
    recorder.sample(sample_at(3, 101.5, 200 * kMiB));  // a late one: still half a core
    const Usage& usage = recorder.usage();
    CHECK(usage.samples == 3);
    CHECK(usage.seconds == Approx(3));
    CHECK(usage.cpu.histogram().weight() == 2);
    CHECK(usage.cpu.histogram().max() == Approx(0.5));
    CHECK(usage.unreclaimable.histogram().max() == 200.0 * kMiB);
    CHECK(usage.working_set.histogram().max() == 220.0 * kMiB);
    CHECK(usage.page_cache.max() == 50.0 * kMiB);
    CHECK(usage.sampled_peak == 250 * kMiB);
    CHECK(usage.unreclaimable_peak_at == at(3));
    CHECK(usage.pids_max == 3);
    CHECK(usage.start_cpu.empty());
    CHECK(usage.restarts == 0);
}

TEST_CASE("a gap is no sample of CPU, but what the counters grew by is known") {
    ContainerRecorder recorder{old_container(), kNow};
    StatsSample first = sample_at(0, 100);
    StatsSample second = sample_at(6, 112);
    first.network_known = second.network_known = true;
    second.network_received = 1000;
    second.periods = 60;
    second.throttled_periods = 6;
    recorder.sample(first);
    recorder.sample(second);
    CHECK(recorder.usage().gaps == 1);
    CHECK(recorder.usage().seconds == 0);
    CHECK(recorder.usage().cpu.histogram().empty());
    CHECK(recorder.usage().network_received == 1000);
    CHECK(recorder.usage().throttled_share() == Approx(0.1));
    CHECK(recorder.usage().unreclaimable.histogram().weight() == 2);
}

TEST_CASE("samples twice or out of order change nothing") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(1, 100));
    recorder.sample(sample_at(1, 100));
    recorder.sample(sample_at(0, 99));
    CHECK(recorder.usage().samples == 1);
    CHECK(recorder.usage().restarts == 0);
}

TEST_CASE("what our own questions use is not the container's use") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.kernel(kernel_with(150 * kMiB), at(0.1));
    recorder.asking(true);
    recorder.sample(sample_at(1, 101.9, 900 * kMiB));
    recorder.asking(false);
    recorder.kernel(kernel_with(950 * kMiB), at(1.5));
    recorder.sample(sample_at(2, 102.8));  // its interval begins among the questions
    recorder.sample(sample_at(3, 102.9));
    const Usage& usage = recorder.usage();
    CHECK(usage.cpu.histogram().weight() == 1);
    CHECK(usage.cpu.histogram().max() == Approx(0.1));
    CHECK(usage.unreclaimable.histogram().max() == 100.0 * kMiB);
    CHECK(usage.sampled_peak == 150 * kMiB);
    CHECK(usage.kernel_peak == 150 * kMiB);
}

TEST_CASE("questions between two samples spoil that interval, too") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.asking(true);
    recorder.asking(false);
    recorder.sample(sample_at(1, 101.9));
    CHECK(recorder.usage().cpu.histogram().empty());
    recorder.sample(sample_at(2, 102));
    CHECK(recorder.usage().cpu.histogram().max() == Approx(0.1));
}

TEST_CASE("a kernel's peak that is first told after our questions is that of the time before") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.asking(true);
    StatsSample sample = sample_at(0, 100);
    sample.kernel_peak = 300 * kMiB;
    recorder.sample(sample);
    CHECK(recorder.usage().kernel_peak == 0);
    recorder.asking(false);
    sample = sample_at(1, 101);
    sample.kernel_peak = 300 * kMiB;
    recorder.sample(sample);
    CHECK(recorder.usage().kernel_peak == 300 * kMiB);
    CHECK(recorder.usage().kernel_peak_before == 300 * kMiB);
    CHECK_FALSE(recorder.usage().missed_while_watching());
}

TEST_CASE("the kernel's peak counts as far as our questions did not raise it") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.kernel(kernel_with(150 * kMiB), at(0));
    CHECK(recorder.usage().kernel_peak == 150 * kMiB);
    recorder.asking(true);
    recorder.asking(false);
    recorder.kernel(kernel_with(300 * kMiB), at(1));
    SECTION("no higher at the end: the peak is the one before the questions") {
        recorder.kernel(kernel_with(300 * kMiB), at(9));
        CHECK(recorder.usage().kernel_peak == 150 * kMiB);
        CHECK(recorder.usage().missed_peak() == 0);
    }
    SECTION("higher at the end: that is the container's") {
        recorder.kernel(kernel_with(400 * kMiB), at(9));
        CHECK(recorder.usage().kernel_peak == 400 * kMiB);
        CHECK(recorder.usage().kernel_peak_before == 150 * kMiB);
        CHECK(recorder.usage().kernel_peak_seen == at(9));
        CHECK(recorder.usage().missed_while_watching());
        CHECK(recorder.usage().missed_peak() == 250 * kMiB);
        CHECK(recorder.usage().need_peak() == 350 * kMiB);
    }
    SECTION("the stream's own peak on v1 obeys the same rule") {
        StatsSample sample = sample_at(2, 101);
        sample.kernel_peak = 300 * kMiB;
        recorder.sample(sample);
        CHECK(recorder.usage().kernel_peak == 150 * kMiB);
        sample = sample_at(3, 102);
        sample.kernel_peak = 310 * kMiB;
        recorder.sample(sample);
        CHECK(recorder.usage().kernel_peak == 310 * kMiB);
    }
}

TEST_CASE("a restart is seen by its events") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.kernel(kernel_with(500 * kMiB), at(0));
    recorder.event(event_at(0.5, Kind::kDie));
    CHECK_FALSE(recorder.running());
    recorder.event(event_at(1, Kind::kStart));
    recorder.event(event_at(1, Kind::kRestart));
    recorder.sample(sample_at(2, 0.7, 80 * kMiB));
    recorder.sample(sample_at(3, 0.9, 80 * kMiB));
    recorder.kernel(kernel_with(130 * kMiB), at(3));
    const Usage& usage = recorder.usage();
    CHECK(usage.restarts == 1);
    CHECK(recorder.life() == 2);
    CHECK(usage.start_cpu.weight() == 2);  // from the zero of the new life on
    CHECK(usage.start_cpu.max() == Approx(0.7));
    CHECK(usage.cpu.histogram().empty());
    CHECK(usage.kernel_peak == 500 * kMiB);
}

TEST_CASE("a restart that no event told is seen by counters that go back, once") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.sample(sample_at(1, 0.2));
    CHECK(recorder.usage().restarts == 1);
    CHECK(recorder.usage().cpu.histogram().empty());
    recorder.event(event_at(0.4, Kind::kDie));  // late events
    recorder.event(event_at(0.6, Kind::kStart));
    recorder.sample(sample_at(2, 0.3));
    CHECK(recorder.usage().restarts == 1);
    CHECK(recorder.running());
}

TEST_CASE("events of a life before ours do not count") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.event(event_at(-4000, Kind::kDie));
    recorder.event(event_at(-3599.5, Kind::kStart));  // the very start that inspection told
    CHECK(recorder.running());
    CHECK(recorder.usage().restarts == 0);
}

TEST_CASE("a start before we looked is known where the engine remembers it") {
    const auto start_of = [](double started, double verdict) { return RememberedStart{at(started), at(verdict)}; };
    Container container = container_with_check("healthy");
    container.started = at(-100);
    SECTION("from what the engine wrote down as its start to the first verdict") {
        ContainerRecorder recorder{container, kNow};
        CHECK(recorder.usage().start_seconds == 0);
        recorder.remember(start_of(-99.8, -69));
        CHECK(recorder.usage().start_seconds == Approx(31));
        CHECK_FALSE(recorder.starting(kNow));
    }
    SECTION("not of another life") {
        ContainerRecorder recorder{container, kNow};
        recorder.remember(start_of(-200, -170));
        recorder.remember(start_of(-50, -20));
        CHECK(recorder.usage().start_seconds == 0);
    }
    SECTION("not while it is still starting: its verdict will be heard") {
        container.health = "starting";
        ContainerRecorder recorder{container, kNow};
        recorder.remember(start_of(-99.8, -69));
        CHECK(recorder.starting(kNow));
    }
}

TEST_CASE("a container that never ran before begins, it does not restart") {
    Container created = old_container();
    created.status = "created";
    created.started = {};
    ContainerRecorder recorder{created, kNow};
    CHECK_FALSE(recorder.running());
    recorder.event(event_at(1, Kind::kStart));
    recorder.sample(sample_at(2, 0.5));
    CHECK(recorder.usage().restarts == 0);
    CHECK(recorder.usage().start_cpu.max() == Approx(0.5));
    recorder.event(event_at(3, Kind::kDie));
    recorder.event(event_at(4, Kind::kStart));
    CHECK(recorder.usage().restarts == 1);
}

TEST_CASE("without a health check the start is over after half a minute") {
    Container fresh = old_container();
    fresh.started = at(-1);
    ContainerRecorder recorder{fresh, kNow};
    recorder.sample(sample_at(0, 2));  // two cores in its first second
    for (int second = 1; second <= 35; ++second) {
        recorder.sample(sample_at(second, 2 + 0.1 * second, (second < 29 ? 300 : 100) * kMiB));
    }
    const Usage& usage = recorder.usage();
    CHECK(usage.start_cpu.max() == Approx(2));
    CHECK(usage.start_cpu.weight() == 29);
    CHECK(usage.cpu.histogram().weight() == 7);
    CHECK(usage.start_unreclaimable.max() == 300.0 * kMiB);
    CHECK(usage.unreclaimable.histogram().max() == 100.0 * kMiB);
    CHECK(usage.need_peak() == 300 * kMiB);
    CHECK(usage.start_seconds == 0);  // nobody said when it was over
}

TEST_CASE("with a health check the start is over at its first verdict") {
    Container fresh = container_with_check("starting");
    fresh.started = at(-10);
    ContainerRecorder recorder{fresh, kNow};
    recorder.sample(sample_at(0, 10));
    recorder.sample(sample_at(40, 20));
    recorder.sample(sample_at(41, 20.5));
    CHECK(recorder.usage().cpu.histogram().empty());
    recorder.event(event_at(41.5, Kind::kHealthy));
    recorder.sample(sample_at(42, 20.6));
    recorder.event(event_at(50, Kind::kUnhealthy));
    recorder.sample(sample_at(51, 21));
    CHECK(recorder.usage().cpu.histogram().weight() == 1);
    CHECK(recorder.usage().start_cpu.max() == Approx(0.5));
    CHECK(recorder.usage().start_seconds == Approx(51.5));
    recorder.event(event_at(60, Kind::kDie));
    recorder.event(event_at(61, Kind::kStart));
    recorder.event(event_at(64, Kind::kHealthy));
    CHECK(recorder.usage().start_seconds == Approx(51.5));  // the slowest one
}

TEST_CASE("the log of health probes tells how long the start took, if it reaches back") {
    Container container = container_with_check("healthy");
    const auto probe = [&](double begin, int code) {
        container.health_log.push_back({at(begin), at(begin + 0.1), code});
    };
    probe(-3595, 1);
    probe(-3590, 0);
    CHECK(ContainerRecorder(container, kNow).usage().start_seconds == Approx(10.1));
    probe(-3585, 0);
    probe(-3580, 0);
    probe(-3575, 0);  // five: older ones may be gone
    CHECK(ContainerRecorder(container, kNow).usage().start_seconds == 0);
    CHECK_FALSE(ContainerRecorder(container, kNow).starting(at(1)));
}

TEST_CASE("a check that never passes does not keep a container starting for ever") {
    const ContainerRecorder recorder{container_with_check("starting"), kNow};
    CHECK_FALSE(recorder.starting(kNow));
}

TEST_CASE("OOM kills are counted once, by the kernel where it can be read") {
    ContainerRecorder recorder{old_container(), kNow};
    SECTION("those before us stay apart") {
        recorder.kernel(kernel_with(1, 3), at(0));
        recorder.kernel(kernel_with(1, 3), at(5));
        CHECK(recorder.usage().oom_kills == 0);
        CHECK(recorder.usage().oom_kills_before == 3);
        CHECK(recorder.usage().oom_at == TimePoint{});
    }
    SECTION("an event and the kernel tell of the same one") {
        recorder.kernel(kernel_with(1, 3), at(0));
        recorder.event(event_at(2, Kind::kOom));
        CHECK(recorder.usage().oom_kills == 1);
        recorder.kernel(kernel_with(1, 4), at(5));
        CHECK(recorder.usage().oom_kills == 1);
        CHECK(recorder.usage().oom_at == at(2));
    }
    SECTION("two events for one kill") {
        recorder.kernel(kernel_with(1, 0), at(0));
        recorder.event(event_at(2, Kind::kOom));
        recorder.event(event_at(2.01, Kind::kOom));
        recorder.kernel(kernel_with(1, 1), at(5));
        CHECK(recorder.usage().oom_kills == 1);
    }
    SECTION("one that no event told") {
        recorder.kernel(kernel_with(1, 0), at(0));
        recorder.kernel(kernel_with(1, 1), at(5));
        CHECK(recorder.usage().oom_kills == 1);
        CHECK(recorder.usage().oom_at == at(5));
    }
    SECTION("a group that the kill took with it") {
        recorder.kernel(kernel_with(1, 0), at(0));
        recorder.event(event_at(2, Kind::kOom));
        recorder.event(event_at(2, Kind::kDie));
        recorder.event(event_at(3, Kind::kStart));
        recorder.kernel(kernel_with(1, 0), at(5));
        CHECK(recorder.usage().oom_kills == 1);
        recorder.event(event_at(6, Kind::kOom));
        CHECK(recorder.usage().oom_kills == 2);
    }
    SECTION("events alone, as on a remote engine") {
        recorder.event(event_at(2, Kind::kOom));
        recorder.event(event_at(3, Kind::kOom));
        CHECK(recorder.usage().oom_kills == 2);
    }
}

TEST_CASE("the flag of the engine stands for kills before us when the kernel cannot be read") {
    Container container = old_container();
    container.oom_killed = true;
    CHECK(ContainerRecorder(container, kNow).usage().oom_kills_before == 1);
}

TEST_CASE("a paused container is not an idle one") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.event(event_at(0.5, Kind::kPause));
    recorder.sample(sample_at(1, 100));
    recorder.sample(sample_at(2, 100));
    recorder.event(event_at(2.5, Kind::kUnpause));
    recorder.sample(sample_at(3, 100));
    recorder.sample(sample_at(4, 100.3));
    CHECK(recorder.usage().cpu.histogram().weight() == 1);
    CHECK(recorder.usage().cpu.histogram().max() == Approx(0.3));
    CHECK(recorder.usage().samples == 3);
}

TEST_CASE("block I/O is counted from one source, and unknown is not zero") {
    ContainerRecorder recorder{old_container(), kNow};
    recorder.sample(sample_at(0, 100));
    recorder.sample(sample_at(1, 100));
    CHECK_FALSE(recorder.usage().block_known);
    SECTION("the stream tells") {
        StatsSample sample = sample_at(2, 100);
        sample.block_known = true;
        sample.block_read = 4096;
        recorder.sample(sample);
        CHECK(recorder.usage().block_known);
        CHECK(recorder.usage().block_read == 4096);
        KernelReading reading;
        reading.block_read = 4096;
        recorder.kernel(reading, at(3));
        reading.block_read = 8192;
        recorder.kernel(reading, at(4));
        CHECK(recorder.usage().block_read == 4096);
    }
    SECTION("only the kernel tells") {
        KernelReading reading;
        reading.block_read = 5000;
        recorder.kernel(reading, at(1));
        reading.block_read = 6000;
        recorder.kernel(reading, at(2));
        CHECK(recorder.usage().block_known);
        CHECK(recorder.usage().block_read == 1000);
    }
}
