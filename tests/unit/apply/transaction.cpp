#include <catch2/catch.hpp>

#include "core/apply/gate.h"
#include "core/apply/masks.h"
#include "core/apply/status.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

ExitCode apply_refusal(ApplyMachine& machine, const Selectors& selectors = {}) {
    try {
        machine.apply("128m", selectors);
    } catch (const Error& error) {
        return error.code();
    }
    return ExitCode::kDone;
}

std::int64_t memory_of_web(ApplyMachine& machine) {
    return machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"].get<std::int64_t>();
}

}  // namespace

TEST_CASE("an apply writes, links and recreates; a rollback takes all of it back", "[apply]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    const ApplyResult result = machine.apply();
    CHECK(result.code == ExitCode::kDone);
    CHECK(result.recreated == std::vector<std::string>{"web"});
    CHECK(memory_of_web(machine) == 134217728);
    CHECK(machine.files.links.at("/shop/compose.override.yaml") == ".pilotpros/compose.yaml");
    CHECK(machine.files.modes.at("/shop/.pilotpros") == 0755);
    CHECK(machine.files.modes.at("/shop/.pilotpros/compose.yaml") == 0644);
    CHECK(machine.engine.find("pilotpros-keep-shop-0001") != nullptr);
    CHECK(machine.engine.find("pilotpros-lock-shop") == nullptr);

    SECTION("back as it was, the anonymous volume included") {
        CHECK(machine.roll_back().undone.size() == 1);
        CHECK(machine.seen() == before);
        CHECK(machine.roll_back().undone.empty());
    }
    SECTION("the same again is nothing to do") {
        const ApplyResult again = machine.apply();
        CHECK(again.id.empty());
        CHECK(again.recreated.empty());
    }
    SECTION("a mode that the user gave our file before a second one comes back with the first") {
        machine.files.modes["/shop/.pilotpros/compose.yaml"] = 0600;
        const std::string first = machine.seen();
        machine.apply("256m");
        CHECK(machine.files.modes.at("/shop/.pilotpros/compose.yaml") == 0644);
        machine.roll_back();
        CHECK(machine.seen() == first);
    }
    SECTION("what is announced before anything was measured is at least the time-out") {
        World world = machine.world();
        const RollbackPreview preview = preview_rollback(world, &machine.engine, machine.store(), {});
        CHECK(Seconds{preview.announced().at("web").at_most} >= Seconds{time_for_compose(Direction::kBack, 10)});
    }
    SECTION("a second one is taken back to the first") {
        const std::string first = machine.seen();
        CHECK(machine.apply("256m").recreated.size() == 1);
        CHECK(memory_of_web(machine) == 268435456);
        machine.roll_back();
        CHECK(memory_of_web(machine) == 134217728);
        CHECK(machine.seen() == first);
        CHECK(machine.apply("256m").recreated.size() == 1);
        CHECK(machine.roll_back(true).undone.size() == 2);
        CHECK(machine.seen() == before);
    }
    SECTION("a file that the user changed since is not overwritten") {
        machine.files.contents["/shop/.pilotpros/compose.yaml"] += "# mine\n";
        const std::string changed = machine.seen();
        CHECK_THROWS_AS(machine.roll_back(), Error);
        CHECK(machine.seen() == changed);
    }
    SECTION("where Compose cannot, the container is made again from the snapshot") {
        machine.compose_is_broken = true;
        machine.roll_back();
        CHECK(machine.seen() == before);
    }
    SECTION("status tells of what was applied, of files and drift") {
        World world = machine.world();
        const Project project = machine.discover();
        ProjectStatus status = read_status(world, machine.engine, project, machine.store(), true);
        CHECK(status.history.front().phase == "applied");
        CHECK(status.services.front().state == "carries it");
        CHECK(status.files.size() == 2);
        CHECK(status.masks.empty());
        machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"] = 1;
        machine.files.contents["/shop/.pilotpros/compose.yaml"] += "# mine\n";
        status = read_status(world, machine.engine, project, machine.store(), true);
        CHECK(status.services.front().state == "drifted");
        CHECK(status.files.front().state == "changed");
    }
    SECTION("how long each is going to be away is said before, by what was measured") {
        World world = machine.world();
        const ApplyStore store = machine.store();
        InterruptionStore{machine.files, store.directory()}.add(
            {{"web", {{"", 0.5, 0.5, 1, 0}, {"", 0, 0, 0, 0}}}});  // the second was swapped
        const RollbackPreview preview = preview_rollback(world, &machine.engine, store, {});
        CHECK(preview.announced().at("web").measured == 1);
        CHECK(preview.announced().at("web").at_most == Approx(1.25 * 2));
    }
    SECTION("purge leaves no trace") {
        World world = machine.world();
        ApplyStore store = machine.store();
        purge(world, machine.engine, store, {}, machine.watcher);
        CHECK(machine.seen() == before);
        CHECK(machine.files.list("/state").empty());
    }
    SECTION("a damaged snapshot is named, and nothing rests on it") {
        machine.files.contents["/state/pilotpros/ENGINE/shop/transactions/0001/container-1.json"] += " ";
        CHECK_THROWS_WITH(machine.roll_back(), Catch::Contains("container-1.json is damaged"));
    }
}

