#include "core/compose/plugin.h"

#include <catch2/catch.hpp>

#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using pilotpros::testing::Machine;

TEST_CASE("Compose's own program is looked for where docker looks, in its order", "[discovery]") {
    Machine machine;
    machine.environment.variables["DOCKER_CONFIG"] = "/config";
    const auto found = [&](const std::vector<std::string>& docker = {"docker"}) {
        return compose_plugin(docker, machine.environment, machine.files).value_or("nowhere").string();
    };
    CHECK(found() == "nowhere");
    machine.files.contents["/usr/libexec/docker/cli-plugins/docker-compose"] = "";
    CHECK(found() == "/usr/libexec/docker/cli-plugins/docker-compose");
    machine.files.contents["/config/cli-plugins/docker-compose"] = "";
    CHECK(found() == "/config/cli-plugins/docker-compose");
    machine.files.contents["/config/config.json"] = R"({"cliPluginsExtraDirs": ["/none", "/extra"]})";
    CHECK(found() == "/config/cli-plugins/docker-compose");
    machine.files.contents["/extra/docker-compose"] = "";
    CHECK(found() == "/extra/docker-compose");
    CHECK(found({"docker", "--config", "/other"}) == "/usr/libexec/docker/cli-plugins/docker-compose");
}

TEST_CASE("it is called as docker would call it, and through docker where it is not found", "[discovery]") {
    Machine machine;
    machine.files.contents["/home/me/shop/compose.yaml"] = "";
    SECTION("found") {
        machine.files.contents["/usr/libexec/docker/cli-plugins/docker-compose"] = "";
        machine.discover();
        const Command& ran = machine.process.ran.back();
        CHECK(ran.argv.front() == "/usr/libexec/docker/cli-plugins/docker-compose");
        CHECK(ran.argv.at(1) == "compose");
        CHECK(ran.set_variables.at("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND") == "docker");
        CHECK(ran.set_variables.at("DOCKER_CLI_PLUGIN_SOCKET").empty());
    }
    SECTION("not found") {
        machine.discover();
        CHECK(machine.process.ran.back().argv.front() == "docker");
        CHECK_FALSE(machine.process.ran.back().set_variables.contains("DOCKER_CLI_PLUGIN_SOCKET"));
    }
}
