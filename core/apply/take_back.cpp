#include "core/apply/take_back.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/apply/agree.h"
#include "core/apply/begin_and_close.h"
#include "core/apply/conflict.h"
#include "core/apply/dependencies.h"
#include "core/apply/followers.h"
#include "core/apply/guard.h"
#include "core/apply/layer_data.h"
#include "core/apply/live_containers.h"
#include "core/apply/project_files.h"
#include "core/apply/recreation.h"
#include "core/apply/rollback_files.h"

namespace pilotpros {

namespace {

int running_of(const std::vector<LiveContainer>& containers) {
    return static_cast<int>(
        std::count_if(containers.begin(), containers.end(), [](const auto& one) { return one.running(); }));
}

/// A rollback of transactions that were committed, newest first; the lock is held.
class Rollback {
  public:
    /// `looked`: what its containers' writable layers hold was just read.
    Rollback(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, const Begun& begun, bool looked,
             std::map<std::string, AnnouncedInterruption> announced)
        : world_(world),
          engine_(engine),
          store_(store),
          watcher_(watcher),
          exact_(begun.exact),
          force_(begun.force),
          looked_(looked),
          recreation_(world, engine, store, watcher, exact_, std::move(announced), begun.give_way) {}

    RollbackResult run(const std::vector<std::string>& ids) {
        RollbackResult result;
        if (ids.empty()) {
            return result;
        }
        services_ = carried_by(store_, ids);
        for (const std::string& id : ids) {
            result.undone.push_back(store_.snapshot(id));
        }
        if (!force_) {
            refuse_changed(changed_since(paths_of(with_files(result.undone)), world_.files));
        }
        announcing([&] { announce(result.undone); },
                   [&] {
                       return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) {
                           return store_.journal(id).phase() == Journal::Phase::kUndoing;
                       });
                   });
        restoring([&] {
            FileImageAnswers answers(world_.files, image_answers_directory(world_.environment.state_directory(),
                                                                           result.undone.front().engine));
            ServedBefore served(engine_, answers, world_.files, world_.clock, store_.project());
            remember(result.undone, served);
            restore_together(store_, with_files(result.undone), world_.files, watcher_, result.said);
            recreate_services(result, served);
            if (!left_.empty()) {
                throw Error(ExitCode::kNotRestored,
                            fmt::format("all the rest went back, but {}", fmt::join(left_, "; ")), next_);
            }
            Closed closed;
            for (const Snapshot& snapshot : result.undone) {
                Guard guard(engine_, snapshot.project, lock_owner(world_));
                guard.drop(snapshot.id);  // first: once the journal says undone, nobody looks for it any more
                store_.journal(snapshot.id).done(Journal::kUndo);
                // From here on it is taken back; the next command looks for our lock anyway.
                closed = closed_all_the_same(
                    world_.cancel, [&] { guard.unlock(); }, closed.too_late);
            }
            say_how_closed(closed, "all of it was back", "", result.said);
        });
        if (!unhealthy_.empty()) {
            throw Error(ExitCode::kNotRestored,
                        fmt::format("the files are as they were, but {}", fmt::join(unhealthy_, "; ")),
                        "docker compose logs SERVICE says why; nothing is left for docker pilotpros to undo");
        }
        return result;
    }

  private:
    /// Files that did not go back alone before.
    [[nodiscard]] bool has_files_to_restore(const Snapshot& snapshot) const {
        return store_.journal(snapshot.id).last_done(Journal::kUndoFiles) == nullptr;
    }

    [[nodiscard]] std::vector<Snapshot> with_files(std::vector<Snapshot> undone) const {
        std::erase_if(undone, [&](const Snapshot& snapshot) { return !has_files_to_restore(snapshot); });
        return undone;
    }

