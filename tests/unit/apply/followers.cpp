#include "core/apply/followers.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "core/model/error.h"
#include "core/sys/files.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

/// A project of "page", which runs inside of the container "owner".
struct Inside {
    /// `owner_started`: empty where it is gone. `page_says`: the status of the answer on page.
    explicit Inside(const std::string& owner_started = "2026-01-01T00:00:00.1Z", bool running = true,
                    int page_says = 200) {
        const nlohmann::json listed{{{"Id", "page1"},
                                     {"Names", {"/shop-page-1"}},
                                     {"State", "running"},
                                     {"Labels", {{"com.docker.compose.service", "page"}}}}};
        engine.answer("GET /containers/json", 200, listed.dump());
        if (!owner_started.empty()) {
            engine.answer("GET /containers/owner/json", 200,
                          nlohmann::json{{"State", {{"Running", true}, {"StartedAt", owner_started}}}}.dump());
        }
        engine.answer("GET /containers/page1/json", page_says,
                      nlohmann::json{{"Name", "/shop-page-1"},
                                     {"State", {{"Running", running}, {"StartedAt", "2026-01-01T00:00:00.12Z"}}},
                                     {"HostConfig", {{"NetworkMode", "container:owner"}, {"PidMode", ""}}}}
                          .dump());
    }
    MemoryEngine engine;
};

using Counts = std::map<std::string, int>;

}  // namespace

TEST_CASE("what runs inside of another container is counted, and told when it is cut off", "[apply]") {
    const Counts one{{"page", 1}};
    const std::set<std::string> page{"page"};
    SECTION("sound: it was started after its owner, be it by hundredths of a second") {
        Inside shop;
        CHECK(running_inside(shop.engine, "shop") == one);
        CHECK(cut_off(shop.engine, "shop", one).empty());
        const std::vector<Follower> now = followers_now(shop.engine, "shop");
        REQUIRE(now.size() == 1);
        CHECK(now[0].name == "shop-page-1");
        CHECK(now[0].bindings == std::set<std::string>{"owner"});
    }
    SECTION("its owner is gone, or was started again: before, that was not by us") {
        for (const char* owner : {"", "2026-01-01T00:00:00.13Z"}) {
            Inside shop{owner};
            CHECK(cut_off(shop.engine, "shop", one) == page);
            CHECK(running_inside(shop.engine, "shop").empty());
        }
    }
    SECTION("it ended with its owner, or was made and not started") {
        Inside shop{"2026-01-01T00:00:00.1Z", false};
        CHECK(cut_off(shop.engine, "shop", one) == page);
    }
    SECTION("fewer run than did") {
        Inside shop;
        CHECK(cut_off(shop.engine, "shop", {{"page", 2}}) == page);
    }
    SECTION("an engine that does not say is not one that says gone") {
        Inside shop{""};
        shop.engine.answer("GET /containers/owner/json", 500, R"({"message":"out of order"})");
        CHECK_THROWS_AS(cut_off(shop.engine, "shop", one), EngineLost);
    }
    SECTION("one that the engine does not show is left out") {
        Inside shop{"2026-01-01T00:00:00.1Z", true, 403};
        CHECK(running_inside(shop.engine, "shop").empty());
    }
}

TEST_CASE("what ran inside of others before is told by the journal", "[apply]") {
    Inside shop;
    MemoryFiles files;
    Journal journal(files, "/state/journal.json");
    SECTION("as it was noted, whatever runs by now") {
        note_inside(journal, {{"page", 2}, {"debug", 1}});
        CHECK(inside_before(shop.engine, "shop", journal) == Counts{{"debug", 1}, {"page", 2}});
    }
    SECTION("else by what runs; nothing is noted where nobody does") {
        note_inside(journal, {});
        CHECK(journal.records().empty());
        CHECK(inside_before(shop.engine, "shop", journal) == Counts{{"page", 1}});
    }
}

TEST_CASE("what is made again is bound to the successor of a container that is gone", "[apply]") {
    MemoryEngine engine;
    engine.answer("GET /containers/lives/json", 200, "{}");
    const nlohmann::json inspect{
        {"HostConfig", {{"NetworkMode", "container:gone"}, {"PidMode", "container:lives"}, {"IpcMode", "private"}}}};
    SECTION("asked for by how it was bound") {
        std::vector<std::string> asked;
        const auto made = bound_to_successors(engine, "page", inspect, [&](const auto& id, const auto& key) {
            asked.push_back(id + " " + key);
            return std::string{"next"};
        });
        CHECK(made["HostConfig"] == nlohmann::json{{"NetworkMode", "container:next"},
                                                   {"PidMode", "container:lives"},
                                                   {"IpcMode", "private"}});
        CHECK(asked == std::vector<std::string>{"gone network_mode"});
    }
    SECTION("where there is none, that is said") {
        CHECK_THROWS_AS(bound_to_successors(engine, "page", inspect, {}), Error);
    }
}
