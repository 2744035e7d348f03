#include <catch2/catch.hpp>

#include "core/apply/patched_files.h"
#include "core/apply/status.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

constexpr const char* kOwnFile = "/shop/compose.yaml";

void put_in_place(ApplyMachine& machine) {
    machine.in_place = true;
    machine.apply();
}

std::string why_not(ApplyMachine& machine) {
    try {
        put_in_place(machine);
    } catch (const Error& error) {
        return error.code() == ExitCode::kRefused ? error.what() : "not refused";
    }
    return "applied";
}

}  // namespace

TEST_CASE("an apply in place changes the user's own file alone, and a rollback gives it back", "[apply]") {
    ApplyMachine machine;
    machine.files.modes[kOwnFile] = 0640;
    const std::string before = machine.seen();
    put_in_place(machine);
    CHECK(machine.files.contents.at(kOwnFile) == "services: {web: {image: nginx:1, mem_limit: 128m}}\n");
    CHECK(machine.files.modes.at(kOwnFile) == 0640);
    CHECK_FALSE(machine.files.exists("/shop/.pilotpros"));
    CHECK(machine.files.links.empty());
    CHECK(machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"] == 134217728);

    SECTION("back as it was") {
        CHECK(machine.roll_back().undone.size() == 1);
        CHECK(machine.seen() == before);
        CHECK(machine.roll_back().undone.empty());
    }
    SECTION("with the mode that the user gave it since, after one apply or two") {
        const bool twice = GENERATE(false, true);
        if (twice) {
            machine.apply("256m");
        }
        machine.files.modes[kOwnFile] = 0600;
        const std::string edited = machine.seen();
        const auto is_before = [&] {
            return machine.files.contents.at(kOwnFile) == "services: {web: {image: nginx:1}}\n";
        };
        for (int at = 1;; ++at) {
            REQUIRE(at < 300);
            machine.killer = {at};
            try {
                machine.roll_back(true);
            } catch (const Killed&) {  // NOLINT(bugprone-empty-catch): the next one goes on
            }
            CHECK(machine.files.modes.at(kOwnFile) == 0600);
            if (!machine.killer.dead()) {
                break;
            }
            machine.killer = {};
            machine.recover();
            CHECK(machine.files.modes.at(kOwnFile) == 0600);
            CHECK((is_before() || machine.seen() == edited));
            if (is_before()) {
                break;
            }
        }
        CHECK(is_before());
    }
    SECTION("by the containers that were kept, where Compose cannot") {
        machine.compose_is_broken = true;
        machine.roll_back();
        CHECK(machine.seen() == before);
    }
    SECTION("the preview of a rollback knows that the container is replaced") {
        World world = machine.world();
        const RollbackPreview preview = preview_rollback(world, &machine.engine, machine.store(), {});
        REQUIRE(preview.services.size() == 1);
        CHECK(preview.services.front().how.replaced == std::vector<std::string>{"shop-web-1"});
        CHECK(preview.conflicts.empty());
    }
    SECTION("the same again is nothing to do, another value is a second transaction") {
        CHECK(machine.apply().id.empty());
        const std::string first = machine.seen();
        machine.apply("256m");
        CHECK(machine.files.contents.at(kOwnFile) == "services: {web: {image: nginx:1, mem_limit: 256m}}\n");
        machine.roll_back();
        CHECK(machine.seen() == first);
        machine.apply("256m");
        machine.roll_back(true);
        CHECK(machine.seen() == before);
    }
    SECTION("an edit of the user's since then is in the way, is not shown, and is kept by --force") {
        machine.files.contents[kOwnFile] += "# mine\n";
        const std::string edited = machine.seen();
        CHECK_THROWS_AS(machine.roll_back(), Error);
        CHECK(machine.seen() == edited);
        World world = machine.world();
        const RollbackPreview preview = preview_rollback(world, &machine.engine, machine.store(), {});
        REQUIRE(preview.conflicts.size() == 1);
        CHECK_FALSE(preview.conflicts.front().ours);  // it may hold secrets of theirs
        CHECK(preview.conflicts.front().theirs.empty());
        RollbackRequest force;
        force.force = true;
        machine.roll_back(force);
        CHECK(machine.files.contents.at(kOwnFile) == "services: {web: {image: nginx:1}}\n");
        CHECK(machine.files.contents.at("/shop/compose.yaml.pilotpros-kept").ends_with("# mine\n"));
    }
    SECTION("status tells of the file, and that web carries it; nothing is hidden") {
        World world = machine.world();
        const ProjectStatus status = read_status(world, machine.engine, machine.discover(), machine.store(), true);
        REQUIRE(status.files.size() == 1);
        CHECK(status.files.front().path == kOwnFile);
        CHECK(status.files.front().state == "as written");
        CHECK(status.services.front().state == "carries it");
        CHECK(status.masks.empty());
    }
    SECTION("an override afterwards stands beside it, and goes first") {
        const std::string in_place = machine.seen();
        machine.in_place = false;
        machine.apply("256m");
        machine.roll_back();
        CHECK(machine.seen() == in_place);
    }
}

TEST_CASE("in place nothing is written where it would not be what the override says", "[apply]") {
    ApplyMachine machine;
    SECTION("Compose makes something else of the patched file") {
        const auto compose = machine.process.answer;
        machine.process.answer = [compose](const Command& command) {
            Finished finished = compose(command);
            const bool patched = std::any_of(command.argv.begin(), command.argv.end(), [](const std::string& word) {
                return word.find("/scratch-") != std::string::npos;
            });
            const std::size_t image = finished.output.find("nginx:1");
            if (patched && image != std::string::npos) {
                finished.output.replace(image, 7, "nginx:2");
            }
            return finished;
        };
        const std::string before = machine.seen();
        CHECK(why_not(machine).find("something else of your files") != std::string::npos);
        CHECK(why_not(machine).find("services.web.image") != std::string::npos);
        CHECK(machine.seen() == before);
    }
    SECTION("an override of ours stands, which would hide it") {
        machine.apply();
        const std::string before = machine.seen();
        CHECK(why_not(machine).find("would hide") != std::string::npos);
        CHECK(machine.seen() == before);
    }
    SECTION("an anchor that others take up") {
        machine.files.contents[kOwnFile] = "services: {web: &web {image: nginx:1}, more: *web}\n";
        CHECK(why_not(machine).find("web carries &web") != std::string::npos);
    }
    SECTION("the file is a link") {
        machine.files.contents["/shop/real.yaml"] = machine.files.contents.at(kOwnFile);
        machine.files.contents.erase(kOwnFile);
        machine.files.links[kOwnFile] = "real.yaml";
        CHECK(why_not(machine).find("symlink") != std::string::npos);
    }
    SECTION("the Plan comes with a file that would be mounted") {
        machine.more_files = {{"nginx/web/server.conf", "x"}};
        CHECK(why_not(machine).find("only an override") != std::string::npos);
    }
}

TEST_CASE("in place, a rollback of some services alone is refused: their values share a file", "[apply]") {
    ApplyMachine machine{true};
    machine.files.contents[kOwnFile] = "services: {db: {image: x}, web: {image: nginx:1}}\n";
    put_in_place(machine);
    CHECK(machine.files.contents.at(kOwnFile) ==
          "services: {db: {image: x, mem_limit: 128m}, web: {image: nginx:1, mem_limit: 128m}}\n");
    RollbackRequest request;
    request.services = {"web"};
    World world = machine.world();
    CHECK_THROWS_WITH(preview_rollback(world, &machine.engine, machine.store(), request),
                      Catch::Contains("your own files"));
}
