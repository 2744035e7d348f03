// What happens while it is applied, and between one command and the next: an upload, an edit, a move, a hand at the
// limits.
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "core/apply/locate.h"
#include "core/apply/status.h"
#include "tests/unit/apply/kills.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

constexpr const char* kOurs = "/shop/.pilotpros/compose.yaml";

bool any_says(const std::vector<std::string>& lines, const std::string& words) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

class Listening final : public ApplyWatcher {
  public:
    void step(const std::string& what) override {
        said.push_back(what);
        if (!at.empty() && what.starts_with(at)) {
            meanwhile();
        }
    }
    std::vector<std::string> said;
    std::string at;  ///< with which words a step begins at which something else happens
    std::function<void()> meanwhile;
};

ApplyResult applied_beside(ApplyMachine& machine, Listening& watcher) {
    return machine.requested("128m", {}, false, [&](World& seams, const ApplyRequest& request) {
        return apply_plan(seams, machine.engine, request, watcher);
    });
}

std::vector<std::string> said_by_rollback(ApplyMachine& machine) {
    World seams = machine.world();
    ApplyStore kept = machine.store();
    Listening watcher;
    pilotpros::roll_back(seams, machine.engine, kept, {}, watcher);
    return watcher.said;
}

}  // namespace

TEST_CASE("a rollback says where the files give a service something else than it had", "[rollback]") {
    constexpr const char* kElse = "which is not what it had before the apply";
    ApplyMachine machine;
    machine.apply();
    SECTION("not where they are as they were") { CHECK_FALSE(any_says(said_by_rollback(machine), kElse)); }
    SECTION("but where they were edited since") {
        machine.files.contents["/shop/compose.yaml"] = "services: {web: {image: nginx:1, stop_signal: \"SIGINT\"}}\n";
        CHECK(any_says(said_by_rollback(machine), kElse));
    }
}

TEST_CASE("a copy of the user's beside a file of ours is no leftover of ours", "[apply]") {
    ApplyMachine machine;
    const std::string copy = "/shop/compose.override.yaml.pilotpros-before";
    machine.files.contents[copy] = "mine";
    machine.apply();
    machine.roll_back();
    CHECK(machine.files.contents.at(copy) == "mine");
}

TEST_CASE("data that came into the writable layer meanwhile keeps the container", "[apply]") {
    ApplyMachine machine;
    machine.engine.layers["shop-web-1"] = "/srv/upload.png";
    const std::string before = machine.seen();
    const ApplyResult result = machine.apply();
    CHECK(result.code == ExitCode::kRefused);
    CHECK(any_says(result.said, "/srv/upload.png"));
    CHECK(machine.seen() == before);
    CHECK(machine.store().in_phase(Journal::Phase::kApplying).empty());
}

TEST_CASE("what the user saves while it is kept how it was is not lost", "[apply]") {
    ApplyMachine machine;
    machine.in_place = true;
    const std::string theirs = "services: {web: {image: nginx:1, init: true}}\n";
    bool saved = false;
    machine.killer.instead = [&] {  // their file is kept by then, and their containers are being kept
        const std::string kept = "/state/pilotpros/ENGINE/shop/transactions/0001/container-1.json";
        if (!std::exchange(saved, saved || machine.files.contents.contains(kept)) && saved) {
            machine.files.contents["/shop/compose.yaml"] = theirs;
        }
    };
    CHECK_THROWS_WITH(machine.apply(), Catch::Contains("/shop/compose.yaml was changed just now"));
    CHECK(machine.files.contents.at("/shop/compose.yaml") == theirs);
    CHECK(machine.store().transactions().empty());
}

TEST_CASE("a service that was taken back and does not come up is no success", "[apply]") {
    ApplyMachine machine;
    machine.engine.broken_when = "134217728";
    Listening watcher;
    SECTION("said, with what is done already") {
        watcher.at = "taking it back";
        watcher.meanwhile = [&] { machine.engine.broken_when = "com.docker.compose.project"; };
        CHECK_THROWS_WITH(applied_beside(machine, watcher),
                          Catch::Contains("files and containers are as they were, but"));
        CHECK(machine.store().in_phase(Journal::Phase::kApplying).empty());
    }
    SECTION("planted: one that comes up is") { CHECK(applied_beside(machine, watcher).code == ExitCode::kGateFailed); }
}