TEST_CASE("a gate that fails takes everything back by itself", "[apply]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    SECTION("the new container ends") { machine.engine.broken_when = "134217728"; }
    SECTION("Compose does not replace it") { machine.compose_is_broken = true; }
    const ApplyResult result = machine.apply();
    CHECK(result.code == ExitCode::kGateFailed);
    CHECK(machine.seen() == before);
    CHECK(machine.recover() == 0);
}

TEST_CASE("what must not be applied is refused before anything is touched", "[apply]") {
    ApplyMachine machine;
    SECTION("data in the writable layer") { machine.data = {{"web", {"/data/key"}}}; }
    SECTION("another plan than the one that was shown") { machine.shown_hash = "another"; }
    SECTION("files to mount, and an engine that may be elsewhere") {
        machine.local = false;
        machine.more_files = {{"postgres/web/postgresql.conf", "x"}};
    }
    SECTION("a mount of the user's that would be another one") {
        machine.files.contents["/shop/.pilotpros/compose.yaml"] = "services:\n  db:\n    target: /data\n";
    }
    SECTION("somebody else's lock on the engine") {
        machine.engine.create("pilotpros-lock-shop", {{"Labels", {{"io.pilotpros.owner", "other:/state"}}}});
    }
    const std::string before = machine.seen();
    CHECK(apply_refusal(machine) == ExitCode::kRefused);
    CHECK(machine.seen() == before);
}

TEST_CASE("where the starting command does not keep a change, that is said and asked first", "[apply]") {
    ApplyMachine machine;
    Selectors selectors;
    SECTION("files named with -f") { selectors.files = {"compose.yaml"}; }
    SECTION("an override of the user's own") {
        machine.files.contents["/shop/compose.override.yml"] = "services: {}\n";
    }
    CHECK(apply_refusal(machine, selectors) == ExitCode::kRefused);
    const ApplyResult result = machine.apply("128m", selectors, true);
    CHECK(result.code == ExitCode::kDone);
    CHECK(machine.files.links.empty());
    CHECK(shown(result.route.command).ends_with("-f .pilotpros/compose.yaml"));
}

