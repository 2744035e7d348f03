#include <catch2/catch.hpp>

#include "core/advise/environment.h"

using namespace pilotpros;

namespace {

struct Scene {
    Project project;
    Observation observation;
    ServiceObservation& service() { return observation.services.front(); }
};

/// A built image with its source copied in, which is how production looks.
Scene production() {
    Scene scene;
    scene.project.services["api"].built = true;
    scene.observation.services.resize(1);
    scene.service().service = "api";
    scene.service().containers.resize(1);
    scene.service().containers[0].working_directory = "/srv/app";
    return scene;
}

bool developed(const Scene& scene, const Wishes& wishes = {}) {
    return find_development(scene.project, scene.observation, wishes).at("api");
}

}  // namespace

TEST_CASE("What is developed on shows itself", "[environment]") {
    Scene scene = production();
    CHECK_FALSE(developed(scene));
    SECTION("by its application's own signs") {
        scene.service().applications = {{"node", 1, {}, {{"development", {"vite"}}}}};
        CHECK(developed(scene));
        CHECK(sign_of_development(scene.service(), scene.project, scene.observation) == "node: vite");
    }
    SECTION("by a server that reloads its source") {
        scene.service().applications = {{"python", 1, {}, {{"reload", true}}}};
        CHECK(developed(scene));
    }
    SECTION("by source that is mounted over the program's folder") {
        scene.service().containers[0].mounts = {{"bind", "", "/home/me/api", "/srv/app", true, false}};
        CHECK(developed(scene));
    }
    SECTION("by source that is mounted below it") {
        scene.service().containers[0].mounts = {{"bind", "", "/home/me/api/src", "/srv/app/src", true, false}};
        CHECK(developed(scene));
    }
    SECTION("but not by data beside it, or a volume") {
        scene.service().containers[0].mounts = {{"bind", "", "/data", "/srv/application", true, false},
                                                {"volume", "modules", "", "/srv/app/node_modules", true, false}};
        CHECK_FALSE(developed(scene));
    }
    SECTION("and the user's word decides against all signs") {
        scene.service().applications = {{"node", 1, {}, {{"development", {"vite"}}}}};
        Wishes wishes;
        wishes["api"].development = false;
        CHECK_FALSE(developed(scene, wishes));
    }
}
