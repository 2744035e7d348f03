#include "core/observe/engine_facts.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "tests/unit/docker/stats_lines.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;

namespace {

constexpr Bytes kMebi = 1024 * 1024;

ListedContainer listed(const std::string& id, const std::string& project, const std::string& state = "running") {
    ListedContainer container;
    container.id = container.name = id;
    container.project = project;
    container.state = state;
    return container;
}

/// The engine's sample of a container that uses this much, `inactive` of it pages of files.
std::string sample_of(Bytes usage, Bytes inactive = 0) {
    return fmt::format(R"~({{"read":"2026-01-31T10:00:01.5Z","cpu_stats":{{"cpu_usage":{{"total_usage":1}}}},)~"
                       R"~("memory_stats":{{"usage":{},"stats":{{"inactive_file":{}}}}}}})~",
                       usage, inactive);
}

struct Neighbours {
    testing::MemoryEngine engine;
    std::vector<ListedContainer> containers;
    EngineFacts facts;

    void add(const ListedContainer& container, Bytes usage, Bytes inactive = 0) {
        containers.push_back(container);
        engine.answer(fmt::format("GET /containers/{}/stats", container.id), 200, sample_of(usage, inactive));
    }
    int observe() { return observe_others(engine, containers, "shop", facts); }
    [[nodiscard]] bool asked(const std::string& id) const {
        return engine.was_asked(fmt::format("GET /containers/{}/stats", id));
    }
};

}  // namespace

TEST_CASE("the memory of others is the sum of their working sets, by project") {
    Neighbours world;
    world.add(listed("ours", "shop"), 1000 * kMebi);
    world.add(listed("stopped", "shop", "exited"), 1000 * kMebi);
    world.add(listed("blog-0", "blog", "exited"), 1000 * kMebi);
    world.add(listed("blog-1", "blog"), 100 * kMebi, 30 * kMebi);
    world.add(listed("blog-2", "blog"), 20 * kMebi);
    world.add(listed("wiki-1", "wiki"), 7 * kMebi);
    world.add(listed("by-hand", ""), 5 * kMebi);
    world.add(listed("also-by-hand", ""), kMebi);
    SECTION("of every project, and of containers without one") {
        CHECK(world.observe() == 0);
        CHECK(world.facts.others_running == 5);
        CHECK(world.facts.others_memory == 103 * kMebi);
        CHECK(world.facts.others_by_project ==
              std::map<std::string, Bytes>{{"blog", 90 * kMebi}, {"wiki", 7 * kMebi}, {"", 6 * kMebi}});
    }
    SECTION("one sample of each, and not the two that a rate would need") {
        world.observe();
        REQUIRE(world.engine.asked.size() == 5);
        for (const Request& request : world.engine.asked) {
            CHECK(request.query ==
                  std::vector<std::pair<std::string, std::string>>{{"stream", "0"}, {"one-shot", "1"}});
        }
    }
    SECTION("the project's own do not count, but for what `run` made of it") {
        ListedContainer oneoff = listed("ours-run", "shop");
        oneoff.oneoff = true;
        world.add(oneoff, 2 * kMebi);
        CHECK(world.observe() == 0);
        CHECK_FALSE(world.asked("ours"));
        CHECK(world.facts.others_running == 6);
        CHECK(world.facts.others_memory == 105 * kMebi);
        CHECK(world.facts.others_by_project["shop"] == 2 * kMebi);
    }
    SECTION("what does not run uses nothing, and is not asked") {
        for (const char* const state : {"created", "dead", ""}) {
            world.add(listed(fmt::format("stopped-{}", state), "blog", state), 1000 * kMebi);
        }
        CHECK(world.observe() == 0);
        CHECK(world.engine.asked.size() == 5);
        CHECK(world.facts.others_running == 5);
        CHECK(world.facts.others_memory == 103 * kMebi);
    }
}

TEST_CASE("whoever does not say what it uses is missing from the sum, and is told") {
    Neighbours world;
    world.add(listed("blog-1", "blog"), 100 * kMebi);
    world.containers.push_back(listed("mute", "wiki"));
    SECTION("it is gone by now") {}
    SECTION("the engine fails") { world.engine.answer("GET /containers/mute/stats", 500, sample_of(1000 * kMebi)); }
    SECTION("it stopped meanwhile") { world.engine.answer("GET /containers/mute/stats", 200, test::kStopped); }
    SECTION("the answer is cut off") {
        world.engine.answer("GET /containers/mute/stats", 200, sample_of(1000 * kMebi).substr(0, 90));
    }
    SECTION("no answer comes at all") { world.engine.answer("GET /containers/mute/stats", 0, "connection reset"); }
    world.add(listed("wiki-2", "wiki"), 7 * kMebi);
    CHECK(world.observe() == 1);
    CHECK(world.facts.others_running == 3);
    CHECK(world.facts.others_memory == 107 * kMebi);
    CHECK(world.facts.others_by_project == std::map<std::string, Bytes>{{"blog", 100 * kMebi}, {"wiki", 7 * kMebi}});
}

TEST_CASE("of a crowd only so many are asked, and the others count as missing") {
    Neighbours world;
    for (int i = 0; i < 70; ++i) {
        world.add(listed(fmt::format("crowd-{}", i), "crowd"), kMebi);
    }
    CHECK(world.observe() == 6);
    CHECK(world.engine.asked.size() == 64);
    CHECK(world.facts.others_running == 70);
    CHECK(world.facts.others_memory == 64 * kMebi);
}
