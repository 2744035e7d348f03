#include <catch2/catch.hpp>

#include "core/apply/connections.h"
#include "core/apply/name_pin.h"
#include "core/apply/start_first.h"

using namespace pilotpros;

namespace {

using Json = nlohmann::json;

/// A project whose service "web" may run twice.
struct Stateless {
    Stateless() {
        seen.service = "web";
        seen.image_id = "sha256:web";
        Container container;
        container.name = "shop-web-1";
        container.status = "running";
        seen.containers = {container};
        images["sha256:web"] = {};
    }

    [[nodiscard]] std::string why() const { return why_stop_first(services, "web", &seen, images); }

    Json services{{"web", {{"image", "web"}, {"networks", {{"default", nullptr}}}}}, {"other", {{"image", "other"}}}};
    ServiceObservation seen;
    std::map<std::string, Image> images;
};

}  // namespace

TEST_CASE("A service that keeps nothing and holds nothing may run twice", "[apply][swap]") {
    Stateless one;
    CHECK(one.why().empty());

    SECTION("also with files that it cannot write, and memory for files") {
        one.services["web"]["volumes"] = {
            {{"type", "bind"}, {"source", "/etc/x"}, {"target", "/x"}, {"read_only", true}},
            {{"type", "volume"}, {"source", "common"}, {"target", "/c"}, {"read_only", true}},
            {{"type", "tmpfs"}, {"target", "/t"}}};
        one.services["web"]["tmpfs"] = {"/data:size=16m"};
        one.images["sha256:web"].volumes = {"/data", "/t"};
        one.seen.containers[0].mounts = {{"bind", "", "/etc/x", "/x", false, false},
                                         {"volume", "common", "", "/c", false, false},
                                         {"tmpfs", "", "", "/t", true, false}};
        CHECK(one.why().empty());
    }
    SECTION("also as several, under more names, and with ports that only the project reaches") {
        one.seen.containers.push_back(one.seen.containers[0]);
        one.services["web"]["networks"]["default"] = {{"aliases", {"shop"}}};
        one.services["web"]["expose"] = {"80"};
        CHECK(one.why().empty());
    }
    SECTION("also when its update_config says start-first") {
        one.services["web"]["deploy"]["update_config"]["order"] = "start-first";
        CHECK(one.why().empty());
    }
}

