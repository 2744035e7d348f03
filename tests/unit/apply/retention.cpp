#include "core/apply/retention.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "core/apply/status.h"
#include "tests/unit/apply/apply_world.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

using Phase = Journal::Phase;
using Ids = std::vector<std::string>;

const Path kTransactions{"/state/pilotpros/ENGINE/shop/transactions"};

/// Ten that were taken back, but for the one that is told.
Phases ten(std::size_t other, Phase phase) {
    Phases history;
    for (std::size_t number = 1; number <= 10; ++number) {
        history.emplace_back(fmt::format("{:04}", number), number == other ? phase : Phase::kUndone);
    }
    return history;
}

bool removes(const Phases& history, const std::string& id) {
    const Ids removed = beyond_retention(history);
    return std::find(removed.begin(), removed.end(), id) != removed.end();
}

Ids ids_of(const std::vector<HistoryEntry>& history) {
    Ids ids;
    for (const HistoryEntry& entry : history) {
        ids.push_back(entry.id);
    }
    return ids;
}

/// The phase of each, by ID.
std::map<std::string, std::string> told_of(const std::vector<HistoryEntry>& history) {
    std::map<std::string, std::string> phases;
    for (const HistoryEntry& entry : history) {
        phases[entry.id] = entry.phase;
    }
    return phases;
}

std::set<std::string> guards_of(const ApplyMachine& machine) {
    std::set<std::string> names;
    for (const SmallEngine::Container& one : machine.engine.containers) {
        if (one.name.starts_with("pilotpros-")) {
            names.insert(one.name);
        }
    }
    return names;
}

void apply_and_take_back(ApplyMachine& machine, int times) {
    for (int time = 0; time < times; ++time) {
        REQUIRE(machine.apply("256m").code == ExitCode::kDone);
        machine.roll_back();
    }
}

/// As if an earlier version, which pruned nothing, had kept so many copies of a transaction.
void keep_copies(ApplyMachine& machine, const std::string& id, int first, int last) {
    const std::map<Path, std::string> contents = machine.files.contents;
    for (int number = first; number <= last; ++number) {
        for (const auto& [path, bytes] : contents) {
            if (path.parent_path() == kTransactions / id) {
                machine.files.contents[kTransactions / fmt::format("{:04}", number) / path.filename()] = bytes;
            }
        }
    }
}

/// The service runs with an image that nobody keeps yet.
void build_anew(ApplyMachine& machine) {
    machine.engine.images.insert("sha256:new");
    machine.engine.tags["nginx:1"] = "sha256:new";
    machine.engine.find("shop-web-1")->image = "sha256:new";
}

/// Two stand applied and nine were taken back, which is more than is kept.
void prepare_history(ApplyMachine& machine) {
    REQUIRE(machine.apply("128m").code == ExitCode::kDone);
    REQUIRE(machine.apply("256m").code == ExitCode::kDone);
    REQUIRE(machine.apply("128m").code == ExitCode::kDone);
    machine.roll_back();
    keep_copies(machine, "0003", 4, 11);
    build_anew(machine);
}

/// A disk on which another command comes in between whenever a snapshot is read.
class OvertakenFiles final : public MemoryFiles {
  public:
    [[nodiscard]] std::optional<std::string> read(const Path& path) const override {
        if (path.filename() == kSnapshotFile && overtaken) {
            overtaken(path);
        }
        return MemoryFiles::read(path);
    }
    std::function<void(const Path&)> overtaken;
};

/// What is said of those that are damaged.
std::string damaged_in(const std::vector<HistoryEntry>& history) {
    std::string said;
    for (const HistoryEntry& entry : history) {
        said += entry.phase == "damaged" ? entry.changes.front() : "";
    }
    return said;
}

}  // namespace

TEST_CASE("of what was taken back the newest five are kept, and the first of all", "[retention]") {
    const Phases history = ten(1, Phase::kUndone);
    CHECK(beyond_retention(history) == Ids{"0002", "0003", "0004", "0005"});
    CHECK_FALSE(removes(history, "0001"));
    CHECK(beyond_retention({history.begin(), history.begin() + 6}).empty());
    CHECK(beyond_retention({}).empty());
    SECTION("planted: the same one, where it is not the first, goes") {
        CHECK(beyond_retention({history.begin() + 1, history.end()}) == Ids{"0003", "0004", "0005"});
        CHECK(removes(history, "0002"));
    }
}

