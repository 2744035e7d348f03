#include <catch2/catch.hpp>

#include "core/apply/route.h"
#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

Route route(Machine& machine, const Selectors& selectors = {}) {
    return route_of(machine.discover(selectors), {"docker"}, machine.files);
}

}  // namespace

TEST_CASE("a change reaches the user's own up by the route that fits how the project is started", "[apply]") {
    Machine machine;
    machine.files.contents["/home/me/shop/compose.yaml"];

    SECTION("default names: a link that plain docker compose finds, from a sub-folder, too") {
        machine.environment.working_directory = GENERATE("/home/me/shop", "/home/me/shop/src/deep");
        const Route found = route(machine);
        CHECK(found.kind == Route::Kind::kLink);
        CHECK(found.link == "/home/me/shop/compose.override.yaml");
        CHECK(found.kept());
        CHECK(shown(found.command) == "docker compose");
        CHECK(found.folder == "/home/me/shop");
    }
    SECTION("from elsewhere by --project-directory: the same") {
        machine.environment.working_directory = "/";
        Selectors selectors;
        selectors.project_directory = "/home/me/shop";
        CHECK(route(machine, selectors).kind == Route::Kind::kLink);
    }
    SECTION("an override of the user's own: nothing is hidden in it") {
        machine.files.contents["/home/me/shop/docker-compose.override.yml"];
        const Route found = route(machine);
        CHECK_FALSE(found.kept());
        CHECK(shown(found.starting) == "docker compose");
        CHECK(shown(found.command) ==
              "docker compose -f compose.yaml -f docker-compose.override.yml -f .pilotpros/compose.yaml");
    }
    SECTION("files that are named: ours has to be named, too") {
        Selectors selectors;
        selectors.files = {"compose.yaml"};
        CHECK(shown(route(machine, selectors).command) == "docker compose -f compose.yaml -f .pilotpros/compose.yaml");
        machine.environment.variables["COMPOSE_FILE"] = "compose.yaml";
        CHECK_FALSE(route(machine).kept());
    }
    SECTION("a name with a blank is quoted as a shell needs it") {
        machine.files.contents["/home/me/shop/my file.yaml"];
        Selectors selectors;
        selectors.files = {"my file.yaml"};
        CHECK(shown(route(machine, selectors).command) ==
              "docker compose -f 'my file.yaml' -f .pilotpros/compose.yaml");
    }
    SECTION("ours is merged already: it stands") {
        machine.files.contents["/home/me/shop/.pilotpros/compose.yaml"];
        Selectors selectors;
        SECTION("by the link") {
            machine.files.links["/home/me/shop/compose.override.yaml"] = ".pilotpros/compose.yaml";
        }
        SECTION("by name") { selectors.files = {"compose.yaml", ".pilotpros/compose.yaml"}; }
        const Route found = route(machine, selectors);
        CHECK(found.kind == Route::Kind::kStanding);
        CHECK(found.kept());
    }
    SECTION("typed elsewhere a command that names files goes to their folder first, a plain one finds it from below") {
        const std::string plain = "docker compose up -d";
        const std::string named = "docker compose -f compose.yaml -f .pilotpros/compose.yaml up -d";
        const Path folder = "/home/me/my shop";
        CHECK(typed_from(folder, folder, named) == named);
        CHECK(typed_from("/home/me/my shop/src", folder, named) == "(cd '/home/me/my shop' && " + named + ")");
        CHECK(typed_from("/", folder, named) == "(cd '/home/me/my shop' && " + named + ")");
        CHECK(typed_from("/home/me/my shop/src", folder, plain) == plain);
        CHECK(typed_from("/home/me", folder, plain) == "(cd '/home/me/my shop' && " + plain + ")");
        CHECK(typed_from("/home/me/my shop two", folder, plain) == "(cd '/home/me/my shop' && " + plain + ")");
    }
    SECTION("standard input has no later up") {
        Selectors selectors;
        selectors.files = {"-"};
        CHECK_THROWS_AS(route(machine, selectors), Error);
    }
}
