#include "core/observe/kernel_limits.h"

#include <catch2/catch.hpp>

using namespace pilotpros;

namespace {

const Path kGroup = "/sys/fs/cgroup/docker/x";

struct Bounds {
    MemoryFiles files;
    int version = 2;

    Bounds& with(const std::string& name, const std::string& content) {
        files.contents[kGroup / name] = content + "\n";
        return *this;
    }
    [[nodiscard]] KernelLimits read() const {
        return read_kernel_limits(files, ControlGroup{version, kGroup, kGroup, kGroup, kGroup});
    }
};

}  // namespace

TEST_CASE("what the kernel holds a group to is read from cgroup v2", "[kernel]") {
    Bounds bounds;
    bounds.with("memory.max", "134217728").with("memory.swap.max", "67108864");
    bounds.with("cpu.max", "50000 100000").with("pids.max", "99");
    const KernelLimits limits = bounds.read();
    CHECK(limits.memory == 128 * kMiB);
    CHECK(limits.memory_swap == 192 * kMiB);
    CHECK(limits.cpus == 0.5);
    CHECK(limits.pids == 99);
    SECTION("no swap at all is a bound, too") {
        CHECK(bounds.with("memory.swap.max", "0").read().memory_swap == 128 * kMiB);
    }
    SECTION("what has no bound says so") {
        bounds.with("memory.max", "max").with("memory.swap.max", "max").with("cpu.max", "max 100000");
        const KernelLimits none = bounds.with("pids.max", "max").read();
        CHECK(none.memory == 0);
        CHECK(none.memory_swap == 0);
        CHECK(none.cpus == 0.0);
        CHECK(none.pids == 0);
        CHECK(none.known());
    }
}

TEST_CASE("what the kernel holds a group to is read from cgroup v1", "[kernel]") {
    Bounds bounds;
    bounds.version = 1;
    bounds.with("memory.limit_in_bytes", "134217728").with("memory.memsw.limit_in_bytes", "201326592");
    bounds.with("cpu.cfs_quota_us", "25000").with("cpu.cfs_period_us", "100000").with("pids.max", "7");
    const KernelLimits limits = bounds.read();
    CHECK(limits.memory == 128 * kMiB);
    CHECK(limits.memory_swap == 192 * kMiB);
    CHECK(limits.cpus == 0.25);
    CHECK(limits.pids == 7);
    SECTION("what has no bound says so") {
        bounds.with("memory.limit_in_bytes", "9223372036854771712").with("cpu.cfs_quota_us", "-1");
        CHECK(bounds.read().memory == 0);
        CHECK(bounds.read().cpus == 0.0);
    }
}

TEST_CASE("what cannot be read of the kernel's bounds is not known, and no bound is claimed", "[kernel]") {
    Bounds bounds;
    CHECK_FALSE(bounds.read().known());
    bounds.with("memory.max", "nonsense").with("cpu.max", "50000").with("pids.max", "");
    CHECK_FALSE(bounds.read().known());
    Container stopped;
    stopped.id = "x";
    CHECK_FALSE(limits_held(bounds.files, stopped).known());
}
