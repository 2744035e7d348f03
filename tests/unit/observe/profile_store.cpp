#include "core/observe/profile_store.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/model/error.h"

using namespace pilotpros;
using namespace std::chrono_literals;

namespace {

const TimePoint kDay = parse_time("2026-01-31T10:00:00Z");

ProfileKey key_with(const std::string& image, const std::string& service = "web") {
    return {"engine-id", "shop", service, image, "hash"};
}

Usage usage_at(TimePoint to, double memory, int samples = 10) {
    Usage usage;
    usage.from = to - 30s;
    usage.to = to;
    usage.samples = samples;
    usage.seconds = usage.container_seconds = samples;
    for (int i = 0; i < samples; ++i) {
        usage.unreclaimable.add(memory);
        usage.cpu.add(0.1);
    }
    return usage;
}

FileLock no_lock(const Path& /*file*/) { return {}; }

class Folder {
  public:
    Folder() {
        std::string name = "/tmp/pilotpros-store-XXXXXX";
        path_ = mkdtemp(name.data());
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    Folder(Folder&&) = delete;
    Folder& operator=(Folder&&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const Path& path() const { return path_; }

  private:
    Path path_;
};

mode_t mode_of(const Path& path) {
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777U;
}

}  // namespace

TEST_CASE("what a run measured comes back, for its own image and configuration alone") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    CHECK_FALSE(store.read(key_with("sha256:a"), kDay).has_value());
    store.add(key_with("sha256:a"), usage_at(kDay, 100));
    const auto kept = store.read(key_with("sha256:a"), kDay);
    REQUIRE(kept.has_value());
    CHECK(kept->samples == 10);
    CHECK(kept->unreclaimable.histogram().max() == 100);
    CHECK_FALSE(store.read(key_with("sha256:b"), kDay).has_value());
    CHECK_FALSE(store.read(key_with("sha256:a", "api"), kDay).has_value());
    ProfileKey other_engine = key_with("sha256:a");
    other_engine.engine = "another";
    CHECK_FALSE(store.read(other_engine, kDay).has_value());
    ProfileKey other_configuration = key_with("sha256:a");
    other_configuration.config_hash = "another";
    CHECK_FALSE(store.read(other_configuration, kDay).has_value());
    ProfileKey other_project = key_with("sha256:a");
    other_project.project = "another";
    CHECK_FALSE(store.read(other_project, kDay).has_value());
    CHECK(files.modes.at(store.file_of(key_with("sha256:a"))) == 0600);
}

TEST_CASE("runs add up over days; old ones fade, peaks stay") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    Usage old = usage_at(kDay, 1000);
    old.kernel_peak = 5000;
    old.sampled_peak = 2000;
    old.oom_kills = 1;
    old.oom_at = kDay;
    store.add(key_with("i"), old);
    store.add(key_with("i"), usage_at(kDay + 4 * 24h, 100));
    const auto kept = store.read(key_with("i"), kDay + 4 * 24h);
    REQUIRE(kept.has_value());
    CHECK(kept->unreclaimable.histogram().weight() == Approx(10 + 2.5));  // two half-lives
    CHECK(kept->unreclaimable.histogram().quantile(0.5) == Approx(100).epsilon(0.01));
    CHECK(kept->unreclaimable.histogram().max() == 1000);
    CHECK(kept->need_peak() == 4000);
    CHECK(kept->oom_kills == 1);
    CHECK(kept->oom_at == kDay);
    CHECK(kept->from == kDay - 30s);
    const auto later = store.read(key_with("i"), kDay + 6 * 24h);
    CHECK(later->unreclaimable.histogram().weight() == Approx((10 + 2.5) / 2));
    CHECK(store.read(key_with("i"), kDay - 24h)->unreclaimable.histogram().weight() ==
          Approx(12.5));  // a clock that went back
}

