#include <catch2/catch.hpp>

#include "core/apply/locate.h"
#include "core/apply/rollback_files.h"
#include "core/apply/sealed.h"
#include "core/apply/status.h"
#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

constexpr const char* kOverride = "/shop/.pilotpros/compose.yaml";

RollbackRequest back_to(const std::string& id) {
    RollbackRequest request;
    request.id = id;
    return request;
}

RollbackRequest only(const std::vector<std::string>& services) {
    RollbackRequest request;
    request.services = services;
    return request;
}

RollbackRequest all_of_it() {
    RollbackRequest request;
    request.all = true;
    return request;
}

ExitCode refusal(ApplyMachine& machine, const RollbackRequest& request) {
    try {
        machine.roll_back(request);
    } catch (const Error& error) {
        return error.code();
    }
    return ExitCode::kDone;
}

std::int64_t memory_of(ApplyMachine& machine, const std::string& service) {
    return machine.engine.find("shop-" + service + "-1")->body["HostConfig"]["Memory"].get<std::int64_t>();
}

RollbackPreview preview(ApplyMachine& machine, const RollbackRequest& request) {
    World world = machine.world();
    return preview_rollback(world, &machine.engine, machine.store(), request);
}

RollbackResult files_only(ApplyMachine& machine, const RollbackRequest& request = {}) {
    World world = machine.world();
    ApplyStore store = machine.store();
    RollbackRequest files = request;
    files.files_only = true;
    return roll_back_files(world, store, files, machine.watcher);
}

ProjectStatus status(ApplyMachine& machine) {
    World world = machine.world();
    return read_status(world, machine.engine, machine.discover(), machine.store(), true);
}

bool says(const std::vector<std::string>& lines, const std::string& part) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

}  // namespace

TEST_CASE("an ID takes that transaction back and the later ones with it", "[rollback]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    machine.apply("128m");
    const std::string first = machine.seen();
    machine.apply("256m");
    SECTION("from the first on, with its number as it is typed; the later one is named") {
        CHECK(preview(machine, back_to("1")).scope.note.find("0002 came after 0001") != std::string::npos);
        CHECK(machine.roll_back(back_to("1")).undone.size() == 2);
        CHECK(machine.seen() == before);
    }
    SECTION("the last one alone") {
        CHECK(machine.roll_back(back_to("0002")).undone.size() == 1);
        CHECK(machine.seen() == first);
    }
    SECTION("one that there is not is an error of the command line") {
        CHECK(refusal(machine, back_to("7")) == ExitCode::kUsage);
    }
    SECTION("one that was taken back already is nothing to undo") {
        machine.roll_back();
        const RollbackPreview again = preview(machine, back_to("2"));
        CHECK(again.undone.empty());
        CHECK(again.scope.note.find("0002 was taken back already") != std::string::npos);
        CHECK(machine.seen() == first);
    }
}

TEST_CASE("some services go back, and the others keep their part", "[rollback]") {
    ApplyMachine machine{true};
    const std::string before = machine.seen();
    machine.apply("128m");
    machine.roll_back(only({"web"}));
    CHECK(memory_of(machine, "web") == 0);
    CHECK(memory_of(machine, "db") == 134217728);
    CHECK(machine.files.contents.at(kOverride).find("  db:") != std::string::npos);
    CHECK(machine.files.contents.at(kOverride).find("  web:") == std::string::npos);
    SECTION("status and history tell of it") {
        const ProjectStatus now = status(machine);
        REQUIRE(now.services.size() == 1);
        CHECK(now.services.front().service == "db");
        CHECK(now.services.front().state == "carries it");
        CHECK(says(now.history.back().changes, "takes web back to before 0001"));
        CHECK(now.files.front().state == "as written");
    }
    SECTION("the same again is nothing to undo") { CHECK(preview(machine, only({"web"})).undone.empty()); }
    SECTION("the rest goes back by a plain rollback, and never forward again") {
        CHECK(machine.roll_back().undone.size() == 2);
        CHECK(machine.seen() == before);
        CHECK(machine.roll_back().undone.empty());
    }
    SECTION("naming the rest is taking all back") {
        machine.roll_back(only({"db"}));
        CHECK(machine.seen() == before);
    }
    SECTION("applied again it is there again, and goes back in one") {
        machine.apply("128m");
        CHECK(memory_of(machine, "web") == 134217728);
        machine.roll_back(back_to("1"));
        CHECK(machine.seen() == before);
    }
    SECTION("one that was never changed is an error of the command line") {
        CHECK(refusal(machine, only({"cache"})) == ExitCode::kUsage);
    }
    SECTION("what took services back is not undone alone") {
        CHECK(refusal(machine, back_to("0002")) == ExitCode::kRefused);
    }
}