TEST_CASE("an apply that was killed, and whose service does not come up again, is no success either", "[apply]") {
    const int told = each_left_without_the_old_one([](ApplyMachine& machine) {
        machine.engine.broken_when = "com.docker.compose.project";
        CHECK_THROWS_WITH(machine.recover(), Catch::Contains("files and containers are as they were, but"));
        CHECK(machine.store().in_phase(Journal::Phase::kApplying).empty());
        CHECK(machine.recover() == 0);
    });
    CHECK(told > 0);
}

TEST_CASE("where the engine goes right after that, it is told all the same", "[apply]") {
    /// Gone when it is asked for our guards, which is done last.
    struct Going final : Engine {
        explicit Going(Engine& behind) : engine(behind) {}
        std::vector<Response> call_all(const std::vector<Request>& requests) override {
            for (const Request& request : requests) {
                if (request.path.find("pilotpros") != std::string::npos) {
                    return {Response{0, "connection reset", {}}};
                }
            }
            return engine.call_all(requests);
        }
        StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override {
            return engine.open(request, std::move(on_bytes), std::move(on_end));
        }
        void close(StreamId id) override { engine.close(id); }
        void pump(std::chrono::milliseconds at_most) override { engine.pump(at_most); }
        Engine& engine;
    };
    struct Telling final : ApplyWatcher {
        void step(const std::string& line) override { lines.push_back(line); }
        std::vector<std::string> lines;
    };
    const int told = each_left_without_the_old_one([](ApplyMachine& machine) {
        machine.engine.broken_when = "com.docker.compose.project";
        World seams = machine.world();
        ApplyStore store = machine.store();
        Going going(machine.engine);
        Telling watcher;
        CHECK_THROWS_AS(finish_pending(seams, going, store, watcher), EngineLost);
        CHECK(store.in_phase(Journal::Phase::kApplying).empty());
        CHECK(any_says(watcher.lines, "gate \"running\""));
    });
    CHECK(told > 0);
}

TEST_CASE("an apply that is cut short goes back by the files where the old image is gone", "[apply]") {
    int gone = 0;
    for (int at = 1; at < 200; ++at) {
        ApplyMachine machine;
        const std::string old = machine.engine.find("shop-web-1")->id;
        machine.engine.images.insert("sha256:built");
        machine.engine.tags["nginx:1"] = "sha256:built";
        kill_at(machine, Begin::kNothingApplied, at, false, put_on);
        if (!machine.killer.dead()) {
            break;
        }
        machine.killer = {};
        if (machine.engine.find(old) != nullptr || machine.store().in_phase(Journal::Phase::kApplying).empty()) {
            continue;
        }
        ++gone;
        machine.engine.images.erase("sha256:web");
        World seams = machine.world();
        ApplyStore kept = machine.store();
        Listening watcher;
        CHECK(finish_pending(seams, machine.engine, kept, watcher) == 1);
        CHECK(any_says(watcher.said, "the image that web had is gone: it goes back by its files"));
        REQUIRE(machine.engine.find("shop-web-1") != nullptr);
        CHECK(machine.engine.find("shop-web-1")->state == "running");
        CHECK_FALSE(machine.files.exists(kOurs));
        CHECK(machine.store().in_phase(Journal::Phase::kUndone).size() == 1);
    }
    CHECK(gone > 0);
}

TEST_CASE("no service is interrupted that was not said to be", "[apply]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    const auto agreed_to = [&](const std::set<std::string>& services) {
        return machine.requested("128m", {}, false, [&](World& seams, const ApplyRequest& request) {
            ApplyRequest asked = request;
            asked.agreed = services;
            return apply_plan(seams, machine.engine, asked, machine.watcher);
        });
    };
    CHECK_THROWS_WITH(agreed_to({"db"}), Catch::Contains("by now web would be interrupted, which was not said"));
    CHECK(machine.seen() == before);
    CHECK(agreed_to({"web"}).code == ExitCode::kDone);
}