TEST_CASE("what a rollback can still need is kept, however old it is", "[retention]") {
    const auto phase =
        GENERATE(Phase::kApplied, Phase::kFilesUndone, Phase::kApplying, Phase::kUndoing, Phase::kUndoingFiles);
    CHECK_FALSE(removes(ten(3, phase), "0003"));
    CHECK(removes(ten(3, phase), "0002"));           // planted: what is beside it goes
    CHECK(removes(ten(3, Phase::kUndone), "0003"));  // … and so does the same one, taken back
}

TEST_CASE("applied and taken back again and again, the store grows no further", "[retention]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    apply_and_take_back(machine, 8);
    CHECK(machine.store().transactions() == Ids{"0001", "0004", "0005", "0006", "0007", "0008"});
    CHECK(machine.files.list(kTransactions) == machine.store().transactions());
    CHECK(ids_of(history_of(machine.store())) == machine.store().transactions());
    CHECK(machine.seen() == before);
    SECTION("an apply that fails leaves no more") {
        machine.engine.broken_when = "134217728";
        CHECK(machine.apply("128m").code == ExitCode::kGateFailed);
        CHECK(machine.store().transactions() == Ids{"0001", "0005", "0006", "0007", "0008", "0009"});
    }
    SECTION("a number is given once") { CHECK(machine.apply().id == "0009"); }
    SECTION("what was pruned is told when it is asked for, with what can be had") {
        World world = machine.world();
        const auto note = [&](const std::string& id) {
            RollbackRequest request;
            request.id = id;
            return preview_rollback(world, &machine.engine, machine.store(), request).scope.note;
        };
        CHECK(note("2") == "0002 was taken back already and pruned since: nothing stands applied");
        machine.apply();
        CHECK(note("2") == "0002 was taken back already and pruned since: what can go back is 0009");
        CHECK(note("8") == "0008 was taken back already");
        CHECK_THROWS_WITH(note("10"), Catch::Contains("there is no transaction 10"));
        CHECK_THROWS_WITH(note("0"), Catch::Contains("there is no transaction 0"));
    }
}

TEST_CASE("what stands goes back to the original state, whatever came and went above it", "[retention]") {
    ApplyMachine machine;
    const std::string before = machine.seen();
    REQUIRE(machine.apply("128m").code == ExitCode::kDone);
    apply_and_take_back(machine, 3);
    REQUIRE(machine.apply("256m").code == ExitCode::kDone);
    for (int time = 0; time < 7; ++time) {
        REQUIRE(machine.apply("128m").code == ExitCode::kDone);
        machine.roll_back();
    }
    CHECK(machine.store().in_phase(Phase::kApplied) == Ids{"0001", "0005"});
    CHECK(machine.store().in_phase(Phase::kUndone) == Ids{"0008", "0009", "0010", "0011", "0012"});
    SECTION("all of it") {
        machine.roll_back(true);
        CHECK(machine.seen() == before);
    }
    SECTION("planted: with one that stands removed it does not") {
        machine.store().prune("0001");
        machine.roll_back(true);
        CHECK(machine.seen() != before);
    }
}

TEST_CASE("each transaction that stands has its guard, and no other has one", "[retention]") {
    ApplyMachine machine;
    REQUIRE(machine.apply("128m").code == ExitCode::kDone);
    const std::set<std::string> first = guards_of(machine);
    CHECK(first == std::set<std::string>{"pilotpros-keep-shop-0001"});
    SECTION("a later one adds its own, which goes with it") {
        REQUIRE(machine.apply("256m").code == ExitCode::kDone);
        CHECK(guards_of(machine) == std::set<std::string>{"pilotpros-keep-shop-0001", "pilotpros-keep-shop-0002"});
        machine.roll_back();
        CHECK(guards_of(machine) == first);
    }
    SECTION("planted: one that nobody took away goes with the next command") {
        machine.engine.find("pilotpros-keep-shop-0001")->name = "pilotpros-keep-shop-0009";
        REQUIRE(machine.apply("256m").code == ExitCode::kDone);
        CHECK(guards_of(machine) == std::set<std::string>{"pilotpros-keep-shop-0002"});
    }
    SECTION("another state directory's of the same number has a name of its own, and no lock is left") {
        Guard other(machine.engine, "shop", "another machine");
        other.lock({"sha256:web"});
        other.keep("0001");
        CHECK(machine.engine.find("pilotpros-lock-shop") == nullptr);
        CHECK(guards_of(machine).size() == 2);
        SECTION("which goes by itself") {
            other.keep_only({});
            CHECK(guards_of(machine) == first);
        }
        SECTION("and stays when ours goes") {
            machine.roll_back();
            CHECK(guards_of(machine).size() == 1);
            other.drop("0001");
            CHECK(guards_of(machine).empty());
        }
    }
    SECTION("one whose transaction is gone goes, somebody else's does not") {
        World world = machine.world();
        Guard other(machine.engine, "shop", "another machine");
        other.lock({"sha256:web"});
        other.keep("0007");
        Guard ours(machine.engine, "shop", lock_owner(world));
        ours.keep_only({});
        CHECK(guards_of(machine) == std::set<std::string>{"pilotpros-keep-shop-0007"});
        other.keep_only({});
        CHECK(guards_of(machine).empty());
    }
}

