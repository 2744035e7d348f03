#include <catch2/catch.hpp>

#include "core/apply/conflict.h"
#include "core/apply/coupling.h"
#include "core/apply/creation.h"
#include "core/apply/data_volumes.h"
#include "core/apply/followers.h"
#include "core/apply/inspect_difference.h"
#include "core/bundle/merge_override.h"

using namespace pilotpros;

namespace {

using Json = nlohmann::json;

Json change(const std::string& service, const std::string& key, const Json& before, const Json& after) {
    return {{"service", service}, {"key", key}, {"before", before}, {"after", after}};
}

Change mount(const Json& after, const std::string& key = "volumes") {
    Change change;
    change.service = "db";
    change.target.path = {key};
    change.after = after;
    return change;
}

}  // namespace

TEST_CASE("the override keeps what stands of other services", "[rollback]") {
    const std::string standing = "# head\nservices:\n  db:\n    # c\n    cpus: 2\n  web:\n    mem_limit: \"256m\"\n";
    const std::string before = "services:\n  web:\n    mem_limit: \"128m\"\n";
    CHECK(take_back_services(standing, before, {"web"}) ==
          "# head\nservices:\n  db:\n    # c\n    cpus: 2\n  web:\n    mem_limit: \"128m\"\n");
    CHECK(take_back_services(standing, "", {"web"}) == "# head\nservices:\n  db:\n    # c\n    cpus: 2\n");
    CHECK(take_back_services(standing, before, {"db"}) == "# head\nservices:\n  web:\n    mem_limit: \"256m\"\n");
    CHECK(take_back_services(standing, "", {"db", "web"}).empty());
}

TEST_CASE("what services share couples them", "[rollback]") {
    SECTION("memory that one gave up and another grew into") {
        const Json changes = {change("db", "memory", "1g", "512m"), change("web", "memory", "256m", "512m")};
        REQUIRE(couplings_of(changes, {"db"}).size() == 1);
        CHECK(couplings_of(changes, {"db"}).front().with == "web");
        CHECK(couplings_of(changes, {"web"}).empty());
        CHECK(couplings_of(changes, {"db", "web"}).empty());
    }
    SECTION("limits where there were none are nobody's gain") {
        CHECK(couplings_of({change("db", "memory", nullptr, "512m"), change("web", "memory", nullptr, "512m")}, {"db"})
                  .empty());
    }
    SECTION("over several transactions the first and the last value count") {
        const Json changes = {change("db", "memory", "1g", "512m"), change("db", "memory", "512m", "1g"),
                              change("web", "memory", "256m", "512m")};
        CHECK(couplings_of(changes, {"db"}).empty());
    }
    SECTION("connections and the pools that open them, both ways") {
        const Json changes = {change("db", "max_connections", 100, 40),
                              change("flow", "DB_POSTGRESDB_POOL_SIZE", 20, 4)};
        CHECK(couplings_of(changes, {"flow"}).size() == 1);
        CHECK(couplings_of(changes, {"db"}).size() == 1);
    }
}

TEST_CASE("a user's line is shown without its value", "[rollback]") {
    const std::string ours = "services:\n  web:\n    mem_limit: \"128m\"\n";
    CHECK(without_values(ours, ours) == ours);
    CHECK(without_values("    mem_limit: \"200m\"\n", ours) == "    mem_limit: \"200m\"\n");
    CHECK(without_values("      TOKEN: abc\n", ours) == "      TOKEN: (not shown)\n");
    CHECK(without_values("    environment:\n", ours) == "    environment:\n");
    CHECK(without_values("      - TOKEN=abc\n", ours) == "      (not shown)\n");
    CHECK(without_values("  user:hunter2\n", ours) == "  (not shown)\n");
    CHECK(without_values("# it is hunter2", ours) == "(not shown)");
    CHECK(without_values("work_mem = 8MB\n", "work_mem = 4MB\n") == "work_mem = 8MB\n");
}

TEST_CASE("a change below volumes is refused by type, whoever wants it", "[rollback]") {
    Project project;
    project.services["db"].resolved = {
        {"volumes", {{{"type", "volume"}, {"source", "data"}, {"target", "/var/lib/postgresql/data"}}}}};
    const auto refused = [&](const Change& change) { return touches_data(change, project).has_value(); };
    CHECK(!refused(mount(Json::array({"./.pilotpros/postgres/db:/etc/pilotpros/postgres:ro"}))));
    CHECK(refused(mount(Json::array({"data:/elsewhere"}))));
    CHECK(refused(mount(Json::array({"/srv/other:/elsewhere"}))));
    CHECK(refused(mount(Json::array({"/elsewhere"}))));
    CHECK(refused(mount(Json::array({"./.pilotpros/../data:/elsewhere"}))));
    CHECK(refused(mount(Json::array({"./.pilotpros/x:/var/lib/postgresql/data"}))));
    CHECK(refused(mount(Json::array({"./.pilotpros/x:/var/lib/postgresql"}))));
    CHECK(refused(mount(Json::array({"./.pilotpros/x:/var/lib/postgresql/data/base"}))));
    CHECK(refused(mount(Json::array({{{"type", "volume"}, {"source", "data"}, {"target", "/elsewhere"}}}))));
    CHECK(refused(mount("data:/elsewhere")));
    CHECK(refused(mount(Json::array({"web"}), "volumes_from")));
    CHECK(refused(mount(Json::array({"/var/lib/postgresql/data:size=1g"}), "tmpfs")));
    CHECK(!refused(mount(Json::array({"/tmp"}), "tmpfs")));
    CHECK(!refused(mount("128m", "mem_limit")));
}

