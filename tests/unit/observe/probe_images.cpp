#include "core/probe_images.h"

#include <catch2/catch.hpp>

#include "core/sys/files.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using Json = nlohmann::json;

namespace {

/// One service, and an engine that has the image app:1, in which every path is a folder: no command is there.
struct ProbedImage {
    Project project;
    Observation observation;
    testing::MemoryEngine engine;
    MemoryFiles files;

    explicit ProbedImage(const Json& more, const Json& test = Json::array({"CMD", "curl", "-f", "http://127.0.0.1/"})) {
        project.name = "shop";
        Service& service = project.services["app"];
        service.name = "app";
        service.image = "app:1";
        service.resolved = {{"image", "app:1"}, {"healthcheck", {{"test", test}}}};
        service.resolved.update(more);
        observation.services.resize(1);
        observation.services[0].service = "app";
        engine.answer("GET /images/app:1/json", 200, R"({"Id":"sha256:1","Config":{"Env":["PATH=/usr/bin:/bin"]}})");
        engine.answer("POST /containers/create", 201, R"({"Id":"t1"})");
        engine.answer("DELETE /containers/t1", 204, "");
        engine.answer("HEAD /containers/t1/archive", 200, "",
                      {{"x-docker-container-path-stat",
                        "eyJuYW1lIjoiYmluIiwic2l6ZSI6NDA5NiwibW9kZSI6MjE0NzQ4NDE0MSwibGlua1RhcmdldCI6IiJ9"}});
    }

    /// Whether it is known now which commands there are.
    bool looked() {
        FileImageAnswers answers{files, "/s"};
        note_probe_commands(engine, answers, project, observation);
        return observation.services[0].probe_commands_known;
    }
};

}  // namespace

TEST_CASE("an image that the engine has is looked at for the command of its health check, and not run", "[observe]") {
    ProbedImage probed{Json::object()};
    CHECK(probed.looked());
    CHECK(probed.observation.services[0].probe_commands.empty());
    CHECK(probed.engine.was_asked("DELETE /containers/t1"));
    CHECK_FALSE(probed.engine.was_asked("POST /containers/t1/start"));
    CHECK(ProbedImage(Json::object(), "curl -f http://127.0.0.1/ || exit 1").looked());
}

TEST_CASE("nothing is claimed of an image whose commands may be others in the container", "[observe]") {
    SECTION("the service brings a PATH") {
        CHECK_FALSE(ProbedImage(Json::object({{"environment", {{"PATH", "/tools"}}}})).looked());
        CHECK(ProbedImage(Json::object({{"environment", {{"HOME", "/tools"}}}})).looked());
    }
    SECTION("it mounts where the commands lie, or above") {
        const auto mounted = [](const char* kind, const char* target) {
            const Json mount = Json::object({{"target", target}});
            return ProbedImage(Json::object({{kind, Json::array({mount})}})).looked();
        };
        CHECK_FALSE(mounted("volumes", "/usr/bin/curl"));
        CHECK_FALSE(mounted("volumes", "/usr"));
        CHECK_FALSE(mounted("configs", "/bin/curl"));
        CHECK(mounted("volumes", "/var/lib/app"));
        CHECK(mounted("volumes", "/usr/binaries"));
    }
    SECTION("it is built: the image that is here may be an older one") {
        ProbedImage probed{Json::object()};
        probed.project.services["app"].built = true;
        CHECK_FALSE(probed.looked());
    }
    SECTION("its test says where the command lies, calls none that is looked for, or is off") {
        CHECK_FALSE(ProbedImage(Json::object(), Json::array({"CMD", "/opt/curl", "http://127.0.0.1/"})).looked());
        CHECK_FALSE(ProbedImage(Json::object(), Json::array({"CMD", "healthy"})).looked());
        CHECK_FALSE(ProbedImage(Json::object(), Json::array({"NONE"})).looked());
    }
    SECTION("the engine does not have it") {
        ProbedImage probed{Json::object()};
        probed.project.services["app"].image = "app:2";
        CHECK_FALSE(probed.looked());
        CHECK_FALSE(probed.engine.was_asked("POST /containers/create"));
    }
}