TEST_CASE("data that comes while a successor takes over keeps the old container", "[apply][swap]") {
    const auto changed_at = [](const std::string& step, bool data) {
        ApplyMachine machine{false, true};
        const std::string before = machine.seen();
        const std::string old = machine.engine.find("shop-web-1")->id;
        Listening watcher;
        watcher.at = step;
        bool reached = false;
        watcher.meanwhile = [&] {
            reached = true;
            if (data) {
                machine.engine.layers["shop-web-1"] = "/srv/upload";
            }
        };
        const ApplyResult result = applied_beside(machine, watcher);
        CHECK(reached);
        if (data) {
            CHECK(result.code != ExitCode::kDone);
            CHECK(any_says(result.said, "/srv/upload"));
            CHECK(machine.seen() == before);
        }
        return machine.engine.find("shop-web-1")->id == old;
    };
    for (const char* step : {"waiting until web is healthy", "giving the old web"}) {
        INFO(step);
        CHECK(changed_at(step, true));
        CHECK_FALSE(changed_at(step, false));  // planted: without data it is replaced
    }
}

TEST_CASE("what a service depends on is not made anew beside it", "[apply]") {
    ApplyMachine machine(true, true);
    machine.only = {"web"};
    const auto left_alone = [&] {
        Listening watcher;
        CHECK(applied_beside(machine, watcher).code == ExitCode::kDone);
        return any_says(watcher.said, "what web depends on does not run as its files and images say");
    };
    SECTION("as Compose would where its image's name means another one by now") {
        machine.engine.tags["nginx:1"] = "sha256:lean";
        SECTION("also of one that a rollback made by the image's ID") {
            machine.engine.find("shop-db-1")->body["Image"] = "sha256:web";
        }
        CHECK(left_alone());
    }
    SECTION("as it would where there are more containers than the files say") {
        const nlohmann::json body = machine.engine.find("shop-db-1")->body;
        machine.engine.create("shop-db-2", body).state = "running";
        CHECK(left_alone());
    }
    SECTION("planted: where it runs as it should, Compose may look at it") { CHECK_FALSE(left_alone()); }
}

TEST_CASE("what gets its limits while it runs is watched, too", "[apply][live]") {
    ApplyMachine machine;
    machine.apply("256m");
    const std::string before = machine.seen();
    machine.live = true;
    const auto watched = [&](const std::function<void(SmallEngine::Container&)>& happens) {
        Listening watcher;
        watcher.at = "watching for 2";
        bool reached = false;
        watcher.meanwhile = [&] {
            reached = true;
            happens(*machine.engine.find("shop-web-1"));
        };
        const ApplyResult result = machine.requested("128m", {}, false, [&](World& seams, const ApplyRequest& request) {
            ApplyRequest asked = request;
            asked.watch = Seconds{2};
            return apply_plan(seams, machine.engine, asked, watcher);
        });
        CHECK(reached);
        return result;
    };
    SECTION("a restart takes them back") {
        const ApplyResult result = watched([](SmallEngine::Container& web) { web.restart_count = 1; });
        CHECK(result.code == ExitCode::kGateFailed);
        CHECK(any_says(result.said, "it restarted 1 times"));
        CHECK(machine.seen() == before);
    }
    SECTION("planted: one of before does not") {
        machine.engine.find("shop-web-1")->restart_count = 1;
        CHECK(watched([](SmallEngine::Container& /*web*/) {}).code == ExitCode::kDone);
    }
}

TEST_CASE("a rollback interrupts nobody who was not said to be", "[rollback]") {
    ApplyMachine machine;
    machine.apply();
    const std::string applied = machine.seen();
    RollbackRequest request;
    request.agreed = std::set<std::string>{"db"};
    CHECK_THROWS_WITH(machine.roll_back(request),
                      Catch::Contains("by now web would be interrupted, which was not said"));
    CHECK(machine.seen() == applied);
    request.agreed = std::set<std::string>{"web"};
    CHECK(machine.roll_back(request).undone.size() == 1);
}

