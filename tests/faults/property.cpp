// A reference state machine, written out: what applying, editing, rolling back and being killed leave. Random sequences
// of these on the small engine have to leave the same, and `status` and the history have to say so after each step.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "tests/faults/world.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

constexpr const char* kOurs = "/shop/.pilotpros/compose.yaml";
constexpr const char* kTheirs = "/shop/compose.yaml";

/// The process is gone: nothing of ours catches this.
struct Dead {};

/// What a service was started with.
struct Started {
    std::string memory = "0";
    bool signal = false;  ///< the user's own change of "web"
    friend bool operator==(const Started&, const Started&) = default;
};

/// Contents of our two files; empty: absent.
struct Written {
    std::string ours, server;
    std::string memory = "0";  ///< of "web", as `ours` has it
    friend bool operator==(const Written&, const Written&) = default;
};

struct Model {
    struct Transaction {
        int number = 0;
        Written before, after;
        std::string phase = "applied";
        Started web, db;  ///< before
    };
    std::vector<Transaction> history;
    Written files;
    bool signal = false;  ///< as the user's file has it
    Started web, db;
    std::string db_reads = "none";

    [[nodiscard]] std::vector<std::size_t> applied() const {
        std::vector<std::size_t> found;
        for (std::size_t at = history.size(); at-- > 0;) {
            if (history[at].phase == "applied") {
                found.push_back(at);
            }
        }
        return found;
    }

    void begin(const Written& after, const std::string& phase) {
        history.push_back({history.empty() ? 1 : history.back().number + 1, files, after, phase, web, db});
    }

    /// Of what was taken back the newest five stay, and the first of all.
    void forget() {
        int seen = 0;
        for (std::size_t at = history.size(); at-- > 1;) {
            if (history[at].phase == "taken back" && ++seen > 5) {
                history.erase(history.begin() + static_cast<std::ptrdiff_t>(at));
            }
        }
    }

    /// Whether anything is done at all.
    bool apply(const Written& wanted) {
        const Started web_then{wanted.memory, signal};
        const bool runs_so = web == web_then && db.memory == "128m";
        if (files == wanted && runs_so) {
            return false;
        }
        begin(wanted, "applied");
        if (files.server != wanted.server || db.memory != "128m") {
            db_reads = wanted.server;
        }
        files = wanted;
        web = web_then;
        db = {"128m", false};
        return true;
    }

    /// False: refused, nothing was touched.
    bool roll_back(const RollbackRequest& request) {
        std::vector<std::size_t> undone = applied();
        if (!request.id.empty()) {
            const auto named = std::find_if(undone.begin(), undone.end(), [&](std::size_t at) {
                return history[at].number == std::stoi(request.id);
            });
            undone.erase(named == undone.end() ? undone.begin() : named + 1, undone.end());
        } else if (!request.all && !undone.empty()) {
            undone.resize(1);
        }
        if (undone.empty()) {
            return true;
        }
        const Transaction& newest = history[undone.front()];
        const auto known = [](const std::string& now, const std::string& before, const std::string& after) {
            return now == before || now == after;
        };
        if (!request.force &&
            ((newest.before.ours != newest.after.ours && !known(files.ours, newest.before.ours, newest.after.ours)) ||
             (newest.before.server != newest.after.server &&
              !known(files.server, newest.before.server, newest.after.server)))) {
            return false;
        }
        // Each file by itself: what the user changed between two applies is not passed over.
        Written target = files;
        for (const auto part : {&Written::ours, &Written::server}) {
            bool touched = false;
            for (const std::size_t at : undone) {
                const Transaction& one = history[at];
                if (one.before.*part == one.after.*part) {
                    continue;
                }
                const bool changed =
                    touched ? target.*part != one.after.*part : !known(files.*part, one.before.*part, one.after.*part);
                if (changed && !request.force) {
                    return false;
                }
                touched = true;
                target.*part = one.before.*part;
                if (part == &Written::ours) {
                    target.memory = one.before.memory;
                }
            }
        }
        const Transaction oldest = history[undone.back()];
        for (const std::size_t at : undone) {
            history[at].phase = "taken back";
        }
        forget();
        files = target;
        web = request.exact ? oldest.web : Started{files.memory, signal};
        db = request.exact ? oldest.db : Started{files.ours.empty() ? "0" : "128m", false};
        db_reads = files.server.empty() ? "none" : files.server;
        return true;
    }
};

/// What the machine says of itself, to be held against a model.
class Sequence {
  public:
    explicit Sequence(unsigned seed) : seed_(seed), random_(seed) {}

    /// One step at random, and whether all is as the model has it.
    void step() {
        switch (pick(8)) {
            case 0:
            case 1:
            case 2:
                act([written = wanted()](Model& model) { return model.apply(written); }, nullptr);
                break;
            case 3:
            case 4:
            case 5:
                back(at_random());
                break;
            case 6:
                edit_ours();
                break;
            default:
                edit_theirs();
        }
        compare();
    }