TEST_CASE("a service whose old container cannot be made again leaves all as it was", "[rollback]") {
    ApplyMachine machine{true};
    machine.apply("128m");
    const std::string container = machine.engine.find("shop-web-1")->id;
    machine.compose_is_broken = true;
    machine.engine.find("shop-web-1")->image = "sha256:other";
    machine.engine.images = {"sha256:other"};
    machine.engine.tags = {{"nginx:1", "sha256:other"}};
    CHECK(refusal(machine, only({"web"})) == ExitCode::kGateFailed);
    CHECK(machine.engine.find("shop-web-1")->id == container);
    CHECK(machine.files.contents.at(kOverride).find("  web:") != std::string::npos);
    CHECK(machine.store().in_phase(Journal::Phase::kApplied) == std::vector<std::string>{"0001"});
}

TEST_CASE("a service alone goes back through its gate and serves what it did, or all stays as it was", "[rollback]") {
    ApplyMachine machine{true};
    machine.apply("128m");
    const std::string applied = machine.seen();
    const auto memory_in = [](const SmallEngine::Container& container) {
        return member(container.body, "HostConfig").value("Memory", std::int64_t{0});
    };
    SECTION("its container comes, and ends") {
        machine.engine.broken_service = "web";
        machine.engine.broken_when = R"("Memory":0,)";
        CHECK(refusal(machine, only({"web"})) == ExitCode::kGateFailed);
        CHECK(machine.seen() == applied);
    }
    SECTION("its nginx reached db, and does not any more") {
        const std::string reach = GENERATE("not", "reachable");
        machine.engine.prints = [&](const SmallEngine::Container& container,
                                    const std::vector<std::string>& argv) -> std::optional<std::string> {
            if (std::find(argv.begin(), argv.end(), "-T") != argv.end()) {
                return "# configuration file /etc/nginx/nginx.conf:\n"
                       "http { server { location / { proxy_pass http://db:80; } } }\n";
            }
            const bool looks = argv.front() == "sh" && argv.size() > 5 && argv.at(4) == "db";
            return looks ? std::optional{"db 80 " + (memory_in(container) > 0 ? "reachable" : reach) + "\n"}
                         : std::nullopt;
        };
        if (reach == "reachable") {
            CHECK(refusal(machine, only({"web"})) == ExitCode::kDone);
            CHECK(memory_of(machine, "web") == 0);
        } else {
            CHECK_THROWS_WITH(machine.roll_back(only({"web"})), Catch::Contains("serves as before"));
            CHECK(machine.seen() == applied);
            CHECK(machine.store().in_phase(Journal::Phase::kApplied) == std::vector<std::string>{"0001"});
        }
    }
}

TEST_CASE("the old containers come back, and are compared", "[rollback]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    machine.apply();
    RollbackRequest exact;
    exact.exact = true;
    SECTION("field by field") {
        const RollbackResult result = machine.roll_back(exact);
        CHECK(machine.seen() == before);
        CHECK(says(result.said, "shop-web-1 is what it was, field by field"));
    }
    SECTION("not the present files' container") {
        machine.files.contents["/shop/compose.yaml"] += "# user's edit\n";
        CHECK(preview(machine, exact).services.front().how.by == Replacement::By::kSnapshot);
        CHECK(preview(machine, {}).services.front().how.by == Replacement::By::kCompose);
    }
    SECTION("never over a volume that it had not") {
        machine.engine.find("shop-web-1")->volumes.front() = "another";
        const std::string applied = machine.seen();
        CHECK(refusal(machine, exact) == ExitCode::kRefused);
        CHECK(machine.seen() == applied);
    }
}