TEST_CASE("a damaged profile is set aside and said, and the run is kept") {
    const std::string damage = GENERATE(as<std::string>{}, "", "{", "null", "[1]", R"({"version":1})",
                                        R"({"version":"x"})", R"({"version":0,"usage":{}})");
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    store.add(key_with("i"), usage_at(kDay, 100));
    const Path file = store.file_of(key_with("i"));
    files.contents[file] = damage;
    CHECK_FALSE(store.read(key_with("i"), kDay).has_value());
    CHECK(store.notes().size() == 1);
    CHECK(files.contents.at(file) == damage);  // whoever only reads moves nothing
    store.add(key_with("i"), usage_at(kDay, 200));
    CHECK(store.notes().size() == 2);
    CHECK(files.contents.at(file.string() + ".unreadable") == damage);
    CHECK(store.read(key_with("i"), kDay)->samples == 10);
}

TEST_CASE("a file with another key's content is not believed") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    store.add(key_with("i"), usage_at(kDay, 100));
    files.contents[store.file_of(key_with("j"))] = files.contents.at(store.file_of(key_with("i")));
    CHECK_FALSE(store.read(key_with("j"), kDay).has_value());
}

TEST_CASE("a profile of a newer version is left alone") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    const Path file = store.file_of(key_with("i"));
    files.contents[file] = R"({"version":2,"unknown":true})";
    CHECK_THROWS_AS(store.read(key_with("i"), kDay), Error);
    CHECK_THROWS_AS(store.add(key_with("i"), usage_at(kDay, 1)), Error);
    CHECK_FALSE(store.latest("engine-id", "shop", "web").has_value());
    CHECK(files.contents.at(file) == R"({"version":2,"unknown":true})");
    CHECK_NOTHROW(store.add(key_with("j"), usage_at(kDay, 1)));
}

TEST_CASE("keys of a service are bounded: the oldest goes") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    store.add(key_with("x", "web2"), usage_at(kDay - 24h, 1));  // a service whose name begins alike
    for (int i = 0; i < 20; ++i) {
        store.add(key_with("image" + std::to_string(i)), usage_at(kDay + i * 1h, 1));
    }
    CHECK(files.list("/state/engine-id/shop/profiles").size() == ProfileStore::kKeysPerService + 1);
    CHECK(store.read(key_with("image19"), kDay).has_value());
    CHECK(store.read(key_with("image12"), kDay).has_value());
    CHECK_FALSE(store.read(key_with("image11"), kDay).has_value());
    CHECK(store.read(key_with("x", "web2"), kDay).has_value());
    CHECK(store.latest("engine-id", "shop", "web") == key_with("image19"));
}

TEST_CASE("odd names are safe and stay apart") {
    CHECK(safe_file_name("web-1_a.b:c") == "web-1_a.b:c");
    CHECK(safe_file_name("../x") == "%2E.%2Fx");
    CHECK(safe_file_name("") == "%");
    CHECK(safe_file_name("%") == "%25");
    CHECK(safe_file_name("Ü") == "%C3%9C");
    const std::string long_name(5000, 'a');
    CHECK(safe_file_name(long_name).size() <= 100);
    CHECK(safe_file_name(long_name) != safe_file_name(long_name + "b"));
    MemoryFiles files;
    const ProfileStore store{files, "/state", no_lock};
    const ProfileKey odd{"../e", "..", "a/../../b", "i", "h"};
    CHECK(store.file_of(odd).lexically_normal().string().starts_with("/state/"));
}