    /// The oldest first: from its record on, all of them are being taken back, see to_finish().
    void announce(const std::vector<Snapshot>& undone) {
        const std::map<std::string, int> inside = running_inside(engine_, store_.project());
        // clang 14 cannot compile libstdc++'s reverse_view. NOLINTNEXTLINE(modernize-loop-convert)
        for (auto snapshot = undone.rbegin(); snapshot != undone.rend(); ++snapshot) {
            Guard guard(engine_, snapshot->project, lock_owner(world_));
            lock(guard, *snapshot);
            Journal journal = store_.journal(snapshot->id);
            if (journal.phase() != Journal::Phase::kUndoing) {
                Begun begun{{}, inside, exact_, force_};
                for (const ServiceRecord& service : snapshot->services) {
                    begun.running[service.service] =
                        running_of(containers_of(engine_, snapshot->project, service.service));
                }
                journal.intend(Journal::kUndo, as_detail(begun));
            }
        }
    }

    void lock(Guard& guard, const Snapshot& snapshot) {
        std::vector<std::string> images;
        for (const ServiceRecord& service : snapshot.services) {
            for (const ContainerRecord& container : service.containers) {
                images.push_back(container.image_id);
            }
        }
        guard.lock(images);
    }

    void remember(const std::vector<Snapshot>& undone, ServedBefore& served) {
        std::set<std::string> asked = services_;
        for (const Snapshot& snapshot : undone) {
            for (const ServiceRecord& service : snapshot.services) {
                for (const Reload& user : service.name_users) {
                    asked.insert(user.service);
                }
            }
        }
        served.remember(asked);
    }

    /// Only once all went back: who names two services cannot reach both before.
    void require_served(const ServiceRecord& service, ServedBefore& served, std::set<std::string>& asked,
                        RollbackResult& result) {
        const auto ask = [&](const std::string& name, double start_seconds) {
            if (!asked.insert(name).second) {
                return;
            }
            const Agreement again =
                served.again(name, start_seconds, [this](const std::string& line) { watcher_.step(line); });
            unhealthy_.insert(unhealthy_.end(), again.not_served.begin(), again.not_served.end());
            result.said.insert(result.said.end(), again.noted.begin(), again.noted.end());
        };
        ask(service.service, service.start_seconds);
        for (const Reload& user : service.name_users) {
            ask(user.service, 0);
        }
    }

    /// Each service once, also when several transactions changed it: the oldest of them knows how it was. What others
    /// depend on comes first.
    void recreate_services(RollbackResult& result, ServedBefore& served) {
        const auto oldest = oldest_of(result.undone);
        std::map<std::string, int> running;
        std::map<std::string, int> inside;
        std::vector<std::string> order;
        for (const Snapshot& snapshot : result.undone) {
            for (const ServiceRecord& service : snapshot.services) {
                if (!running.contains(service.service) && services_.contains(service.service)) {
                    order.push_back(service.service);
                }
            }
            const Begun begun = begun_of(store_.journal(snapshot.id));
            for (const ServiceRecord& service : snapshot.services) {
                const auto told = begun.running.find(service.service);
                running[service.service] = std::max(running[service.service],
                                                    told == begun.running.end() ? running_in(service) : told->second);
            }
            for (const auto& [service, number] : begun.inside) {
                inside[service] = std::max(inside[service], number);
            }
        }
        if (order.size() > 1) {
            const Intended intended =
                read_intended(recreation_.compose_of(result.undone.back()), engine_, store_.project());
            if (intended.services.is_object()) {  // else each transaction's own order is all that is known
                order = in_dependency_order(intended.services, {order.begin(), order.end()});
            }
        }
        for (const std::string& name : order) {
            const auto& [snapshot, service] = oldest.at(name);
            if (running[name] == 0) {
                result.said.push_back(without_containers(*snapshot, service));
            } else {
                recreate(*snapshot, service, running[name], result);
            }
        }
        for (std::string& line : recreation_.bring_along(result.undone.front(), inside)) {
            result.said.push_back(std::move(line));
        }
        unhealthy_ = recreation_.unhealthy();
        if (!unhealthy_.empty() || !left_.empty()) {
            return;
        }
        std::set<std::string> asked;
        for (const std::string& name : order) {
            if (running[name] > 0) {
                require_served(oldest.at(name).second, served, asked, result);
            }
        }
    }