TEST_CASE("a rollback is held against where the service listened before", "[rollback]") {
    ApplyMachine machine;
    machine.engine.listens = "  0: 00000000:0050 00000000:0000 0A\n";  // port 80, on every address
    REQUIRE(machine.apply().code == ExitCode::kDone);
    CHECK(machine.store().snapshot("0001").services.front().ports == std::vector<int>{80});
    SECTION("it listens there again") {
        const RollbackResult result = machine.roll_back();
        CHECK(says(result.said, "listens on 80"));
    }
    SECTION("nobody listens there again") {
        machine.engine.listens = "  0: 00000000:0051 00000000:0000 0A\n";
        RollbackRequest request;
        request.exact = GENERATE(false, true);
        CHECK(refusal(machine, request) == ExitCode::kNotRestored);
    }
    SECTION("the user's present files are another configuration, which may listen elsewhere") {
        machine.engine.listens = "  0: 00000000:0051 00000000:0000 0A\n";
        machine.files.contents["/shop/compose.yaml"] =
            "services:\n  web:\n    image: nginx:1\n    stop_signal: \"SIGINT\"\n";
        CHECK_NOTHROW(machine.roll_back());
    }
}

TEST_CASE("the files alone go back without an engine", "[rollback]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    machine.apply();
    machine.engine.asked.clear();
    const RollbackResult result = files_only(machine);
    CHECK(machine.engine.asked.empty());
    CHECK(says(result.said, "web: a container that runs goes on with the change"));
    CHECK(!machine.files.exists(kOverride));
    CHECK(memory_of(machine, "web") == 134217728);
    SECTION("status tells what still runs with it") {
        const ProjectStatus now = status(machine);
        CHECK(now.history.front().phase == "files taken back");
        REQUIRE(now.services.size() == 1);
        CHECK(now.services.front().state == "not as its files say");
        CHECK(!now.left.empty());
    }
    SECTION("twice is once") { CHECK(files_only(machine).undone.empty()); }
    SECTION("a later rollback has the containers follow") {
        CHECK(machine.roll_back().undone.size() == 1);
        CHECK(machine.seen() == before);
        CHECK(status(machine).history.front().phase == "taken back");
        CHECK(machine.roll_back().undone.empty());
    }
    SECTION("an apply after it goes back to what was there before it") {
        machine.apply("256m");
        machine.roll_back();
        CHECK(!machine.files.exists(kOverride));
        CHECK(memory_of(machine, "web") == 0);
    }
}

TEST_CASE("of transactions whose rollback was cut short, the files alone go back together", "[rollback]") {
    int pending = 0;
    for (int at = 1; at < 300; ++at) {
        ApplyMachine machine;
        machine.apply();
        machine.apply("256m");
        kill_at(machine, Begin::kNothingApplied, at, false, [](ApplyMachine& one) { one.roll_back(true); });
        if (!machine.killer.dead()) {
            break;
        }
        machine.killer = {};
        if (machine.store().in_phase(Journal::Phase::kUndoing).empty()) {
            continue;
        }
        ++pending;
        CHECK_NOTHROW(files_only(machine));
        CHECK(!machine.files.exists(kOverride));
        CHECK(machine.recover() > 0);
        CHECK(memory_of(machine, "web") == 0);
    }
    CHECK(pending > 3);
}