    /// What the machine, its status or its history has otherwise than the model.
    std::vector<std::string> differences() {
        std::vector<std::string> found;
        const auto expect = [&](const char* what, bool same) {
            if (!same) {
                found.emplace_back(what);
            }
        };
        const ProjectStatus status = machine_.status();
        expect("the history of status", told(status.history) == told(model_));
        expect("the history", told(history_of(machine_.store())) == told(model_));
        const MemoryFiles& files = machine_.machine.files;
        expect("our file", files.read(kOurs).value_or("") == model_.files.ours);
        expect("what db is to read", files.read(kReadByDb).value_or("") == model_.files.server);
        expect("the memory of web", memory_of("web") == model_.web.memory);
        expect("the memory of db", memory_of("db") == model_.db.memory);
        machine_.engine.let_programs_read();
        expect("what db has read",
               machine_.engine.read.at(machine_.machine.engine.find("shop-db-1")->id) == model_.db_reads);
        expect("which services status tells of", status.services.size() == (model_.applied().empty() ? 0U : 2U));
        for (const ServiceStatus& service : status.services) {
            const Started wanted = service.service == "web" ? Started{model_.files.memory, model_.signal}
                                                            : Started{model_.files.ours.empty() ? "0" : "128m", false};
            const Started& runs = service.service == "web" ? model_.web : model_.db;
            expect("whether a service carries it", service.state == (runs == wanted ? "carries it" : "drifted"));
        }
        for (const FileStatus& file : status.files) {
            const bool as_written = model_.files.ours == last_written();
            expect("whether a file is as written",
                   file.path != kOurs || file.state == (as_written ? "as written" : "changed"));
        }
        return found;
    }
    FaultMachine& machine() { return machine_; }
    /// Transactions that there were, and are no more.
    [[nodiscard]] int forgotten() const {
        return model_.history.empty() ? 0 : model_.history.back().number - static_cast<int>(model_.history.size());
    }
    void apply_both() {
        kills_ = false;
        act([](Model& model) { return model.apply({ours("128m"), "one", "128m"}); }, nullptr);
    }

    std::string said;  ///< the steps so far
    int kills = 0, refusals = 0, by_id = 0, exactly = 0, forced = 0;

  private:
    int pick(int below) { return std::uniform_int_distribution<int>{0, below - 1}(random_); }

    Written wanted() {
        const std::string memory = pick(2) == 0 ? "128m" : "256m";
        return {ours(memory), pick(2) == 0 ? "one" : "two", memory};
    }

    RollbackRequest at_random() {
        RollbackRequest request;
        request.all = pick(3) == 0;
        if (!request.all && pick(3) == 0 && !model_.history.empty()) {
            const int last = model_.history.back().number;
            request.id = std::to_string(last - pick(std::min(last, 3)));
        }
        request.exact = pick(4) == 0;
        request.force = pick(4) == 0;
        return request;
    }

    void back(const RollbackRequest& request) {
        act([&](Model& model) { return model.roll_back(request); }, &request);
        by_id += request.id.empty() ? 0 : 1;
        exactly += request.exact ? 1 : 0;
        forced += request.force ? 1 : 0;
    }

    static std::string words_of(const RollbackRequest* rollback) {
        return rollback == nullptr ? "apply"
                                   : fmt::format("rollback {}{}{}{}", rollback->id, rollback->all ? " --all" : "",
                                                 rollback->exact ? " --exact" : "", rollback->force ? " --force" : "");
    }

    /// May be killed on the way, when it is one at random. `rollback`: null is an apply.
    template <typename Transition>
    void act(Transition transition, const RollbackRequest* rollback) {
        Model after = model_;
        const bool done = transition(after);
        const int kill_at = pick(3) == 0 && kills_ ? 1 + pick(rollback != nullptr ? 60 : 250) : 0;
        machine_.points = {};
        machine_.points.on_point = [&] {
            if (machine_.points.count == kill_at) {
                throw Dead{};
            }
        };
        said += fmt::format("{}{}; ", words_of(rollback), kill_at > 0 ? fmt::format(" killed at {}", kill_at) : "");
        INFO(fmt::format("seed {}: {}", seed_, said));
        bool killed = false;
        ExitCode code = ExitCode::kDone;
        try {
            if (rollback != nullptr) {
                machine_.roll_back(*rollback);
            } else {
                code = machine_.apply(after.files.memory, after.files.server).code;
            }
        } catch (const Dead&) {
            killed = true;
            ++kills;
        } catch (const Error& error) {
            code = error.code();
        }
        machine_.points = {};
        if (!killed) {
            CHECK(code == (rollback != nullptr && !done ? ExitCode::kRefused : ExitCode::kDone));
            refusals += rollback != nullptr && !done ? 1 : 0;
            model_ = after;
            return;
        }
        machine_.status();  // finishes
        const auto history = history_of(machine_.store());
        const bool new_one =
            !history.empty() && (model_.history.empty() || std::stoi(history.back().id) > model_.history.back().number);
        const bool happened = rollback != nullptr ? !history.empty() && done && told(history) == told(after)
                                                  : new_one && history.back().phase == "applied";
        if (happened) {
            model_ = after;
        } else if (new_one) {
            model_.begin(model_.files, "taken back");
            model_.forget();
        }
    }