TEST_CASE("volumes that only one of two containers has are told", "[rollback]") {
    const auto with = [](const std::string& name) {
        return Json{{"Mounts", {{{"Type", "volume"}, {"Name", name}, {"Destination", "/data"}}}}};
    };
    CHECK(volumes_that_differ(with("a"), with("a")).empty());
    CHECK(volumes_that_differ(with("a"), with("b")).size() == 2);
    CHECK(volumes_that_differ(Json::object(), with("b")).size() == 1);
}

TEST_CASE("two inspections of a container are compared field by field", "[rollback]") {
    const std::string old_id(64, 'a');
    const std::string new_id(64, 'b');
    const Json was{{"Id", old_id},
                   {"Created", "then"},
                   {"Config", {{"Hostname", old_id.substr(0, 12)}, {"Env", {"TOKEN=one", "A=1"}}}},
                   {"HostConfig", {{"Memory", 0}, {"Binds", nullptr}}},
                   {"LogPath", "/x/" + old_id + "/log"},
                   {"NetworkSettings", {{"Networks", {{"n", {{"IPAddress", "10.0.0.2"}, {"Aliases", {"b", "a"}}}}}}}}};
    Json is{{"Id", new_id},
            {"Created", "now"},
            {"Config", {{"Hostname", new_id.substr(0, 12)}, {"Env", {"TOKEN=one", "A=1"}}}},
            {"HostConfig", {{"Memory", 0}}},
            {"LogPath", "/x/" + new_id + "/log"},
            {"NetworkSettings", {{"Networks", {{"n", {{"IPAddress", "10.0.0.9"}, {"Aliases", {"a", "b"}}}}}}}}};
    CHECK(differences(was, is).empty());
    is["HostConfig"]["Memory"] = 134217728;
    CHECK(differences(was, is) == std::vector<std::string>{"HostConfig.Memory: 134217728, was 0"});
    is["HostConfig"]["Memory"] = 0;
    is["Config"]["Env"][0] = "TOKEN=two";
    CHECK(differences(was, is) == std::vector<std::string>{"Config.Env.TOKEN: another value, was another value"});
}

TEST_CASE("a volume of the image that is asked for by its name is the same volume", "[rollback]") {
    const auto with = [](const char* mode, bool writable) {
        return Json{
            {"Mounts",
             {{{"Type", "volume"}, {"Name", "a"}, {"Destination", "/data"}, {"Mode", mode}, {"RW", writable}}}}};
    };
    CHECK(differences(with("", true), with("z", true)).empty());
    CHECK(differences(with("", true), with("z", false)).size() == 1);
    CHECK(differences(with("", true), with("Z", true)).size() == 1);
}

TEST_CASE("what runs inside another container is made again without what is that one's", "[rollback]") {
    const std::string owner(64, 'a');
    const Json inspect{{"Id", std::string(64, 'b')},
                       {"Config",
                        {{"Image", "web:1"},
                         {"Hostname", owner.substr(0, 12)},
                         {"ExposedPorts", {{"80/tcp", Json::object()}}},
                         {"Env", {"A=1"}}}},
                       {"HostConfig", {{"NetworkMode", "container:" + owner}, {"VolumesFrom", {owner}}}},
                       {"Mounts",
                        {{{"Type", "volume"}, {"Name", "v"}, {"Source", "/x"}, {"Destination", "/data"}, {"RW", true}},
                         {{"Type", "bind"}, {"Source", "/host"}, {"Destination", "/conf"}, {"RW", false}}}}};
    const Json made = creation_of(inspect, "sha256:web");
    SECTION("its host name and the ports that it exposes: the engine refuses them beside another one's network") {
        CHECK_FALSE(made.contains("Hostname"));
        CHECK_FALSE(made.contains("ExposedPorts"));
        CHECK(made["Env"] == Json{"A=1"});
        Json alone = inspect;
        alone["HostConfig"]["NetworkMode"] = "bridge";
        CHECK(creation_of(alone, "sha256:web")["Hostname"] == owner.substr(0, 12));
        CHECK(creation_of(alone, "sha256:web").contains("ExposedPorts"));
    }
    SECTION("the volumes that came from there stand for themselves") {
        CHECK_FALSE(made["HostConfig"].contains("VolumesFrom"));
        CHECK(made["HostConfig"]["Mounts"] ==
              Json{{{"Type", "volume"}, {"Source", "v"}, {"Target", "/data"}, {"ReadOnly", false}},
                   {{"Type", "bind"}, {"Source", "/host"}, {"Target", "/conf"}, {"ReadOnly", true}}});
    }
    SECTION("by which container it was bound is no difference; that it was is one") {
        const std::string text = inspect.dump();
        Json other = Json::parse(text);
        other["HostConfig"]["NetworkMode"] = "container:" + std::string(64, 'c');
        other["HostConfig"]["VolumesFrom"] = {std::string(64, 'c')};
        other["Config"]["Hostname"] = std::string(12, 'c');
        CHECK(differences(inspect, other).empty());
        other["HostConfig"]["NetworkMode"] = "bridge";
        CHECK_FALSE(differences(inspect, other).empty());
    }
    CHECK(bindings_of(inspect) == std::set<std::string>{owner});
}