TEST_CASE("snapshots tell which engine a folder's project was applied on", "[rollback]") {
    ApplyMachine machine;
    machine.apply();
    World world = machine.world();
    CHECK(locate_by_snapshots(world, {}).engine == "ENGINE");
    CHECK(locate_by_snapshots(world, {}).name == "shop");
    machine.environment.working_directory = "/shop/sub/deep";
    CHECK(locate_by_snapshots(world, {}).name == "shop");
    machine.environment.working_directory = "/elsewhere";
    CHECK_THROWS_AS(locate_by_snapshots(world, {}), Error);
    Selectors named;
    named.project_name = "shop";
    CHECK(locate_by_snapshots(world, named).engine == "ENGINE");
    nlohmann::json snapshot = machine.store().snapshot("0001");
    snapshot["engine"] = "OTHER";
    const std::string other = "/state/pilotpros/OTHER/shop/transactions/0001/";
    machine.files.contents[other + "snapshot.json"] = seal(snapshot);
    CHECK(locate_by_snapshots(world, named).engine == "ENGINE");  // nothing of it stands there
    machine.files.contents[other + "journal.json"] =
        machine.files.contents.at("/state/pilotpros/ENGINE/shop/transactions/0001/journal.json");
    CHECK_THROWS_WITH(locate_by_snapshots(world, named), Catch::Contains("several"));
}

TEST_CASE("where the files do not tell, the project is the one of which something stands", "[rollback]") {
    ApplyMachine machine;
    machine.apply();
    const auto another = [&](const std::string& engine, const std::string& name) {
        nlohmann::json snapshot = machine.store().snapshot("0001");
        snapshot["engine"] = engine;
        snapshot["project"] = name;
        const std::string folder = "/state/pilotpros/" + engine + "/" + name + "/transactions/0001/";
        machine.files.contents[folder + "snapshot.json"] = seal(snapshot);
        machine.files.contents[folder + "journal.json"] =
            machine.files.contents.at("/state/pilotpros/ENGINE/shop/transactions/0001/journal.json");
        return ApplyStore{machine.killable, machine.environment.state_directory(), engine, name};
    };
    const auto taken_back = [](ApplyStore store) {
        Journal journal = store.journal("0001");
        journal.intend(Journal::kUndo);
        journal.done(Journal::kUndo);
    };
    const auto located = [&] {
        World world = machine.world();
        return locate_project(world, machine.engine, {}).name;
    };
    machine.files.contents.erase("/shop/compose.yaml");
    SECTION("alone") { CHECK(located() == "shop"); }
    SECTION("not the first by name, which was taken back") {
        taken_back(another("ENGINE", "before"));
        CHECK(located() == "shop");
        World world = machine.world();
        CHECK(locate_by_snapshots(world, {}).name == "shop");
    }
    SECTION("of two nobody knows, but for COMPOSE_PROJECT_NAME") {
        another("ENGINE", "another");
        CHECK_THROWS_WITH(located(), Catch::Contains("several projects"));
        machine.environment.variables["COMPOSE_PROJECT_NAME"] = "shop";
        CHECK(located() == "shop");
    }
    SECTION("where it stands on another engine alone, that is said") {
        another("OTHER", "shop");
        taken_back(machine.store());
        World world = machine.world();
        const Located here = locate_project(world, machine.engine, {});
        CHECK(here.name == "shop");
        CHECK_THROWS_WITH(refuse_another_engine(world, here), Catch::Contains("another engine (OTHER)"));
    }
}

TEST_CASE("what a service alone went back to, a rollback of all takes back, too", "[rollback]") {
    ApplyMachine machine{true};
    const std::string before = machine.seen();
    machine.apply("128m");
    const std::string first = machine.seen();
    machine.apply("256m");
    machine.roll_back(only({"web"}));
    CHECK(memory_of(machine, "web") == 134217728);
    CHECK(memory_of(machine, "db") == 268435456);
    SECTION("it is among what status tells") {
        const ProjectStatus told = status(machine);
        CHECK(std::any_of(told.services.begin(), told.services.end(),
                          [](const auto& one) { return one.service == "web"; }));
    }
    SECTION("all of it") {
        CHECK(preview(machine, all_of_it()).scope.services == std::set<std::string>{"db", "web"});
        machine.roll_back(true);
        CHECK(memory_of(machine, "web") == 0);
        CHECK(memory_of(machine, "db") == 0);
        CHECK(machine.seen() == before);
    }
    SECTION("by the first transaction's number") {
        RollbackRequest request;
        request.id = "1";
        machine.roll_back(request);
        CHECK(machine.seen() == before);
    }
    SECTION("the service alone once more, which ends where it began") {
        machine.roll_back(only({"web"}));
        CHECK(memory_of(machine, "web") == 0);
        CHECK(memory_of(machine, "db") == 268435456);
        CHECK(preview(machine, only({"web"})).undone.empty());
        machine.roll_back(true);
        CHECK(machine.seen() == before);
    }
    SECTION("the last one: db is where the first apply had it, web stays there") {
        machine.roll_back();
        CHECK(machine.seen() == first);
        machine.roll_back();
        CHECK(machine.seen() == before);
    }
}