TEST_CASE("an engine whose events cannot be heard hides no OOM kill without a word", "[apply]") {
    constexpr const char* kUnheard = "not seen: whether a process inside of a container was killed for lack of memory";
    ApplyMachine machine;
    int opened = 0;
    const auto event = [](const std::string& action, const std::string& id, int second) {
        return nlohmann::json{{"Type", "container"},
                              {"Action", action},
                              {"Actor", {{"ID", id}, {"Attributes", {{"com.docker.compose.service", "web"}}}}},
                              {"timeNano", std::int64_t{second} * 1'000'000'000}}
                   .dump() +
               "\n";
    };
    SECTION("they are refused: it is said, of an apply and of a rollback") {
        machine.engine.events = [&] {
            ++opened;
            return std::pair{std::string{}, 403};
        };
        CHECK(any_says(machine.apply().said, kUnheard));
        CHECK(any_says(machine.roll_back().said, kUnheard));
        CHECK(opened == 2);  // who refuses once is not asked again
    }
    SECTION("they break off, and go on silently: it is said") {
        machine.engine.events = [&] {
            ++opened;
            return opened == 1 ? std::pair{event("start", "x", 1), 200} : std::pair{std::string{}, 0};
        };
        CHECK(any_says(machine.apply().said, kUnheard));
    }
    SECTION("they break off, and what comes after it tells of a kill: it fails the gate") {
        machine.engine.events = [&] {
            const auto* const web = machine.engine.find("shop-web-1");
            return ++opened == 1 ? std::pair{event("start", "x", 1), 200}
                                 : std::pair{event("start", "x", 1) + event("oom", web->id, 2), 0};
        };
        const std::string before = machine.seen();
        const ApplyResult result = machine.apply();
        CHECK(result.code == ExitCode::kGateFailed);
        CHECK(any_says(result.said, "no OOM kill"));
        CHECK(machine.seen() == before);
    }
    SECTION("planted: where they are heard, nothing is said") {
        machine.engine.events = [&] { return std::pair{event("start", "x", ++opened), 0}; };
        CHECK_FALSE(any_says(machine.apply().said, kUnheard));
        CHECK_FALSE(any_says(machine.roll_back().said, kUnheard));
    }
}

TEST_CASE("docker compose that is killed at whatever question gave no answer", "[apply]") {
    int asked = 0;
    int said_so = 0;
    for (int at = 1; at == 1 || asked >= at; ++at) {
        CAPTURE(at);
        ApplyMachine machine;
        asked = 0;
        const std::string before = machine.seen();
        machine.process.answer = [&, whole = machine.process.answer](const Command& command) {
            Finished killed;
            killed.exit_code = 137;
            return ++asked == at ? killed : whole(command);
        };
        std::string said;
        bool done = false;
        try {
            const ApplyResult result = machine.apply();
            done = result.code == ExitCode::kDone;
            said = fmt::format("{}", fmt::join(result.said, "\n"));
        } catch (const Error& error) {
            said = error.what();
        }
        CHECK(said.find("would not keep the change") == std::string::npos);
        CHECK((done || machine.seen() == before));
        said_so += said.find("could not be asked") == std::string::npos ? 0 : 1;
    }
    CHECK(asked > 4);
    CHECK(said_so > 0);
}

TEST_CASE("limits that cannot be read back are no success", "[apply][live]") {
    ApplyMachine machine;
    REQUIRE(machine.apply("128m").code == ExitCode::kDone);
    machine.live = true;
    const std::string before = machine.seen();
    machine.engine.hides_after_update = true;
    const ApplyResult result = machine.apply("256m");
    CHECK(result.code == ExitCode::kGateFailed);
    CHECK(any_says(result.said, "the limits of shop-web-1 cannot be read back: "));
    CHECK(machine.seen() == before);
}

TEST_CASE("why docker compose did not replace a service is said", "[apply]") {
    ApplyMachine machine;
    machine.compose_is_broken = true;
    const std::string before = machine.seen();
    const ApplyResult result = machine.apply();
    CHECK(result.code == ExitCode::kGateFailed);
    CHECK(any_says(result.said, "did not replace web (exit 1): no"));
    CHECK(machine.seen() == before);
}

TEST_CASE("a service that was made without what it depends on is made once", "[apply]") {
    ApplyMachine machine(true);
    machine.only = {"web"};
    const auto hash_of_container = [&](const std::string& name) -> nlohmann::json& {
        return machine.engine.find(name)->body["Labels"]["com.docker.compose.config-hash"];
    };
    constexpr const char* kLeft =
        "web depends on db, which is left alone: not running as the files say now, or finished";
    CHECK_FALSE(any_says(machine.notes(), kLeft));
    SECTION("said before, also of a job that has finished") {
        machine.engine.find("shop-db-1")->state = "exited";
        CHECK(any_says(machine.notes(), kLeft));
    }
    hash_of_container("shop-db-1") = "of other files";
    CHECK(any_says(machine.notes(), kLeft));
    machine.apply();
    const std::string id = machine.engine.find("shop-web-1")->id;
    SECTION("the next apply finds it as it should be") {
        CHECK(machine.apply().said.front() == "it is applied already");
        CHECK(machine.engine.find("shop-web-1")->id == id);
    }
    SECTION("it carries what was applied, and the next up makes it anew") {
        World seams = machine.world();
        ApplyStore store = machine.store();
        const ProjectStatus status = read_status(seams, machine.engine, machine.discover(), store, true);
        REQUIRE(status.services.size() == 1);
        CHECK(status.services.front().drift.empty());
        CHECK(status.services.front().state == "carries it until the next up, which recreates it once");
    }
    SECTION("a rollback to it says nothing of files that give something else") {
        machine.apply("256m");
        const auto said = said_by_rollback(machine);
        CHECK(any_says(said, "recreating web from its files"));
        CHECK_FALSE(any_says(said, "which is not what it had before the apply"));
        machine.files.contents["/shop/compose.yaml"] = "services: {web: {image: nginx:1, stop_signal: \"SIGINT\"}}\n";
        CHECK(any_says(said_by_rollback(machine), "which is not what it had before the apply"));  // and it can say it
    }
    SECTION("planted: one that was made by other files is made again") {
        hash_of_container("shop-web-1") = "of other files";
        machine.apply();
        CHECK(machine.engine.find("shop-web-1")->id != id);
    }
}

TEST_CASE("a file that the user changed in an apply that was cut short is in the way until --force", "[apply]") {
    int edited = 0;
    for (int at = 1; at < 100; ++at) {
        ApplyMachine machine;
        kill_at(machine, Begin::kNothingApplied, at, false, put_on);
        if (!machine.killer.dead()) {
            break;
        }
        machine.killer = {};
        if (!machine.files.exists(kOurs) || machine.store().in_phase(Journal::Phase::kApplying).empty()) {
            continue;
        }
        ++edited;
        machine.files.contents[kOurs] += "# mine\n";
        const std::string theirs = machine.files.contents.at(kOurs);
        CHECK_THROWS_WITH(machine.recover(), Catch::Contains("changed since we wrote it"));
        World seams = machine.world();
        ApplyStore kept = machine.store();
        CHECK(finish_pending(seams, machine.engine, kept, machine.watcher, true) == 1);
        CHECK(machine.files.contents.at(std::string{kOurs} + ".pilotpros-kept") == theirs);
        CHECK_FALSE(machine.files.exists(kOurs));
        CHECK(machine.store().in_phase(Journal::Phase::kUndone).size() == 1);
    }
    CHECK(edited > 3);
}

TEST_CASE("a damaged transaction that was taken back is named, and in nobody's way", "[rollback]") {
    ApplyMachine machine;
    machine.apply();
    machine.roll_back();
    machine.apply("256m");
    machine.files.contents.at("/state/pilotpros/ENGINE/shop/transactions/0001/container-1.json") += " ";
    const std::vector<HistoryEntry> history = history_of(machine.store());
    REQUIRE(history.size() > 1);
    CHECK(history.front().phase == "damaged");
    CHECK(any_says(history.front().changes, "container-1.json"));
    CHECK_NOTHROW(machine.roll_back());
    CHECK_FALSE(machine.files.exists(kOurs));
    SECTION("planted: one that is to go back is refused") {
        machine.apply();
        const std::string last = machine.store().in_phase(Journal::Phase::kApplied).back();
        machine.files.contents.at("/state/pilotpros/ENGINE/shop/transactions/" + last + "/container-1.json") += " ";
        CHECK_THROWS_AS(machine.roll_back(), Error);
    }
}

TEST_CASE("a damaged journal stops all but the history, until its transaction is moved away", "[rollback]") {
    ApplyMachine machine;
    machine.apply();
    machine.roll_back();
    const std::string before = machine.seen();
    const Path first = "/state/pilotpros/ENGINE/shop/transactions/0001";
    machine.files.contents.at(first / "journal.json") += " x";
    CHECK(history_of(machine.store()).front().phase == "damaged");
    CHECK_THROWS_WITH(machine.apply(), Catch::Contains("0001/journal.json is damaged"));
    CHECK(machine.seen() == before);
    machine.files.remove_tree(first);  // docs/rollback.md, By hand
    CHECK(machine.apply().code == ExitCode::kDone);
    machine.roll_back();
    CHECK(machine.seen() == before);
}

TEST_CASE("what the user wrote into our file is kept beside it by the next apply", "[apply]") {
    ApplyMachine machine;
    machine.apply();
    const std::string written = machine.files.contents.at(kOurs);
    SECTION("nothing is kept where nobody wrote") {
        machine.apply("256m");
        CHECK_FALSE(machine.files.exists(std::string{kOurs} + ".pilotpros-kept"));
    }
    SECTION("kept, and said") {
        const std::string theirs = written + "    labels:\n      mine: \"yes\"\n";
        machine.files.contents[kOurs] = theirs;
        const ApplyResult result = machine.apply("256m");
        CHECK(result.code == ExitCode::kDone);
        CHECK(any_says(result.said, "your version is kept"));
        CHECK(machine.files.contents.at(std::string{kOurs} + ".pilotpros-kept") == theirs);
    }
}

TEST_CASE("limits that somebody took from a container since are told, not called applied", "[apply]") {
    ApplyMachine machine;
    machine.apply();
    CHECK(machine.apply().said == std::vector<std::string>{"it is applied already"});
    machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"] = 1'000'000'000;
    const ApplyResult result = machine.apply();
    CHECK(any_says(result.said, "shop-web-1 does not run with it"));
    CHECK(any_says(result.said, "docker compose up -d --force-recreate web"));
}

TEST_CASE("a folder that was moved since is not called taken back", "[rollback]") {
    ApplyMachine machine;
    World world = machine.world();
    machine.apply();
    const Located here{"ENGINE", "shop", false, machine.discover()};
    CHECK_NOTHROW(refuse_moved_folder(world, here));
    Located moved = here;
    moved.project.working_directory = "/moved";
    CHECK_NOTHROW(refuse_moved_folder(world, moved));  // another checkout, without our files
    machine.files.contents["/moved/.pilotpros/compose.yaml"] = "x";
    CHECK_NOTHROW(refuse_moved_folder(world, moved));  // a copy: the first one is there
    std::erase_if(machine.files.contents, [](const auto& one) { return one.first.string().starts_with("/shop"); });
    std::erase_if(machine.files.links, [](const auto& one) { return one.first.string().starts_with("/shop"); });
    CHECK_THROWS_WITH(refuse_moved_folder(world, moved), Catch::Contains("/shop") && Catch::Contains("/moved"));
}