TEST_CASE("What holds a service to one container at a time is said", "[apply][swap]") {
    Stateless one;
    Json& web = one.services["web"];

    SECTION("a name that only one container can have") {
        web["container_name"] = "web";
        CHECK(one.why() == "its container_name is web");
    }
    SECTION("a published port") {
        web["ports"] = {{{"target", 80}, {"published", "8080"}}};
        CHECK(one.why() == "it publishes port 8080");
        web["ports"].push_back({{"target", 81}});
        CHECK(one.why() == "it publishes ports 8080, for 81");
    }
    SECTION("a port that only the running container publishes") {
        one.seen.containers[0].ports = {{"127.0.0.1", "9000", "80/tcp"}};
        CHECK(one.why() == "it publishes port 9000");
    }
    SECTION("a volume that it may write to") {
        web["volumes"] = {{{"type", "volume"}, {"source", "uploads"}, {"target", "/data"}}};
        CHECK(one.why() == "it may write to /data (volume uploads)");
    }
    SECTION("a folder of the host that it may write to") {
        web["volumes"] = {{{"type", "bind"}, {"source", "/srv"}, {"target", "/data"}}};
        CHECK(one.why() == "it may write to /data (bind /srv)");
    }
    SECTION("a volume that nobody named, of the files, of the image, or of the running container") {
        SECTION("files") { web["volumes"] = {{{"type", "volume"}, {"target", "/data"}}}; }
        SECTION("image") { one.images["sha256:web"].volumes = {"/data"}; }
        SECTION("container") { one.seen.containers[0].mounts = {{"volume", "3f2a", "", "/data", true, true}}; }
        CHECK(one.why() == "it may write to /data (a volume without a name)");
    }
    SECTION("the volumes of another container") {
        web["volumes_from"] = {"other"};
        CHECK(one.why() == "it has the volumes of other");
    }
    SECTION("a fixed address, MAC address or host name") {
        SECTION("IPv4") {
            web["networks"]["default"] = {{"ipv4_address", "172.30.0.5"}};
            CHECK(one.why() == "its address on the network default is fixed");
        }
        SECTION("IPv6") {
            web["networks"]["default"] = {{"ipv6_address", "fd00::5"}};
            CHECK(one.why() == "its address on the network default is fixed");
        }
        SECTION("MAC") {
            web["mac_address"] = "02:42:ac:11:65:43";
            CHECK(one.why() == "its MAC address is fixed");
        }
        SECTION("MAC of one network") {
            web["networks"]["default"] = {{"mac_address", "02:42:ac:11:65:43"}};
            CHECK(one.why() == "its MAC address on the network default is fixed");
        }
        SECTION("host name") {
            web["hostname"] = "node-1";
            CHECK(one.why() == "its hostname is node-1");
        }
    }
    SECTION("namespaces of the host or of another container") {
        web["network_mode"] = "host";
        CHECK(one.why() == "it shares the host's network");
        web["network_mode"] = "container:vpn";
        CHECK(one.why() == "it shares the network of vpn");
        web.erase("network_mode");
        web["pid"] = "service:other";
        CHECK(one.why() == "it shares the processes of other");
        web.erase("pid");
        web["ipc"] = "shareable";
        CHECK(one.why() == "it lets others share its shared memory");
    }
    SECTION("what only one can have of the host") {
        SECTION("privileged") {
            web["privileged"] = true;
            CHECK(one.why() == "it is privileged, and may hold what only one can have");
        }
        SECTION("device") {
            web["devices"] = {{{"source", "/dev/ttyUSB0"}, {"target", "/dev/ttyUSB0"}}};
            CHECK(one.why() == "it holds the device /dev/ttyUSB0");
        }
        SECTION("reserved devices") {
            web["deploy"]["resources"]["reservations"]["devices"] = {{{"capabilities", {"gpu"}}}};
            CHECK(one.why() == "it reserves devices");
        }
    }
    SECTION("another service that holds on to this very container") {
        SECTION("network") {
            one.services["other"]["network_mode"] = "service:web";
            CHECK(one.why() == "other shares its network");
        }
        SECTION("link") {
            one.services["other"]["links"] = {"web:backend"};
            CHECK(one.why() == "other links to it");
        }
        SECTION("volumes") {
            one.services["other"]["volumes_from"] = {"web:ro"};
            CHECK(one.why() == "other has its volumes");
        }
    }
    SECTION("the user's own word") {
        web["deploy"]["update_config"]["order"] = "stop-first";
        CHECK(one.why() == "its update_config says stop-first");
    }
    SECTION("a container that does not run: Compose would start that one") {
        one.seen.containers.push_back(one.seen.containers[0]);
        one.seen.containers[1].status = "exited";
        CHECK(one.why() == "one of its containers does not run");
    }
    SECTION("what is not known") {
        SECTION("its image") {
            one.images.clear();
            CHECK(one.why() == "the volumes of its image are not known");
        }
        SECTION("its containers") {
            one.seen.containers.clear();
            CHECK(one.why() == "its containers are not known");
        }
        SECTION("anything") {
            CHECK(why_stop_first(one.services, "web", nullptr, {}) == "its containers are not known");
        }
    }
}

TEST_CASE("A machine without the memory for two of a service has one stopped first", "[apply][swap]") {
    constexpr Bytes kMebi = Bytes{1} << 20U;
    Observation observation;
    observation.engine.emplace();
    observation.engine->memory = 1000 * kMebi;
    observation.engine->others_memory = 300 * kMebi;
    for (const char* name : {"web", "db"}) {
        ServiceObservation service;
        service.service = name;
        service.containers.resize(name == std::string{"web"} ? 2 : 1);
        service.kept.samples = 1;
        service.kept.earlier_need_peak = 100 * kMebi;
        observation.services.push_back(std::move(service));
    }
    CHECK(why_no_room_for_two(observation, "web").empty());  // 300 + 2 x 100 + 100 + 2 x 100 = 800

    SECTION("what others use counts") {
        observation.engine->others_memory = 550 * kMebi;
        CHECK(why_no_room_for_two(observation, "web") ==
              "200 MiB more for a second one is more than the machine's 1000 MiB have beside the 850 MiB in use");
        CHECK(why_no_room_for_two(observation, "db").empty());  // 850 + 100
    }
    SECTION("what is not known is no reason") {
        observation.engine->others_memory = 2000 * kMebi;
        observation.engine->memory = 0;
        CHECK(why_no_room_for_two(observation, "web").empty());
    }
}