TEST_CASE("one service of a joint change goes back with the other one only", "[rollback]") {
    ApplyMachine machine{true};
    const std::string before = machine.seen();
    machine.apply();
    std::string& file = machine.files.contents["/state/pilotpros/ENGINE/shop/transactions/0001/snapshot.json"];
    nlohmann::json content = nlohmann::json::parse(file)["content"];
    const auto grows = [](const char* service, const char* from, const char* to) {
        return nlohmann::json{{"service", service}, {"key", "memory"}, {"before", from}, {"after", to}};
    };
    SECTION("db gave up what web grew into: both or none, and the command that takes both") {
        content["changes"] = {grows("db", "1g", "128m"), grows("web", "64m", "128m")};
        file = seal(content);
        const std::string applied = machine.seen();
        CHECK_THROWS_WITH(machine.roll_back(only({"db"})), Catch::Contains("db cannot go back alone"));
        CHECK(refusal(machine, only({"db"})) == ExitCode::kRefused);
        CHECK(machine.seen() == applied);
        machine.roll_back(only({"db", "web"}));
        CHECK(machine.seen() == before);
    }
    SECTION("where nothing is shared it goes back alone") {
        content["changes"] = {grows("db", "128m", "128m"), grows("web", "64m", "128m")};
        file = seal(content);
        CHECK(refusal(machine, only({"db"})) == ExitCode::kDone);
        CHECK(memory_of(machine, "web") == 134217728);
    }
}

TEST_CASE("what stands applied on another engine is not called undone by this one", "[rollback]") {
    ApplyMachine machine;
    World world = machine.world();
    Located here{"OTHER", "shop", false, machine.discover()};
    CHECK_NOTHROW(refuse_another_engine(world, here));
    machine.apply();
    CHECK_THROWS_WITH(refuse_another_engine(world, here), Catch::Contains("another engine (ENGINE)"));
    SECTION("that engine itself, another project and another folder go on") {
        CHECK_NOTHROW(refuse_another_engine(world, {"ENGINE", "shop", false, here.project}));
        CHECK_NOTHROW(refuse_another_engine(world, {"OTHER", "other", false, here.project}));
        here.project.working_directory = "/elsewhere";
        CHECK_NOTHROW(refuse_another_engine(world, here));
    }
    SECTION("taken back it is in nobody's way") {
        machine.roll_back();
        CHECK_NOTHROW(refuse_another_engine(world, here));
    }
    SECTION("its files alone go back without it") {
        CHECK(stands_on_another_engine(world, here));
        CHECK(locate_by_snapshots(world, {}).engine == "ENGINE");
    }
}

