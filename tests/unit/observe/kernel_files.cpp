#include "core/observe/kernel_files.h"

#include <catch2/catch.hpp>
#include <string>

using namespace pilotpros;

namespace {

const std::string kId = "48eb404e537b8b1b8ff98d6fc91be8d49d90d653f19f6e0bc934144b529c3e80";

// The mount table and group file of a hybrid machine: v1 controllers each on their own, an empty v2 beside them.
const std::string kHybridMounts =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio\n"
    "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

struct Machine {
    MemoryFiles files;
    std::string why;

    void put(const std::string& path, const std::string& content) { files.contents[path] = content; }
    std::optional<ControlGroup> find() { return find_control_group(files, 77, kId, why); }

    void make_first_version() {
        put("/proc/self/mountinfo", kHybridMounts);
        put("/proc/77/cgroup", "9:name=systemd:/docker/" + kId + "\n8:pids:/docker/" + kId + "\n7:blkio:/docker/" +
                                   kId + "\n4:memory:/docker/" + kId + "\n1:cpu:/docker/" + kId + "\n0::/docker/" +
                                   kId + "\n");
        const std::string memory = "/sys/fs/cgroup/memory/docker/" + kId;
        put(memory + "/memory.max_usage_in_bytes", "157970432\n");
        put(memory + "/memory.usage_in_bytes", "81944576\n");
        put(memory + "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
        put(memory + "/memory.stat",
            "cache 1\ntotal_cache 67289088\ntotal_active_file 8695808\ntotal_inactive_file 30056448\n");
        put("/sys/fs/cgroup/cpu/docker/" + kId + "/cpu.stat",
            "nr_periods 100\nnr_throttled 25\nthrottled_time 1500000000\n");
        put("/sys/fs/cgroup/pids/docker/" + kId + "/pids.peak", "19\n");
        put("/sys/fs/cgroup/blkio/docker/" + kId + "/blkio.throttle.io_service_bytes_recursive",
            "8:0 Read 4096\n8:0 Write 100\n8:0 Sync 1\n8:0 Total 4196\n8:16 Read 4\nTotal 4200\n");
        put("/sys/fs/cgroup/unified/docker/" + kId + "/cgroup.procs", "77\n");
    }

    void make_second_version(const std::string& group, const std::string& root = "/",
                             const std::string& point = "/sys/fs/cgroup") {
        put("/proc/self/mountinfo",
            "30 23 0:26 " + root + " " + point + " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
        put("/proc/77/cgroup", "0::" + group + "\n");
        const std::string directory = point + (root == "/" ? group : group.substr(root.size()));
        put(directory + "/memory.peak", "900\n");
        put(directory + "/memory.current", "800\n");
        put(directory + "/memory.stat", "anon 300\nactive_file 100\ninactive_file 150\nslab_reclaimable 50\n");
        put(directory + "/memory.events", "low 0\nhigh 0\nmax 4\noom 3\noom_kill 2\noom_group_kill 0\n");
        put(directory + "/cpu.stat", "usage_usec 5\nnr_periods 10\nnr_throttled 5\nthrottled_usec 250000\n");
        put(directory + "/pids.peak", "max\n");
        put(directory + "/io.stat", "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2\n");
    }
};

}  // namespace

TEST_CASE("counters of cgroup v1 are found by controller") {
    Machine machine;
    machine.make_first_version();
    const auto group = machine.find();
    REQUIRE(group.has_value());
    CHECK(group->version == 1);
    const KernelReading reading = read_kernel(machine.files, *group);
    CHECK(reading.peak == 157970432);
    CHECK(reading.peak_source == "memory.max_usage_in_bytes");
    CHECK(reading.oom_kills == 2);
    CHECK(reading.unreclaimable == 81944576 - 8695808 - 30056448);
    CHECK(reading.periods == 100);
    CHECK(reading.throttled_periods == 25);
    CHECK(reading.throttled_seconds == Approx(1.5));
    CHECK(reading.pids_peak == 19);
    CHECK(reading.block_read == 4100);
    CHECK(reading.block_written == 100);
}

TEST_CASE("controllers that share a mount are found, too") {
    Machine machine;
    machine.make_first_version();
    machine.put("/proc/self/mountinfo",
                "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n35 31 0:32 / "
                "/sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
    machine.put("/proc/77/cgroup", "4:memory:/docker/" + kId + "\n1:cpu,cpuacct:/docker/" + kId + "\n");
    machine.put("/sys/fs/cgroup/cpu,cpuacct/docker/" + kId + "/cpu.stat", "nr_periods 7\n");
    const auto group = machine.find();
    REQUIRE(group.has_value());
    const KernelReading reading = read_kernel(machine.files, *group);
    CHECK(reading.periods == 7);
    CHECK_FALSE(reading.pids_peak.has_value());
    CHECK_FALSE(reading.block_read.has_value());
}

TEST_CASE("counters of cgroup v2 are found for both drivers, a parent of the user's and groups inside") {
    const std::string group = GENERATE(as<std::string>{}, "/system.slice/docker-" + kId + ".scope", "/docker/" + kId,
                                       "/my.slice/x/docker-" + kId + ".scope");
    Machine machine;
    machine.make_second_version(group);
    if (group.starts_with("/docker")) {
        machine.put("/proc/77/cgroup", "0::" + group + "/init.scope\n");
    }
    const auto found = machine.find();
    REQUIRE(found.has_value());
    CHECK(found->version == 2);
    const KernelReading reading = read_kernel(machine.files, *found);
    CHECK(reading.peak == 900);
    CHECK(reading.peak_source == "memory.peak");
    CHECK(reading.oom_kills == 2);
    CHECK(reading.unreclaimable == 500);
    CHECK(reading.throttled_seconds == Approx(0.25));
    CHECK_FALSE(reading.pids_peak.has_value());
    CHECK(reading.block_read == 11);
    CHECK(reading.block_written == 22);
}

TEST_CASE("a part of the hierarchy mounted somewhere else is followed") {
    Machine machine;
    machine.make_second_version("/outer/docker/" + kId, "/outer", "/mnt/groups");
    CHECK(machine.find().has_value());
    machine.make_second_version("/../docker/" + kId);
    CHECK_FALSE(machine.find().has_value());
    CHECK(machine.why == "its control group is not mounted here");
}

TEST_CASE("a process of that number that is somebody else's is refused") {
    Machine machine;
    machine.make_first_version();
    machine.put("/proc/77/cgroup", "4:memory:/docker/0000\n1:cpu:/user.slice\n");
    CHECK_FALSE(machine.find().has_value());
    CHECK(machine.why == "the process of that number on this machine is not the container's");
    machine.files.contents.erase("/proc/77/cgroup");
    CHECK_FALSE(machine.find().has_value());
    CHECK(machine.why == "its process is not visible on this machine");
    CHECK_FALSE(find_control_group(machine.files, 0, kId, machine.why).has_value());
    CHECK(machine.why == "the container does not run");
    CHECK_FALSE(find_control_group(machine.files, 77, "", machine.why).has_value());
}

TEST_CASE("a group that goes while it is read gives nothing, not zeros") {
    Machine machine;
    machine.make_first_version();
    const auto group = machine.find();
    REQUIRE(group.has_value());
    for (auto& [path, content] : machine.files.contents) {
        content = path.string().starts_with("/sys") ? "nonsense" : content;
    }
    KernelReading reading = read_kernel(machine.files, *group);
    CHECK_FALSE(reading.peak.has_value());
    CHECK_FALSE(reading.unreclaimable.has_value());
    machine.files.contents.clear();
    reading = read_kernel(machine.files, *group);
    CHECK_FALSE(reading.peak.has_value());
    CHECK_FALSE(reading.oom_kills.has_value());
    CHECK_FALSE(reading.unreclaimable.has_value());
    CHECK_FALSE(reading.periods.has_value());
}