TEST_CASE("an apply that ends without the engine, or is interrupted twice, says how it stands", "[apply]") {
    const bool fails = GENERATE(false, true);
    const bool twice = GENERATE(false, true);  // interrupted; else the engine is lost
    int stands = 0;
    int taken_back = 0;
    int pending = 0;
    for (int at = 1;; ++at) {
        ApplyMachine machine;
        machine.engine.broken_when = fails ? "134217728" : "";
        const std::string before = machine.seen();
        int count = 0;
        machine.killer.fail_at = -1;
        if (twice) {
            machine.killer.instead = [&] {
                ++count;
                if (count == at || count == at + 1) {
                    throw Interrupted();
                }
            };
        } else {
            machine.killer.lose_at = at;
        }
        ApplyResult result;
        try {
            result = machine.apply();
        } catch (const Error& error) {
            result.code = error.code();
            result.said = {error.hint()};
        }
        const bool reached = twice ? count >= at : machine.killer.engine_lost();
        machine.killer = {};
        const ApplyStore store = machine.store();
        CAPTURE(at, static_cast<int>(result.code), result.said);
        const std::vector<std::string> applied = store.in_phase(Journal::Phase::kApplied);
        const std::vector<std::string> undone = store.in_phase(Journal::Phase::kUndone);
        CHECK((result.code == ExitCode::kDone) == !applied.empty());
        if (!applied.empty()) {
            stands += result.said.back().find("all was applied") == std::string::npos ? 0 : 1;
        } else if (!undone.empty()) {
            CHECK((result.code == ExitCode::kGateFailed || result.code == ExitCode::kInterrupted ||
                   result.code == ExitCode::kRefused));
            ++taken_back;
        } else {
            ++pending;
        }
        machine.engine.broken_when.clear();
        machine.recover();
        CHECK(machine.engine.find("pilotpros-lock-shop") == nullptr);
        CHECK((!applied.empty() || machine.seen() == before));
        if (!reached) {
            break;
        }
        REQUIRE(at < 300);
    }
    CHECK((stands > 0) == !fails);
    CHECK((taken_back > 0 || !fails));
    CHECK(pending > 3);
}

TEST_CASE("a Ctrl-C at any moment of an apply that fails is a way back, never half of one", "[apply]") {
    for (int at = 1;; ++at) {
        ApplyMachine machine;
        machine.engine.broken_when = "134217728";
        const std::string before = machine.seen();
        int count = 0;
        machine.killer.fail_at = -1;
        machine.killer.instead = [&] {
            if (++count == at) {
                throw Interrupted();
            }
        };
        ExitCode code = ExitCode::kDone;
        std::string hint;
        try {
            code = machine.apply().code;
        } catch (const Error& error) {
            code = error.code();
            hint = error.hint();
        }
        machine.killer = {};
        CAPTURE(at, static_cast<int>(code), hint);
        CHECK((code == ExitCode::kGateFailed || code == ExitCode::kInterrupted));
        const ApplyStore store = machine.store();
        CHECK(store.in_phase(Journal::Phase::kApplying).empty());
        CHECK(store.in_phase(Journal::Phase::kApplied).empty());
        CHECK(machine.seen() == before);
        if (count < at) {
            break;
        }
        REQUIRE(at < 300);
    }
}

TEST_CASE("a commit that the disk takes and says it did not is taken back, killed at any step", "[apply]") {
    const auto applied_then_killed = [](ApplyMachine& machine, int broken_at, int kill_at) {
        machine.killer = {kill_at};
        machine.killer.broken_at = broken_at;
        try {
            return machine.apply().code;
        } catch (const std::exception&) {
            return ExitCode::kInternal;  // that is how it ends
        }
    };
    int commit = 0;
    for (int at = 1; at < 300 && commit == 0; ++at) {
        ApplyMachine machine;
        const bool failed = applied_then_killed(machine, at, 0) == ExitCode::kGateFailed;
        commit = failed && machine.store().journal("0001").last_done(Journal::kCommit) != nullptr ? at : 0;
    }
    REQUIRE(commit > 0);
    int undoing = 0;
    for (int at = commit + 1;; ++at) {
        REQUIRE(at < commit + 300);
        ApplyMachine machine;
        const std::string before = machine.seen();
        applied_then_killed(machine, commit, at);
        const bool killed = machine.killer.dead();
        machine.killer = {};
        const bool applied = machine.store().journal("0001").phase() == Journal::Phase::kApplied;
        undoing += machine.store().journal("0001").phase() == Journal::Phase::kUndoing ? 1 : 0;
        CHECK_NOTHROW(machine.recover());
        CAPTURE(at);
        CHECK((applied || machine.seen() == before));
        if (!killed) {
            CHECK(machine.seen() == before);
            break;
        }
    }
    CHECK(undoing > 3);
}