TEST_CASE("a file that the user changed since is shown, kept, and in the way until --force", "[rollback]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    machine.apply();
    std::string& ours = machine.files.contents[kOverride];
    ours += "    environment:\n      PASSWORD: hunter2\n";
    const std::string theirs = ours;
    const std::string changed = machine.seen();
    SECTION("shown without its value") {
        const std::vector<Conflict> conflicts = preview(machine, {}).conflicts;
        REQUIRE(conflicts.size() == 1);
        CHECK(conflicts.front().ours.has_value());
        CHECK(conflicts.front().theirs.find("PASSWORD: (not shown)") != std::string::npos);
        CHECK(conflicts.front().theirs.find("hunter2") == std::string::npos);
        CHECK(conflicts.front().theirs.find("mem_limit: \"128m\"") != std::string::npos);
    }
    SECTION("refused, untouched") {
        CHECK(refusal(machine, {}) == ExitCode::kRefused);
        CHECK(machine.seen() == changed);
    }
    SECTION("forced: what was there comes back, theirs lies beside it") {
        RollbackRequest force;
        force.force = true;
        const RollbackResult result = machine.roll_back(force);
        const std::string kept = std::string{kOverride} + ".pilotpros-kept";
        CHECK(says(result.said, "your version is kept: " + kept));
        CHECK(machine.files.contents.at(kept) == theirs);
        CHECK(!machine.files.exists(kOverride));
        CHECK(memory_of(machine, "web") == 0);
    }
    SECTION("forced twice with another version: both are kept") {
        machine.files.contents[std::string{kOverride} + ".pilotpros-kept"] = "an earlier one";
        RollbackRequest force;
        force.force = true;
        machine.roll_back(force);
        CHECK(machine.files.contents.at(std::string{kOverride} + ".pilotpros-kept") == "an earlier one");
        CHECK(machine.files.contents.at(std::string{kOverride} + "-2.pilotpros-kept") == theirs);
    }
    SECTION("nor is putting them back alone cut short and finished, where nobody forced it") {
        machine.files.contents.at(kOverride) = theirs.substr(0, theirs.size() - 40);
        RollbackRequest force;
        force.force = GENERATE(false, true);
        Journal journal = machine.store().journal("0001");
        journal.intend(Journal::kUndoFiles, force.force ? "force" : "");
        const std::string now = machine.seen();
        if (force.force) {
            machine.recover();
            CHECK(!machine.files.exists(kOverride));
        } else {
            CHECK_THROWS_WITH(machine.recover(), Catch::Contains("changed"));
            CHECK(machine.seen() == now);
            World world = machine.world();
            ApplyStore store = machine.store();
            CHECK(finish_pending(world, machine.engine, store, machine.watcher, true) == 1);
            CHECK(!machine.files.exists(kOverride));
        }
    }
    SECTION("the files alone are no way round") {
        CHECK_THROWS_AS(files_only(machine), Error);
        CHECK(machine.seen() == changed);
    }
}

TEST_CASE("a rollback works where the world has moved on", "[rollback]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    machine.apply();
    SECTION("the Compose file is gone: the container is made again from the snapshot") {
        machine.files.contents.erase("/shop/compose.yaml");
        machine.roll_back();
        machine.files.contents["/shop/compose.yaml"] = "services: {web: {image: nginx:1}}\n";
        CHECK(machine.seen() == before);
    }
    SECTION("the tag means another image: the old one is used, by its ID") {
        machine.engine.tags["nginx:1"] = "sha256:newer";
        machine.engine.images.insert("sha256:newer");
        machine.roll_back();
        CHECK(machine.engine.find("shop-web-1")->image == "sha256:web");
        CHECK(memory_of(machine, "web") == 0);
    }
    SECTION("it had come to mean another one before the apply already: that one stays, which is said, unless --exact") {
        ApplyMachine moved;
        CHECK_FALSE(says(moved.notes(), "another image"));
        moved.engine.tags["nginx:1"] = "sha256:newer";
        moved.engine.images.insert("sha256:newer");
        CHECK(says(moved.notes(), "web was started from another image than the one that nginx:1 means now"));
        moved.apply();
        REQUIRE(moved.engine.find("shop-web-1")->image == "sha256:newer");
        World world = moved.world();
        RollbackRequest request;
        const RollbackPreview preview = preview_rollback(world, &moved.engine, moved.store(), request);
        REQUIRE(preview.services.size() == 1);
        CHECK(preview.services.front().how.why.find("--exact brings the other one back") != std::string::npos);
        SECTION("without it") {
            moved.roll_back();
            CHECK(moved.engine.find("shop-web-1")->image == "sha256:newer");
        }
        SECTION("with it") {
            request.exact = true;
            moved.roll_back(request);
            CHECK(moved.engine.find("shop-web-1")->image == "sha256:web");
            CHECK(memory_of(moved, "web") == 0);
        }
    }
    SECTION("the tag is gone: likewise") {
        machine.engine.tags.clear();
        machine.roll_back();
        CHECK(machine.engine.find("shop-web-1")->image == "sha256:web");
    }
    SECTION("the project is down: its files, and after a prune what brings the image back") {
        machine.engine.containers.clear();
        machine.engine.images.clear();
        machine.engine.tags.clear();
        const RollbackResult result = machine.roll_back();
        CHECK(!machine.files.exists(kOverride));
        CHECK(machine.engine.find("shop-web-1") == nullptr);
        CHECK(says(result.said, "nginx:1 is gone from the engine: docker compose pull web brings it back"));
    }
    SECTION("an earlier version wrote the snapshot") {
        std::string& file = machine.files.contents["/state/pilotpros/ENGINE/shop/transactions/0001/snapshot.json"];
        nlohmann::json content = nlohmann::json::parse(file)["content"];
        content.erase("takes_back");
        for (nlohmann::json& path : content["paths"]) {
            path.erase("written");
        }
        file = seal(content);
        machine.roll_back();
        CHECK(machine.seen() == before);
    }
}

