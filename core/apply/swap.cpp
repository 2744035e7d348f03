#include "core/apply/swap.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/apply/connections.h"
#include "core/apply/name_pin.h"
#include "core/apply/recreate.h"
#include "core/apply/transaction.h"
#include "core/docker/json.h"
#include "core/docker/pump.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kPin = "pin";

/// "shop-web-9" before "shop-web-10".
bool by_number(const std::string& left, const std::string& right) {
    return left.size() != right.size() ? left.size() < right.size() : left < right;
}

/// Of "shop-web-9"; 0 when it ends otherwise.
int container_number_in(const std::string& name) {
    const std::size_t before = name.find_last_not_of("0123456789");
    int number = 0;
    if (before != std::string::npos && (name[before] == '-' || name[before] == '_')) {
        std::from_chars(name.data() + before + 1, name.data() + name.size(), number);
    }
    return number;
}

Json inspection_of(Engine& engine, const std::string& id) {
    const std::string path = "/containers/" + id + "/json";
    return parse_answer(engine.get(path), path);
}

/// What the network namespace of a running container says of its callers. None where it cannot be read: the engine is
/// on another machine, where no process of ours has this container's ID in its control group.
std::optional<Callers> callers_at(Engine& engine, const Files& files, const std::string& id) {
    try {
        const std::string process = fmt::format("/proc/{}", integer(member(inspection_of(engine, id), "State"), "Pid"));
        const auto groups = files.read(process + "/cgroup");
        const auto tcp = files.read(process + "/net/tcp");
        if (!groups || groups->find(id) == std::string::npos || !tcp) {
            return std::nullopt;
        }
        return callers_of(*tcp, files.read(process + "/net/tcp6").value_or(""));
    } catch (const EngineLost&) {
        throw;
    } catch (const Error&) {
        return std::nullopt;  // not ours to look at
    }
}

class TakeOver {
  public:
    TakeOver(World& world, Engine& engine, const Swap& swap, Journal& journal, ApplyWatcher& watcher)
        : world_(world), engine_(engine), swap_(swap), journal_(journal), watcher_(watcher) {}

    std::string run(const std::function<void()>& handed_over, const std::function<void()>& may_go) {
        find_both_generations();
        hand_the_name_over();
        handed_over();
        may_go();
        std::string said = wait_for_the_last_caller();
        may_go();  // the last caller may have left something
        for (const LiveContainer& container : old_) {
            watcher_.step(
                fmt::format("stopping {}, which has up to {} for it", container.name, format_duration(swap_.grace)));
            stop_and_remove(engine_, container, journal_);
        }
        for (std::size_t at = 0; at < next_.size(); ++at) {
            journal_.intend("rename", next_[at].id);
            rename(engine_, next_[at].id, old_[at].name);
            journal_.done("rename", next_[at].id);
        }
        take_the_pins_away();
        return said;
    }

  private:
    void find_both_generations() {
        const std::set<std::string> old = ids_of(swap_.old);
        for (LiveContainer& container : containers_of(engine_, swap_.project, swap_.service)) {
            (old.contains(container.id) ? old_ : next_).push_back(std::move(container));
        }
        if (old_.size() != old.size() || next_.size() != old.size()) {
            throw Error(ExitCode::kGateFailed, fmt::format("{} has {} old and {} new containers, not {} of each",
                                                           swap_.service, old_.size(), next_.size(), old.size()));
        }
        for (std::vector<LiveContainer>* generation : {&old_, &next_}) {
            std::sort(generation->begin(), generation->end(),
                      [](const auto& left, const auto& right) { return by_number(left.name, right.name); });
        }
    }

    void hand_the_name_over() {
        std::vector<Json> targets;
        for (const LiveContainer& container : next_) {
            targets.push_back(inspection_of(engine_, container.id));
        }
        for (const Reload& user : swap_.name_users) {
            watcher_.step(fmt::format("{} looks the name of {} up again", user.service, swap_.service));
            bool all_pinned = true;
            for (const LiveContainer& container : containers_of(engine_, swap_.project, user.service)) {
                if (container.running()) {
                    const auto lines = pin_lines(inspection_of(engine_, container.id), targets, swap_.names);
                    journal_.intend(kPin, container.id);
                    const bool pinned = pin(engine_, container.id, lines);
                    journal_.done(kPin, container.id);
                    all_pinned = all_pinned && pinned;
                    if (pinned) {
                        pinned_.push_back(container);
                    }
                }
            }
            if (!all_pinned) {
                both_seen_.push_back(user);
            }
        }
        look_up(swap_.name_users);
    }