TEST_CASE("an apply that prunes, killed between any two steps, leaves nothing that is misread", "[retention]") {
    ApplyMachine whole;
    prepare_history(whole);
    const std::string before = whole.seen();
    const auto old = told_of(history_of(whole.store()));
    whole.killer = {};
    REQUIRE(whole.apply("128m").code == ExitCode::kDone);
    const int steps = whole.killer.count;
    const std::string after = whole.seen();
    CHECK(whole.store().transactions() == Ids{"0001", "0002", "0007", "0008", "0009", "0010", "0011", "0012"});
    int half_pruned = 0;
    for (int at = 1; at <= steps; ++at) {
        ApplyMachine machine;
        prepare_history(machine);
        machine.killer = {at};
        CHECK_THROWS_AS(machine.apply("128m"), Killed);
        machine.killer = {};
        INFO("killed at " << at);
        auto listed = told_of(history_of(machine.store()));  // as rollback --list does, which finishes nothing
        half_pruned += listed.size() > 8 && listed.size() < 12 ? 1 : 0;
        CHECK((!listed.contains("0012") || listed["0012"] == "applied" || listed["0012"] == "pending"));
        listed.erase("0012");
        for (const auto& [id, phase] : listed) {
            CHECK(phase == old.at(id));
        }
        CHECK((listed.contains("0001") && listed.contains("0002")));
        machine.recover();
        CHECK((machine.seen() == before || machine.seen() == after));
        CHECK(machine.store().in_phase(Phase::kUndone).size() == 5);
        CHECK(machine.files.list(kTransactions) == machine.store().transactions());
    }
    CHECK(half_pruned > 3);
}

TEST_CASE("planted: removed in any other order, what a kill leaves is taken for a damaged one", "[retention]") {
    ApplyMachine machine;
    prepare_history(machine);
    CHECK(damaged_in(history_of(machine.store())).empty());
    machine.files.remove(kTransactions / "0004" / kSnapshotFile);
    CHECK(damaged_in(history_of(machine.store())).find("0004/snapshot.json is gone") != std::string::npos);
    machine.files.remove(kTransactions / "0004" / kJournalFile);
    CHECK(damaged_in(history_of(machine.store())).empty());
}

TEST_CASE("who lists while another command prunes lists what is left", "[retention]") {
    ApplyMachine machine;
    prepare_history(machine);
    OvertakenFiles files;
    files.contents = machine.files.contents;
    ApplyStore store{files, machine.environment.state_directory(), "ENGINE", "shop"};
    SECTION("also one that was just to be read") {
        files.overtaken = [&](const Path& snapshot) {
            if (snapshot.parent_path().filename() == "0004") {
                store.prune("0004");
                store.prune("0005");
            }
        };
        CHECK(ids_of(history_of(store)) == Ids{"0001", "0002", "0003", "0006", "0007", "0008", "0009", "0010", "0011"});
    }
    SECTION("planted: one of which only the snapshot went is damaged, and named") {
        files.overtaken = [&](const Path& snapshot) {
            if (snapshot.parent_path().filename() == "0004") {
                files.remove(snapshot);
            }
        };
        CHECK(damaged_in(history_of(store)).find("0004/snapshot.json is gone") != std::string::npos);
    }
}