TEST_CASE("what cannot go back is said, and the rest goes back", "[rollback]") {
    ApplyMachine machine{true};
    machine.apply();
    machine.compose_is_broken = true;
    machine.engine.find("shop-web-1")->image = "sha256:other";
    machine.engine.images = {"sha256:other"};
    machine.engine.tags.clear();
    machine.engine.find("shop-db-1")->image = "sha256:other";
    try {
        machine.roll_back();
        FAIL("it was not refused");
    } catch (const Error& error) {
        CHECK(error.code() == ExitCode::kNotRestored);
        CHECK(std::string{error.what()}.find("db is left as it runs") != std::string::npos);
        CHECK(std::string{error.what()}.find("web is left as it runs") != std::string::npos);
    }
    CHECK(!machine.files.exists(kOverride));
    machine.engine.images.insert("sha256:web");
    CHECK(machine.recover() == 1);
    CHECK(memory_of(machine, "web") == 0);
    CHECK(memory_of(machine, "db") == 0);
}

TEST_CASE("data in the writable layer of a container that would be replaced", "[rollback]") {
    ApplyMachine machine{true};
    machine.apply();
    machine.engine.layers["shop-web-1"] = "/srv/upload.png";
    const std::string applied = machine.seen();
    SECTION("refuses, with the path and the fix") {
        CHECK_THROWS_WITH(machine.roll_back(), Catch::Contains("/srv/upload.png"));
        CHECK(refusal(machine, {}) == ExitCode::kRefused);
        CHECK(machine.seen() == applied);
    }
    SECTION("the other service goes back alone") {
        CHECK(refusal(machine, only({"db"})) == ExitCode::kDone);
        CHECK(memory_of(machine, "db") == 0);
        CHECK(memory_of(machine, "web") == 134217728);
    }
    SECTION("the files alone lose nothing") {
        files_only(machine);
        CHECK(!machine.files.exists(kOverride));
        CHECK(memory_of(machine, "web") == 134217728);
    }
}

TEST_CASE("what others depend on goes back first, whichever was applied last", "[rollback]") {
    ApplyMachine machine{true};
    const std::string before = machine.seen();
    for (const std::string& service : machine.names()) {
        machine.only = {service};
        REQUIRE(machine.apply().recreated == std::vector<std::string>{service});
    }
    machine.process.ran.clear();
    machine.roll_back(true);
    std::vector<std::string> order;
    for (const Command& command : machine.process.ran) {
        if (has(command.argv, "up")) {
            order.push_back(command.argv.back());
            CHECK_FALSE(has(command.argv, "--no-deps"));  // Compose would start it without what it depends on
        }
    }
    CHECK(order == std::vector<std::string>{"db", "web"});
    CHECK(machine.seen() == before);
}
