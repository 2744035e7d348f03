#include "core/compose/followers.h"

#include <catch2/catch.hpp>

using namespace pilotpros;
using Json = nlohmann::json;
using Followers = std::set<std::string>;

TEST_CASE("who runs inside whose container is read from the files", "[compose]") {
    const Json services{{"vpn", {{"image", "vpn"}}},
                        {"page", {{"network_mode", "service:vpn"}}},
                        {"debug", {{"pid", "service:page"}, {"ipc", "service:vpn"}}},
                        {"host", {{"network_mode", "host"}, {"pid", "host"}}},
                        {"named", {{"network_mode", "container:vpn"}}},
                        {"after", {{"depends_on", {{"vpn", nullptr}}}}}};
    SECTION("its owners") {
        CHECK(owners_of(services, "page") == std::vector<std::string>{"vpn"});
        CHECK(owners_of(services, "debug") == std::vector<std::string>{"page", "vpn"});
    }
    SECTION("its followers, also those of its followers") {
        CHECK(followers_of(services, "vpn") == Followers{"debug", "page"});
        CHECK(followers_of(services, "page") == Followers{"debug"});
    }
    SECTION("neither who shares the machine's, nor who names a container itself, nor who only depends on it") {
        for (const char* name : {"host", "named", "after", "nosuch"}) {
            CHECK(owners_of(services, name).empty());
            CHECK(followers_of(services, name).empty());
        }
    }
    SECTION("who asks to be restarted after it, apart from those inside of it or that link to it") {
        const Json asking{{"db", {{"image", "db"}}},
                          {"web", {{"depends_on", {{"db", {{"restart", true}}}}}}},
                          {"api", {{"depends_on", {{"db", {{"restart", false}}}}}}},
                          {"old", {{"links", {"db:sql"}}, {"depends_on", {{"db", {{"restart", true}}}}}}},
                          {"in", {{"network_mode", "service:db"}, {"depends_on", {{"db", {{"restart", true}}}}}}}};
        CHECK(restarted_after(asking, "db") == std::vector<std::string>{"web"});
        CHECK(restarted_after(asking, "web").empty());
    }
    SECTION("a circle ends") {
        const Json circle{{"a", {{"pid", "service:b"}}}, {"b", {{"pid", "service:a"}}}};
        CHECK(followers_of(circle, "a") == Followers{"b"});
    }
}

TEST_CASE("who runs inside of a container now is read from the containers, too", "[compose]") {
    Observation observation;
    const auto add = [&](const char* service, auto... shares) {
        Container container;
        container.id = std::string{"id-of-"} + service;
        container.name = std::string{"shop-"} + service + "-1";
        container.status = "running";
        (shares(container), ...);
        observation.services.emplace_back().service = service;
        observation.services.back().containers.push_back(container);
    };
    add("vpn");
    add("network", [](Container& one) { one.network_mode = "container:id-of-vpn"; });
    add("processes", [](Container& one) { one.pid_mode = "container:shop-vpn-1"; });
    add("ipc", [](Container& one) { one.ipc_mode = "container:id-of-vpn"; });
    add("elsewhere", [](Container& one) { one.pid_mode = "container:id-of-ipc"; });
    add("stopped", [](Container& one) { one.network_mode = "container:id-of-vpn", one.status = "exited"; });
    CHECK(running_followers({}, observation, "vpn") == std::vector<std::string>{"ipc", "network", "processes"});
    CHECK(running_followers({}, observation, "network").empty());
}

TEST_CASE("who takes the volumes of another one is read from the files", "[compose]") {
    const Json services{{"web", {{"volumes_from", {"data:ro"}}}},
                        {"one", {{"volumes_from", {"container:data"}}}},
                        {"data", {{"image", "x"}}}};
    CHECK(takers_of(services, "data") == std::vector<std::string>{"web"});
    CHECK(takers_of(services, "web").empty());
}

TEST_CASE("a model is hashed with the containers that services run inside of", "[compose]") {
    const auto of_vpn = [](const std::string& owner) { return owner == "vpn" ? std::string{"0123"} : std::string{}; };
    SECTION("in their owners' places") {
        const std::string model =
            R"({"services":{"page":{"network_mode":"service:vpn","pid":"service:gone"},"vpn":{"image":"service:x"}}})";
        const Json made = Json::parse(bound_to_containers(model, of_vpn));
        CHECK(made["services"]["page"] == Json{{"network_mode", "container:0123"}, {"pid", "service:gone"}});
        CHECK(made["services"]["vpn"] == Json{{"image", "service:x"}});
    }
    SECTION("and with those that they take volumes from, as Compose has them: bare") {
        const std::string model =
            R"({"services":{"page":{"volumes_from":["vpn:ro","container:disk:ro","gone"]},"vpn":{"image":"x"}}})";
        const Json made = Json::parse(bound_to_containers(model, of_vpn));
        CHECK(made["services"]["page"]["volumes_from"] == Json{"0123", "disk", "gone"});
        CHECK(takes_volumes(made.dump()));
        CHECK_FALSE(takes_volumes(R"({"services":{"page":{"volumes":["a:/volumes_from"]}}})"));
    }
    SECTION("byte for byte as it is where nobody does, or it is none") {
        for (const char* model :
             {R"({"services": {"page": {"image":  "web"}}})", R"({"services":  {"page": "service:vpn"}})",
              "service: no JSON", "", R"({"services": {"p": {"network_mode":  "service:other"}}})",
              R"({"services": {"p": {"volumes_from":  ["other"]}}})"}) {
            CHECK(bound_to_containers(model, of_vpn) == model);
        }
    }
}