TEST_CASE("two processes at once do not lose each other's run") {
    const Folder folder;
    constexpr std::int64_t kProcesses = 4;
    constexpr std::int64_t kRuns = 10;
    for (int process = 0; process < kProcesses; ++process) {
        if (fork() == 0) {
            DiskFiles files;
            ProfileStore store{files, folder.path()};
            for (int run = 0; run < kRuns; ++run) {
                store.add(key_with("i"), usage_at(kDay, 100, 1));
            }
            _exit(0);
        }
    }
    for (int process = 0; process < kProcesses; ++process) {
        int status = 0;
        REQUIRE(wait(&status) > 0);
        REQUIRE(status == 0);
    }
    DiskFiles files;
    ProfileStore store{files, folder.path()};
    CHECK(store.read(key_with("i"), kDay)->samples == kProcesses * kRuns);
    CHECK(mode_of(store.file_of(key_with("i"))) == 0600);
    for (Path path = store.file_of(key_with("i")).parent_path(); path != folder.path(); path = path.parent_path()) {
        CHECK(mode_of(path) == 0700);
    }
    CHECK(files.list(store.file_of(key_with("i")).parent_path()).size() == 2);  // the profile and the lock
}

TEST_CASE("a lock that nobody lets go of is a refusal, not a hang") {
    const Folder folder;
    const FileLock held{folder.path() / "lock", 0ms};
    CHECK_THROWS_AS(FileLock(folder.path() / "lock", 30ms), LockHeld);
    SECTION("one that cannot be made is held by nobody") {
        try {
            const FileLock nowhere{folder.path() / "no-such-folder" / "lock", 0ms};
            FAIL("it was made");
        } catch (const LockHeld&) {
            FAIL("it is said to be held");
        } catch (const Error& error) {
            CHECK(error.code() == ExitCode::kRefused);
            CHECK(error.hint() == "make room there, or let it be written to");
        }
    }
}

TEST_CASE("what is kept is filled in for the present image, else for the last one, and that is said") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    Project project;
    project.name = "shop";
    Observation observation;
    observation.engine = EngineFacts{};
    observation.engine->id = "engine-id";
    ServiceObservation service;
    service.service = "web";
    Container container;
    container.id = "c1";
    container.image_id = "old";
    container.config_hash = "hash";
    service.containers = {container};
    service.usage["c1"] = usage_at(kDay, 100);
    observation.services = {service};
    keep_usage(store, project, observation);
    read_kept_usage(store, project, observation, kDay);
    CHECK(observation.services[0].kept.samples == 10);
    CHECK(observation.services[0].profile_key.starts_with("web@"));
    CHECK(observation.gaps.empty());

    Observation later = observation;
    later.services[0].usage.clear();
    later.services[0].kept = Usage{};
    later.services[0].containers[0].image_id = "new";
    read_kept_usage(store, project, later, kDay);
    CHECK(later.services[0].kept.samples == 10);
    REQUIRE(later.gaps.size() == 1);
    CHECK(later.gaps[0].subject == "web");
}

TEST_CASE("replicas are kept as one service") {
    MemoryFiles files;
    ProfileStore store{files, "/state", no_lock};
    Project project;
    project.name = "shop";
    Observation observation;
    observation.engine = EngineFacts{};
    ServiceObservation service;
    service.service = "web";
    for (const char* const id : {"c1", "c2", "stopped"}) {
        Container container;
        container.id = id;
        service.containers.push_back(container);
    }
    service.usage["c1"] = usage_at(kDay, 100);
    service.usage["c2"] = usage_at(kDay, 300);
    service.usage["stopped"] = Usage{};
    observation.services = {service};
    keep_usage(store, project, observation);
    read_kept_usage(store, project, observation, kDay);
    CHECK(observation.services[0].kept.samples == 20);
    CHECK(observation.services[0].kept.unreclaimable.histogram().max() == 300);
    SECTION("their time is that of one, and a later run's comes on top") {
        CHECK(observation.services[0].kept.seconds == 10);
        CHECK(observation.services[0].kept.container_seconds == 20);
        keep_usage(store, project, observation);
        read_kept_usage(store, project, observation, kDay);
        CHECK(observation.services[0].kept.seconds == 20);
        CHECK(observation.services[0].kept.container_seconds == 40);
    }
}