    void look_up(const std::vector<Reload>& users) {
        for (const std::string& line : look_up_again(engine_, swap_.project, swap_.service, users)) {
            watcher_.step(line);
        }
    }

    /// All callers of the first generation; none when one of its containers does not let us see.
    std::optional<Callers> callers() {
        Callers all;
        for (const LiveContainer& container : old_) {
            const std::optional<Callers> of_one = callers_at(engine_, world_.files, container.id);
            if (!of_one) {
                return std::nullopt;
            }
            all.open.insert(of_one->open.begin(), of_one->open.end());
            all.gone.insert(of_one->gone.begin(), of_one->gone.end());
        }
        return all;
    }

    /// A short connection may come and go between two looks; the kernel still has it among those that are gone.
    std::string wait_for_the_last_caller() {
        constexpr std::chrono::milliseconds kPause{100};
        constexpr std::chrono::seconds kQuiet{1};
        const auto begin = world_.clock.steady();
        std::optional<Callers> before = callers();
        watcher_.step(before ? fmt::format("waiting until nobody is connected to the old {}, at most {} (its "
                                           "stop_grace_period)",
                                           swap_.service, format_duration(swap_.grace))
                             : fmt::format("giving the old {} {} (its stop_grace_period): its connections cannot be "
                                           "seen from here",
                                           swap_.service, format_duration(swap_.grace)));
        auto quiet_since = begin;
        while (world_.clock.steady() - begin < swap_.grace) {
            pump_for(engine_, world_.clock, kPause);
            const std::optional<Callers> now = before ? callers() : std::nullopt;
            if (!now) {
                continue;
            }
            const bool quiet = now->open.empty() && std::includes(before->gone.begin(), before->gone.end(),
                                                                  now->gone.begin(), now->gone.end());
            quiet_since = quiet ? quiet_since : world_.clock.steady();
            if (world_.clock.steady() - quiet_since >= kQuiet) {
                return fmt::format("{} was swapped start-first: nobody was connected any more when the old one went",
                                   swap_.service);
            }
            before = now;
        }
        return before ? fmt::format(
                            "{} was swapped start-first: {} connections were open still when the old one was "
                            "told to stop after {}",
                            swap_.service, before->open.size(), format_duration(swap_.grace))
                      : fmt::format("{} was swapped start-first: the old one was told to stop after {}", swap_.service,
                                    format_duration(swap_.grace));
    }

    void take_the_pins_away() {
        for (const LiveContainer& container : pinned_) {
            if (!unpin(engine_, container.id)) {
                watcher_.step(fmt::format("{} keeps a line about {} in its /etc/hosts until it is started again",
                                          container.name, swap_.service));
            }
        }
        look_up(both_seen_);
    }

    World& world_;
    Engine& engine_;
    const Swap& swap_;
    Journal& journal_;
    ApplyWatcher& watcher_;
    std::vector<LiveContainer> old_, next_, pinned_;
    std::vector<Reload> both_seen_;  ///< who could not be kept from seeing both generations
};

}  // namespace

std::set<std::string> ids_of(const std::vector<ContainerRecord>& containers) {
    std::set<std::string> ids;
    for (const ContainerRecord& container : containers) {
        ids.insert(container.id);
    }
    return ids;
}

std::string take_over(World& world, Engine& engine, const Swap& swap, Journal& journal, ApplyWatcher& watcher,
                      const std::function<void()>& handed_over, const std::function<void()>& may_go) {
    return TakeOver{world, engine, swap, journal, watcher}.run(handed_over, may_go);
}

void remove_where_swapped(Engine& engine, const std::string& project, const std::string& service,
                          const nlohmann::json& resolved) {
    if (!text(resolved, "container_name").empty()) {
        return;
    }
    const std::vector<LiveContainer> live = containers_of(engine, project, service);
    std::vector<std::string> ids;
    ids.reserve(live.size());
    for (const LiveContainer& container : live) {
        ids.push_back(container.id);
    }
    const std::vector<Container> containers = inspect_containers(engine, ids);
    if (std::any_of(containers.begin(), containers.end(), [](const Container& one) {
            return container_number_in(one.name) > 0 && container_number_in(one.name) != one.number;
        })) {
        for (const LiveContainer& container : live) {
            remove(engine, container);
        }
    }
}

bool take_pins_back(Engine& engine, const Journal& journal) {
    std::set<std::string> pinned;
    for (const JournalRecord& record : journal.records()) {
        if (record.step == kPin) {
            pinned.insert(record.detail);
        }
    }
    for (const std::string& container : pinned) {
        unpin(engine, container);  // one that is gone took its lines along
    }
    return !pinned.empty();
}

}  // namespace pilotpros
