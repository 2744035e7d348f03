// Every point x every fault: whatever strikes a command at whatever moment, one further command leaves what was there
// before or what was to be there after. A kill and a power cut are followed to the end: what recovers is struck at
// every point as well, and so is what recovers from that.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <deque>
#include <random>
#include <set>
#include <sstream>
#include <unordered_set>

#include "core/apply/retention.h"
#include "core/apply/rollback_files.h"
#include "tests/faults/world.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

struct Outcome {
    ExitCode code = ExitCode::kDone;
    std::string said;
};

/// In what a scenario is not as the others.
struct But {
    bool removes_trees = false;
    std::size_t least_states = 21;  ///< that its kills have to come to
    int least_points = 51;          ///< that are to be struck
    bool swaps = false;             ///< "web" may run twice
    ExitCode ends_with = ExitCode::kDone;
};

struct Scenario {
    const char* name;
    void (*prepare)(FaultMachine&);
    ExitCode (*work)(FaultMachine&);
    But but = {};
};

ExitCode apply_first(FaultMachine& machine) { return machine.apply("128m", "one").code; }
/// "web" is recreated, "db" reads its file again.
ExitCode apply_second(FaultMachine& machine) { return machine.apply("256m", "two").code; }
void nothing(FaultMachine& /*machine*/) {}
void one_applied(FaultMachine& machine) { REQUIRE(apply_first(machine) == ExitCode::kDone); }
void two_applied(FaultMachine& machine) {
    one_applied(machine);
    REQUIRE(apply_second(machine) == ExitCode::kDone);
}

/// As many were taken back as are kept; the next one is one too many.
void full_history(FaultMachine& machine) {
    one_applied(machine);
    for (std::size_t time = 0; time < kTakenBackKept; ++time) {
        REQUIRE(apply_second(machine) == ExitCode::kDone);
        machine.roll_back();
    }
    REQUIRE(apply_second(machine) == ExitCode::kDone);
}

/// The user's own file is what changes.
void in_own_file(FaultMachine& machine) {
    machine.machine.files.contents["/shop/compose.yaml"] =
        "services:\n  db:\n    image: x\n  web:\n    image: nginx:1\n";
    machine.machine.files.modes["/shop/compose.yaml"] = 0644;
    machine.machine.in_place = true;
}
void two_applied_in_place(FaultMachine& machine) {
    in_own_file(machine);
    two_applied(machine);
}

RollbackRequest plain() { return {}; }
RollbackRequest everything() {
    RollbackRequest request;
    request.all = true;
    return request;
}
RollbackRequest exact() {
    RollbackRequest request;
    request.exact = true;
    return request;
}
RollbackRequest back_to_the_first() {
    RollbackRequest request;
    request.id = "1";
    return request;
}
RollbackRequest of_web() {
    RollbackRequest request;
    request.services = {"web"};
    return request;
}
RollbackRequest forced() {
    RollbackRequest request;
    request.force = true;
    return request;
}
template <RollbackRequest (*kRequest)()>
ExitCode back(FaultMachine& machine) {
    machine.roll_back(kRequest());
    return ExitCode::kDone;
}

/// "web" gets its limit while it runs.
ExitCode apply_live(FaultMachine& machine) {
    machine.machine.live = true;
    const ExitCode code = machine.apply("256m", "one").code;
    machine.machine.live = false;
    return code;
}