TEST_CASE("an undo that an earlier version began, and of which it told nothing, is finished", "[apply]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    machine.apply();
    Journal journal = machine.store().journal("0001");
    SECTION("nothing at all") { journal.intend(Journal::kUndo); }
    SECTION("what is no object") { journal.intend(Journal::kUndo, "7"); }
    REQUIRE(machine.store().journal("0001").phase() == Journal::Phase::kUndoing);
    CHECK(machine.recover() == 1);
    CHECK(machine.seen() == before);
}

TEST_CASE("several services are one transaction: what others depend on first, all of it or nothing", "[apply]") {
    ApplyMachine machine{true};
    const std::string before = machine.seen();
    SECTION("forward in order, and back") {
        CHECK(machine.apply().recreated == std::vector<std::string>{"db", "web"});
        World world = machine.world();
        const ProjectStatus status = read_status(world, machine.engine, machine.discover(), machine.store(), true);
        CHECK(status.history.front().services == std::vector<std::string>{"db", "web"});
        CHECK(status.services.size() == 2);
        CHECK(status.services.back().state == "carries it");
        CHECK(machine.roll_back().said.size() == 2);
        CHECK(machine.seen() == before);
    }
    SECTION("one that does not come up takes the other back, too") {
        machine.engine.broken_service = "web";
        machine.engine.broken_when = "134217728";
        const ApplyResult result = machine.apply();
        CHECK(result.code == ExitCode::kGateFailed);
        CHECK(result.said.front().find("shop-web-1") != std::string::npos);
        CHECK(machine.seen() == before);
    }
}

TEST_CASE("what a mask hides is told once it is another value", "[apply]") {
    const Mask mask{"web", "environment.NODE_OPTIONS", sha256_hex("\"--max-old-space-size=256\"")};
    Project project;
    project.services["web"].resolved = {{"environment", {{"NODE_OPTIONS", "--max-old-space-size=256"}}}};
    CHECK(changed_masks({mask}, project, {}).empty());
    project.services["web"].resolved["environment"]["NODE_OPTIONS"] = "--max-old-space-size=512";
    CHECK(changed_masks({mask}, project, {}).size() == 1);
    project.services.clear();
    CHECK(changed_masks({mask}, project, {}).size() == 1);
}

TEST_CASE("what a mask hides of the image is told once the image has another value", "[apply]") {
    const Mask mask{"web", "environment.NODE_OPTIONS", sha256_hex("\"--no-deprecation\""), true};
    Project project;
    project.services["web"];
    ServiceImages images;
    images["web"].environment["NODE_OPTIONS"] = Secret{"--no-deprecation"};
    CHECK(changed_masks({mask}, project, images).empty());
    SECTION("or has none any more") {
        images["web"].environment["NODE_OPTIONS"] = Secret{"--no-warnings"};
        CHECK(changed_masks({mask}, project, images).size() == 1);
        images["web"].environment.clear();
        CHECK(changed_masks({mask}, project, images).size() == 1);
    }
    SECTION("or the files got one of their own, be it the same") {
        project.services["web"].resolved = {{"environment", {{"NODE_OPTIONS", "--no-deprecation"}}}};
        CHECK(changed_masks({mask}, project, images).size() == 1);
    }
    SECTION("an image that is not there says nothing") { CHECK(changed_masks({mask}, project, {}).empty()); }
    SECTION("what the files had is not excused by an image that has the same") {
        CHECK(changed_masks({{"web", mask.path, mask.hash}}, project, images).size() == 1);
    }
}

TEST_CASE("the gate compares what the engine has with what the files say", "[apply]") {
    Limits limits;
    limits.memory = 134217728;
    limits.cpus = 0.5;
    CHECK(limits_not_in_force({{"mem_limit", "134217728"}, {"cpus", 0.5}}, limits, true).empty());
    CHECK(limits_not_in_force({{"deploy", {{"resources", {{"limits", {{"memory", "134217728"}}}}}}}}, limits, true)
              .empty());
    CHECK(limits_not_in_force({{"mem_limit", "268435456"}, {"cpus", 1}}, limits, true).size() == 2);
    CHECK(limits_not_in_force({{"memswap_limit", "268435456"}}, limits, false).empty());
    CHECK(limits_not_in_force({{"memswap_limit", "268435456"}}, limits, true).size() == 1);
}
