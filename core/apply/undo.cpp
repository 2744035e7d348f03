#include "core/apply/undo.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "core/apply/announce.h"
#include "core/apply/begun.h"
#include "core/apply/conflict.h"
#include "core/apply/followers.h"
#include "core/apply/gate.h"
#include "core/apply/live.h"
#include "core/apply/live_containers.h"
#include "core/apply/project_files.h"
#include "core/apply/recreate.h"
#include "core/apply/recreation.h"
#include "core/apply/reload.h"
#include "core/apply/swap.h"
#include "core/apply/take_back.h"

namespace pilotpros {

namespace {

class Undo {
  public:
    Undo(World& world, Engine& engine, ApplyStore& store, const Snapshot& snapshot, Journal& journal,
         ApplyWatcher& watcher)
        : world_(world),
          engine_(engine),
          store_(store),
          snapshot_(snapshot),
          journal_(journal),
          watcher_(watcher),
          by_files_(world, engine, store, watcher, false, {}) {}

    void containers(const std::map<std::string, int>& inside) {
        const bool look_again = take_pins_back(engine_, journal_);
        for (const ServiceRecord& service : snapshot_.services) {
            if (look_again) {
                reload(engine_, snapshot_.project, service.name_users);
            }
            try {
                pasts_[service.service] = pasts_of(engine_, snapshot_.project, service.service);
                put_back(service);
            } catch (const EngineLost&) {
                throw;
            } catch (const Interrupted&) {
                throw;
            } catch (const Error& error) {
                if (snapshot_.services.size() == 1) {
                    throw;
                }
                left_.emplace_back(error.what());
                next_ = error.hint();
                watcher_.step(error.what());
            }
        }
        by_files_.bring_along(snapshot_, inside);
        if (!left_.empty()) {
            throw Error(ExitCode::kNotRestored, fmt::format("all the rest went back, but {}", fmt::join(left_, "; ")),
                        next_);
        }
    }

    /// Those that were started again have to come up as any other does.
    std::vector<std::string> unhealthy() {
        std::vector<std::string> lines = by_files_.unhealthy();
        try {
            for (const ServiceRecord& service : snapshot_.services) {
                if (!started_.contains(service.service)) {
                    continue;
                }
                watcher_.step(waits_for_gate(observed_now(engine_, snapshot_.project, service.service),
                                             service.start_seconds, {}));
                GateRequest request{snapshot_.project, service.service, running_in(service),
                                    nullptr,           false,           service.start_seconds};
                request.pasts = pasts_[service.service];
                const GateResult gate = pass_gate(engine_, world_.clock, request);
                if (!gate.passed) {
                    lines.push_back(gate.said);
                }
            }
        } catch (const Interrupted&) {
            world_.cancel.acknowledge();  // all went back: it is only not waited for any longer
        } catch (const EngineLost& lost) {
            watcher_.step(
                fmt::format("all of it went back; whether it comes up healthy cannot be seen: {}", lost.what()));
        }
        return lines;
    }

    /// As a rollback to the same would have begun.
    [[nodiscard]] Begun as_rollback(const std::map<std::string, int>& inside, bool force) const {
        Begun begun{{}, inside, true, force};
        for (const ServiceRecord& service : snapshot_.services) {
            begun.running[service.service] = running_in(service);
        }
        return begun;
    }

  private:
    void put_back(const ServiceRecord& service) {
        const Path directory = store_.directory_of(snapshot_.id);
        std::set<std::string> stood;
        try {
            stood =
                restore_containers(engine_, snapshot_.project, service, directory, world_.files, journal_,
                                   successor_in(engine_, store_, service.service, [&] { return intended().services; }));
        } catch (const EngineLost&) {
            throw;
        } catch (const Interrupted&) {
            throw;
        } catch (const Error&) {
            if (running_in(service) == 0 ||
                images_gone(engine_, service, intended().services, directory, world_.files).empty()) {
                throw;
            }
            watcher_.step(fmt::format("the image that {} had is gone: it goes back by its files", service.service));
            by_files_.back(snapshot_, service, running_in(service), journal_);
            return;
        }
        keep_standing(pasts_[service.service], stood);
        if (static_cast<int>(stood.size()) < running_in(service)) {
            started_.insert(service.service);
        }
        if (service.live) {
            for (const std::string& line : restore_limits(engine_, service, directory, world_.files)) {
                watcher_.step(line);
            }
        }
        reload(engine_, snapshot_.project, service.name_users);
        require_reload(engine_, snapshot_.project, service.service, service.reloads, stood);
    }

    Intended intended() { return read_intended(by_files_.compose_of(snapshot_), engine_, snapshot_.project); }

    World& world_;
    Engine& engine_;
    ApplyStore& store_;
    const Snapshot& snapshot_;
    Journal& journal_;
    ApplyWatcher& watcher_;
    Recreation by_files_;
    std::set<std::string> started_;
    std::map<std::string, Pasts> pasts_;  // by service
    std::vector<std::string> left_;
    std::string next_;
};

}  // namespace

void refuse_unhealthy(const std::vector<std::string>& lines) {
    if (!lines.empty()) {
        throw Error(ExitCode::kNotRestored,
                    fmt::format("files and containers are as they were, but {}", fmt::join(lines, "; ")),
                    "docker compose logs SERVICE says why; nothing is left for docker pilotpros to undo");
    }
}

std::vector<std::string> undo_exactly(World& world, Engine& engine, ApplyStore& store, const std::string& id,
                                      ApplyWatcher& watcher, bool force) {
    const Snapshot snapshot = store.snapshot(id);
    Journal journal = store.journal(id);
    const std::vector<std::string> changed = changed_since(snapshot.paths, world.files);
    if (!force) {
        refuse_changed(changed);
    }
    const std::map<std::string, int> inside = inside_before(engine, snapshot.project, journal);
    Undo undo{world, engine, store, snapshot, journal, watcher};
    restoring([&] {
        // The commit may stand in the journal all the same, where the disk failed only after it: then whoever finishes
        // this takes it for a rollback.
        journal.intend(Journal::kUndo, as_detail(undo.as_rollback(inside, force)));
        std::vector<std::string> kept;
        keep_changed(changed, world.files, kept);
        std::for_each(kept.begin(), kept.end(), [&](const std::string& line) { watcher.step(line); });
        restore_paths(snapshot.paths, store.directory_of(id), world.files);
        undo.containers(inside);
        journal.done(Journal::kUndo);
    });
    return undo.unhealthy();
}

}  // namespace pilotpros