const std::vector<Scenario> kScenarios{
    {"the first apply", nothing, apply_first},
    {"an apply that recreates and reloads", one_applied, apply_second},
    {"an apply whose gate fails",
     one_applied,
     [](FaultMachine& machine) {
         machine.machine.engine.broken_when = "536870912";  // with swap, which 128m has not
         return apply_second(machine);
     },
     {.ends_with = ExitCode::kGateFailed}},
    {"a rollback", two_applied, back<plain>},
    {"a rollback where Compose cannot", two_applied,
     [](FaultMachine& machine) {
         machine.machine.compose_is_broken = true;
         machine.roll_back();
         return ExitCode::kDone;
     }},
    {"a rollback that prunes", full_history, back<plain>, {.removes_trees = true}},
    {"rollback --all", two_applied, back<everything>},
    {"rollback ID", two_applied, back<back_to_the_first>},
    {"rollback --exact, the user's file having changed",
     [](FaultMachine& machine) {
         two_applied(machine);
         machine.machine.files.contents["/shop/compose.yaml"] =
             "services:\n  db:\n    image: x\n  web:\n    image: nginx:1\n    stop_signal: \"SIGINT\"\n";
     },
     back<exact>},
    {"rollback web", two_applied, back<of_web>},
    {"rollback --force of what the user edited",
     [](FaultMachine& machine) {
         two_applied(machine);
         machine.machine.files.contents["/shop/.pilotpros/compose.yaml"] += "    # mine\n";
     },
     back<forced>},
    {"rollback --files-only",
     two_applied,
     [](FaultMachine& machine) {
         World world = machine.world();
         ApplyStore store = machine.store();
         RollbackRequest request;
         request.files_only = true;
         roll_back_files(world, store, request, machine.machine.watcher);
         return ExitCode::kDone;
     },
     {.least_states = 13, .least_points = 15}},
    {"an apply --live", one_applied, apply_live},
    {"a rollback of an apply --live",
     [](FaultMachine& machine) {
         one_applied(machine);
         REQUIRE(apply_live(machine) == ExitCode::kDone);
     },
     back<plain>,
     {.least_states = 11}},
    {"an apply that swaps", nothing, apply_first, {.swaps = true}},
    {"a rollback of what was swapped", one_applied, back<plain>, {.swaps = true}},
    {"an apply in place", in_own_file, apply_first},
    {"rollback --all of two applies in place", two_applied_in_place, back<everything>},
    {"rollback --all --purge",
     two_applied,
     [](FaultMachine& machine) {
         machine.purge();
         return ExitCode::kDone;
     },
     {.removes_trees = true}},
};

template <typename Work>
Outcome outcome_of(Work work) {
    try {
        return {work(), ""};
    } catch (const Error& error) {
        return {error.code(), error.what()};
    } catch (const std::exception& error) {
        return {ExitCode::kInternal, error.what()};
    }
}

/// The lines that only one of them has.
std::string difference(const std::string& left, const std::string& right) {
    const auto lines_of = [](const std::string& text) {
        std::multiset<std::string> lines;
        std::istringstream all(text);
        for (std::string line; std::getline(all, line);) {
            lines.insert(line);
        }
        return lines;
    };
    std::string result;
    const auto add_missing = [&](const std::multiset<std::string>& from, const std::multiset<std::string>& in,
                                 const char* sign) {
        for (const std::string& line : from) {
            result += in.contains(line) ? "" : sign + line + "\n";
        }
    };
    const auto a = lines_of(left);
    const auto b = lines_of(right);
    add_missing(a, b, "+");
    add_missing(b, a, "-");
    return result;
}

constexpr int kStride = 5;
constexpr std::size_t kMost = 1500;  // states of one scenario; more of them only a purge has, and the planted disk

/// Which of every five points are struck: one seed for all of a run.
unsigned seed_of_run() {
    static const unsigned kSeed = [] {
        const char* const given = std::getenv("PILOTPROS_SEED");
        return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
    }();
    return kSeed;
}

/// A purge removes a whole tree, of which a power cut may leave anything: its states have no end.
bool may_be_cut(const Scenario& scenario) { return std::string{scenario.name}.ends_with("--purge"); }

/// A scenario and what there is before and after it.
class Trial {
  public:
    explicit Trial(const Scenario& scenario) : scenario_(scenario), machine_(scenario.but.swaps) {
        scenario.prepare(machine_);
        begin_ = machine_.remains();
        before_ = machine_.seen();
        machine_.points = {};
        const Outcome outcome = outcome_of([&] { return scenario.work(machine_); });
        INFO(scenario.name << ": " << outcome.said);
        REQUIRE(outcome.code == scenario.but.ends_with);
        after_ = machine_.seen();
        REQUIRE((after_ != before_) == (scenario.but.ends_with == ExitCode::kDone));
        // A gate asks the same again and again: whichever of these questions is struck, the same comes of it.
        constexpr int kEnough = 3;
        std::map<std::string, int> asked;
        names_ = machine_.points.names;
        for (const std::string& name : names_) {
            worth_striking_.push_back(!name.starts_with("GET ") || ++asked[name] <= kEnough);
        }
    }