    void edit_ours() {
        std::string& content = machine_.machine.files.contents[kOurs];
        if (model_.files.ours.empty()) {
            machine_.machine.files.contents.erase(kOurs);
            return;
        }
        said += "edit ours; ";
        const std::size_t mine = content.find("# mine");
        content = mine == std::string::npos ? content + "# mine\n" : content.substr(0, mine);
        model_.files.ours = content;
    }

    void edit_theirs() {
        said += "edit theirs; ";
        model_.signal = !model_.signal;
        machine_.machine.files.contents[kTheirs] =
            fmt::format("services:\n  db:\n    image: x\n  web:\n    image: nginx:1\n{}",
                        model_.signal ? "    stop_signal: \"SIGINT\"\n" : "");
    }

    static std::vector<std::string> told(const std::vector<HistoryEntry>& history) {
        std::vector<std::string> all;
        for (const HistoryEntry& entry : history) {
            all.push_back(fmt::format("{} {}", entry.id, entry.phase));
        }
        return all;
    }
    static std::vector<std::string> told(const Model& model) {
        std::vector<std::string> all;
        for (const Model::Transaction& one : model.history) {
            all.push_back(fmt::format("{:04} {}", one.number, one.phase));
        }
        return all;
    }

    void compare() {
        INFO(fmt::format("seed {}: {}", seed_, said));
        CHECK(differences() == std::vector<std::string>{});
    }

    /// By the newest of those in force that wrote it.
    [[nodiscard]] std::string last_written() const {
        for (const std::size_t at : model_.applied()) {
            if (model_.history[at].before.ours != model_.history[at].after.ours) {
                return model_.history[at].after.ours;
            }
        }
        return {};
    }

    std::string memory_of(const std::string& service) {
        const auto bytes =
            machine_.machine.engine.find("shop-" + service + "-1")->body["HostConfig"]["Memory"].get<std::int64_t>();
        return bytes == 134217728 ? "128m" : bytes == 268435456 ? "256m" : std::to_string(bytes);
    }

    /// What we write for these limits.
    static const std::string& ours(const std::string& memory) {
        static std::map<std::string, std::string> known;
        if (!known.contains(memory)) {
            FaultMachine machine;
            machine.apply(memory, "one");
            known[memory] = machine.machine.files.contents.at(kOurs);
        }
        return known.at(memory);
    }

    bool kills_ = true;
    unsigned seed_;
    std::mt19937 random_;
    FaultMachine machine_;
    Model model_;
};

}  // namespace

TEST_CASE("whatever is applied, edited, taken back and killed, the history and status tell what is there", "[faults]") {
    const char* const given = std::getenv("PILOTPROS_SEED");
    const unsigned seed =
        given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
    const int sequences = std::getenv("PILOTPROS_ALL_POINTS") != nullptr ? 1000 : 300;
    int kills = 0;
    int refusals = 0;
    int steps = 0;
    int forgotten = 0;
    int by_id = 0;
    int exactly = 0;
    int forced = 0;
    for (int number = 0; number < sequences; ++number) {
        Sequence sequence(seed + static_cast<unsigned>(number));
        const int length = number % 10 == 0 ? 60 : 6;  // the long ones come to where transactions are pruned
        for (int at = 0; at < length; ++at) {
            sequence.step();
            ++steps;
        }
        kills += sequence.kills;
        refusals += sequence.refusals;
        by_id += sequence.by_id;
        exactly += sequence.exactly;
        forced += sequence.forced;
        forgotten += sequence.forgotten();
    }
    WARN(fmt::format(
        "{} sequences, {} steps, {} kills, {} refusals, {} pruned, {} rollbacks by ID, {} exact, {} forced; "
        "PILOTPROS_SEED={}",
        sequences, steps, kills, refusals, forgotten, by_id, exactly, forced, seed));
    CHECK(kills > sequences / 5);
    CHECK(refusals > sequences / 50);
    CHECK(std::min({by_id, exactly, forced}) > sequences / 10);
    CHECK(forgotten > sequences / 20);
}

TEST_CASE("the check against the model can fail", "[faults]") {
    Sequence sequence(1);
    sequence.apply_both();
    CHECK(sequence.differences().empty());
    FaultMachine& machine = sequence.machine();
    SECTION("another limit") { machine.machine.engine.find("shop-web-1")->body["HostConfig"]["Memory"] = 1; }
    SECTION("another file") { machine.machine.files.contents[kOurs] += "# changed\n"; }
    SECTION("a program that did not read its file") {
        machine.engine.read[machine.machine.engine.find("shop-db-1")->id] = "none";
    }
    SECTION("another history") { machine.roll_back(); }
    SECTION("a transaction that is to be kept") { machine.store().prune("0001"); }
    CHECK_FALSE(sequence.differences().empty());
}