    /// It does not run. What a prune took is said: the next start would not find it.
    std::string without_containers(const Snapshot& snapshot, const ServiceRecord& service) {
        const Intended intended = read_intended(recreation_.compose_of(snapshot), engine_, snapshot.project);
        const std::vector<std::string> gone =
            images_gone(engine_, service, intended.services, store_.directory_of(snapshot.id), world_.files);
        return fmt::format("{} does not run: only its files were put back{}{}", service.service,
                           gone.empty() ? "" : "; ", fmt::join(gone, "; "));
    }

    /// What cannot go back is noted with what to do, and the rest goes on.
    void recreate(const Snapshot& snapshot, const ServiceRecord& service, int running, RollbackResult& result) {
        try {
            if (const auto data = data_that_would_go(snapshot, service, running); !data.empty()) {
                throw Error(ExitCode::kNotRestored,
                            fmt::format("{} keeps data in its container's writable layer: {}", service.service,
                                        fmt::join(data, ", ")),
                            how_to_keep(service.service));
            }
            Journal journal = store_.journal(snapshot.id);
            for (std::string& line : recreation_.back(snapshot, service, running, journal)) {
                result.said.push_back(std::move(line));
            }
        } catch (const EngineLost&) {
            throw;
        } catch (const Interrupted&) {
            throw;
        } catch (const Error& error) {
            left_.emplace_back(error.what());
            next_ = error.hint();
            watcher_.step(error.what());
        }
    }

    /// Since a rollback was cut short, a container may have got some.
    std::vector<std::string> data_that_would_go(const Snapshot& snapshot, const ServiceRecord& service, int running) {
        if (looked_) {
            return {};
        }
        const Replacement how =
            replacement_of(engine_, read_intended(recreation_.compose_of(snapshot), engine_, snapshot.project),
                           snapshot.project, service, exact_, running);
        if (how.replaced.empty()) {
            return {};
        }
        auto data = data_before_replacing(world_, engine_, snapshot, {service.service});
        return std::move(data[service.service]);
    }

    World& world_;
    Engine& engine_;
    ApplyStore& store_;
    ApplyWatcher& watcher_;
    bool exact_ = false, force_ = false, looked_ = false;
    Recreation recreation_;
    std::set<std::string> services_;
    std::vector<std::string> unhealthy_, left_;
    std::string next_;
};

}  // namespace

void restoring(const std::function<void()>& work) {
    try {
        work();
    } catch (const Interrupted&) {
        throw Error(ExitCode::kInterrupted, "interrupted: what is taken back is half done, and services may be down",
                    "docker pilotpros rollback, as any other command, goes on with it");
    } catch (const Error& error) {
        if (error.code() != ExitCode::kRefused) {
            throw;
        }
        throw Error(
            ExitCode::kNotRestored, fmt::format("cut short: {}", error.what()),
            (error.hint().empty() ? "" : error.hint() + "; ") + std::string{"docker pilotpros rollback goes on"});
    }
}

void announcing(const std::function<void()>& work, const std::function<bool()>& begun) {
    try {
        work();
    } catch (const Error&) {
        if (!begun()) {
            throw;
        }
        restoring([] { throw; });  // the next command goes on with it, which has to be known
    }
}

RollbackResult take_back(World& world, Engine& engine, ApplyStore& store, ApplyWatcher& watcher, const Begun& begun,
                         bool looked, std::map<std::string, AnnouncedInterruption> announced,
                         const std::vector<std::string>& ids) {
    return Rollback{world, engine, store, watcher, begun, looked, std::move(announced)}.run(ids);
}

}  // namespace pilotpros