    /// Kills, or cuts the power, at every point of the work, of what recovers from that, and so on.
    void follow_kills(bool power_cut, bool recover = true) {
        std::deque<Remains> open;
        std::unordered_set<std::string> known;
        const auto keep = [&] {
            ++points;
            Remains remains = machine_.remains();
            const auto images = power_cut ? machine_.disk.after_power_cut(machine_.disk.no_fsync ? 16 : most_images_)
                                          : std::vector<FaultDisk::Image>{remains.disk};
            most_images = std::max(most_images, images.size());
            for (const FaultDisk::Image& image : images) {
                remains.disk = image;
                if (known.insert(remains.identity()).second) {
                    open.push_back(remains);
                }
            }
        };
        begin_again(begin_);
        machine_.points.on_point = keep;
        outcome_of([&] { return scenario_.work(machine_); });
        keep();
        while (!open.empty() && states < kMost) {
            const Remains remains = std::move(open.front());
            open.pop_front();
            machine_.load(remains);
            machine_.points.on_point = recover ? std::function<void()>{keep} : nullptr;
            const Outcome outcome = recover ? recovered() : Outcome{};
            judge("a kill", outcome);
            ++states;
        }
        left_open = open.size();
    }

    /// One fault at every point in turn: with PILOTPROS_ALL_POINTS set; else at every fifth, from the first, second, …
    void strike(Fault fault, const char* name) {
        const int stride = std::getenv("PILOTPROS_ALL_POINTS") != nullptr ? 1 : kStride;
        const int first = static_cast<int>(seed_of_run() % static_cast<unsigned>(stride));
        for (int at = 1 + first; at <= static_cast<int>(worth_striking_.size()); at += stride) {
            if (!worth_striking_[static_cast<std::size_t>(at) - 1]) {
                continue;
            }
            begin_again(begin_);
            machine_.points.at = at;
            machine_.points.fault = fault;
            const Outcome outcome = outcome_of([&] { return scenario_.work(machine_); });
            if (!machine_.points.struck) {
                continue;
            }
            ++points;
            const std::string where = fmt::format("{} at {}, {}: exit {} {}", name, at,
                                                  machine_.points.names[static_cast<std::size_t>(at) - 1],
                                                  static_cast<int>(outcome.code), outcome.said);
            machine_.points = {};
            if (outcome.code == ExitCode::kInternal) {
                thirds.push_back(where);
            }
            const std::string left = machine_.seen(false);  // the next command removes that
            judge(where, recovered());
            const std::string now = machine_.seen();
            if (outcome.code == ExitCode::kDone && now != after_) {
                thirds.push_back("said to be done: " + where);
            }
            if (outcome.code == ExitCode::kRefused && left != before_) {
                thirds.push_back("said to be refused: " + where + difference(left, before_));
            }
            if (outcome.code == ExitCode::kGateFailed && left != before_) {
                thirds.push_back("said to be taken back: " + where + difference(left, before_));
            }
        }
    }

    std::string tally(const std::string& what) const {
        return fmt::format("{}: {}: {} of {} states, {} points", scenario_.name, what, states - thirds.size(), states,
                           points);
    }

    int points = 0;
    std::size_t states = 0, most_images = 0;
    std::size_t left_open = 0;  ///< states that were found and not looked at
    std::vector<std::string> thirds;
    /// Whether the work asked that of the engine, where what comes next is not `other`.
    [[nodiscard]] bool asked_for(const std::string& what, const std::string& other = "?") const {
        return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
            const std::size_t at = name.find(what);
            return at != std::string::npos && !name.substr(at + what.size()).starts_with(other);
        });
    }
    FaultMachine& machine() { return machine_; }

  private:
    void begin_again(const Remains& remains) {
        machine_.load(remains);
        machine_.machine.compose_is_broken = false;
        machine_.machine.engine.broken_when.clear();
    }
    Outcome recovered() {
        return outcome_of([&] {
            machine_.status();
            return ExitCode::kDone;
        });
    }
    void judge(const std::string& what, const Outcome& recovery) {
        const std::string now = machine_.seen();
        if (recovery.code != ExitCode::kDone) {
            thirds.push_back(
                fmt::format("{}: the recovery says {} {}", what, static_cast<int>(recovery.code), recovery.said));
        } else if (now != before_ && now != after_) {
            thirds.push_back(fmt::format("{}: {}; {}", what, difference(now, before_), difference(now, after_)));
        }
    }

    const Scenario& scenario_;
    FaultMachine machine_;
    Remains begin_;
    std::string before_, after_;
    /// A tree is removed at once, so that what may be left of it has no end: of it a few, at each point.
    std::size_t most_images_ = scenario_.but.removes_trees ? 16 : 4096;
    std::vector<std::string> names_;    ///< of the points of the work
    std::vector<bool> worth_striking_;  ///< the points of the work in turn
};