TEST_CASE("Callers are those who came from outside to a port on which somebody listens", "[apply][swap]") {
    const std::string head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n";
    const std::string listens = "   0: 00000000:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1\n";
    const auto callers = [&](const std::string& lines, const std::string& six = "") {
        return callers_of(head + listens + lines, six.empty() ? "" : head + six);
    };
    CHECK(callers("").open.empty());

    SECTION("an established connection is open, and so is one that is still sent to") {
        CHECK(callers("   1: 020012AC:0BB8 030012AC:B7D8 01 0:0 0:0 0 0 0 2\n").open.size() == 1);
        CHECK(callers("   1: 020012AC:0BB8 030012AC:B7D8 04 0:0 0:0 0 0 0 2\n").open.size() == 1);
        CHECK(callers("   1: 020012AC:0BB8 030012AC:B7D8 08 0:0 0:0 0 0 0 2\n").open.size() == 1);
    }
    SECTION("one that both sides are done with is gone, which tells of a short one") {
        const Callers gone = callers("   1: 020012AC:0BB8 030012AC:B7D8 06 0:0 0:0 0 0 0 2\n");
        CHECK(gone.open.empty());
        CHECK(gone.gone == std::set<std::string>{"030012AC:B7D8"});
    }
    SECTION("a connection of its own to a database is none") {
        CHECK(callers("   1: 020012AC:D431 040012AC:1538 01 0:0 0:0 0 0 0 2\n").open.empty());
    }
    SECTION("a health check over loopback is none, nor is the engine's resolver") {
        CHECK(callers("   1: 0100007F:0BB8 0100007F:B7D8 01 0:0 0:0 0 0 0 2\n").open.empty());
        const std::string resolver = "   1: 0B00007F:81F5 00000000:0000 0A 0:0 0:0 0 0 0 2\n";
        CHECK(callers(resolver + "   2: 020012AC:81F5 030012AC:B7D8 01 0:0 0:0 0 0 0 2\n").open.empty());
    }
    SECTION("IPv6 is read, too, with IPv4 inside it") {
        const std::string six =
            "   0: 00000000000000000000000000000000:0FA0 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 2\n"
            "   1: 0000000000000000FFFF0000020012AC:0FA0 0000000000000000FFFF0000030012AC:B7D8 01 0:0 0:0 0 0 0 2\n"
            "   2: 0000000000000000FFFF00000100007F:0FA0 0000000000000000FFFF00000100007F:B7D9 01 0:0 0:0 0 0 0 2\n"
            "   3: 00000000000000000000000001000000:0FA0 00000000000000000000000001000000:B7DA 01 0:0 0:0 0 0 0 2\n";
        CHECK(callers("", six).open == std::set<std::string>{"0000000000000000FFFF0000030012AC:B7D8"});
    }
}

TEST_CASE("A name is pinned to the address at which a container reaches the new ones", "[apply][swap]") {
    const auto on = [](const Json& networks) { return Json{{"NetworkSettings", {{"Networks", networks}}}}; };
    const Json user = on({{"front", {{"IPAddress", "10.0.0.2"}}}});
    const Json target = on({{"back", {{"IPAddress", "10.1.0.3"}}}, {"front", {{"IPAddress", "10.0.0.3"}}}});
    CHECK(pin_lines(user, {target}, {"shop", "web"}) ==
          std::vector<std::string>{"10.0.0.3\tshop web # docker pilotpros"});

    SECTION("every one of them") { CHECK(pin_lines(user, {target, target}, {"web"}).size() == 2); }
    SECTION("IPv6 where there is no other") {
        const Json six = on({{"front", {{"IPAddress", ""}, {"GlobalIPv6Address", "fd00::3"}}}});
        CHECK(pin_lines(user, {six}, {"web"}) == std::vector<std::string>{"fd00::3\tweb # docker pilotpros"});
    }
    SECTION("not at all where one is out of reach") {
        CHECK(pin_lines(user, {target, on({{"back", {{"IPAddress", "10.1.0.4"}}}})}, {"web"}).empty());
    }
}