/// All of them by their first line, the first two whole.
std::string some(const std::vector<std::string>& lines) {
    std::string text;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        text += (at < 2 ? lines[at] : lines[at].substr(0, lines[at].find('\n'))) + "\n";
    }
    return text;
}

}  // namespace

TEST_CASE("killed at any point, and again at any point of the recovery: before or after", "[faults]") {
    for (const Scenario& scenario : kScenarios) {
        DYNAMIC_SECTION(scenario.name) {
            Trial trial(scenario);
            trial.follow_kills(false);
            WARN(trial.tally("kill -9"));
            INFO(some(trial.thirds));
            CHECK(trial.thirds.empty());
            CHECK(trial.states >= scenario.but.least_states);
            CHECK(trial.left_open == 0);
        }
    }
}

TEST_CASE("the power fails at any point, and again at any point of the recovery: before or after", "[faults]") {
    for (const Scenario& scenario : kScenarios) {
        DYNAMIC_SECTION(scenario.name) {
            Trial trial(scenario);
            trial.follow_kills(true);
            WARN(trial.tally("power cut"));
            INFO(some(trial.thirds));
            CHECK(trial.thirds.empty());
            CHECK(trial.states >= scenario.but.least_states);
            CHECK((trial.left_open == 0 || may_be_cut(scenario)));
            // A purge removes a whole tree before it syncs: of what may be left of that, this many are looked at.
            CHECK((trial.most_images < 4096 || may_be_cut(scenario)));
        }
    }
}

TEST_CASE("any fault of the disk or the engine, at any point: before or after, and as it was said", "[faults]") {
    for (const Scenario& scenario : kScenarios) {
        DYNAMIC_SECTION(scenario.name) {
            Trial trial(scenario);
            for (const auto& [fault, name] :
                 {std::pair{Fault::kFullOnce, "ENOSPC once"}, std::pair{Fault::kFull, "ENOSPC"},
                  std::pair{Fault::kBrokenOnce, "EIO once"}, std::pair{Fault::kBroken, "EIO"},
                  std::pair{Fault::kResetBefore, "reset, not done"}, std::pair{Fault::kResetAfter, "reset, done"},
                  std::pair{Fault::kEngineGone, "engine gone"}, std::pair{Fault::kServerError, "500 once"},
                  std::pair{Fault::kServerErrors, "500"}, std::pair{Fault::kComposeKilled, "Compose killed"}}) {
                trial.strike(fault, name);
            }
            WARN(fmt::format("{}: faults: {} of {} points; PILOTPROS_SEED={}", scenario.name,
                             trial.points - static_cast<int>(trial.thirds.size()), trial.points, seed_of_run()));
            INFO("PILOTPROS_SEED=" << seed_of_run());
            INFO(some(trial.thirds));
            CHECK(trial.thirds.empty());
            CHECK(trial.points >= scenario.but.least_points);
        }
    }
}

TEST_CASE("what is struck is what the scenarios say", "[faults]") {
    for (const Scenario& scenario : kScenarios) {
        const std::string name = scenario.name;
        CAPTURE(name);
        const Trial trial(scenario);
        const bool replaces = trial.asked_for("DELETE /containers/", "pilotpros");
        CHECK((replaces || name != "an apply that swaps"));
        CHECK((!replaces || name != "the first apply"));  // there it is Compose
        CHECK(trial.asked_for("/update") == (name.find("--live") != std::string::npos));
    }
}

TEST_CASE("the check of faults can fail", "[faults]") {
    Trial trial(kScenarios.front());
    SECTION("without a recovery") {
        trial.follow_kills(false, false);
        CHECK(trial.thirds.size() > 20);
    }
    SECTION("on a disk that forgets what it was told to keep") {
        trial.machine().disk.no_fsync = true;
        trial.follow_kills(true);
        CHECK_FALSE(trial.thirds.empty());
    }
}
