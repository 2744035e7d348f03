#include "core/apply/transaction.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/apply/begin_and_close.h"
#include "core/apply/compose_run.h"
#include "core/apply/dependencies.h"
#include "core/apply/gate.h"
#include "core/apply/guard.h"
#include "core/apply/live.h"
#include "core/apply/meanwhile.h"
#include "core/apply/project_files.h"
#include "core/apply/proof.h"
#include "core/apply/recreate.h"
#include "core/apply/reload.h"
#include "core/apply/retention.h"
#include "core/apply/rollback.h"
#include "core/apply/store.h"
#include "core/apply/swap.h"
#include "core/apply/take_snapshot.h"
#include "core/apply/undo.h"
#include "core/compose/followers.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

ComposeRun base_of(World& world, const Project& project) {
    return {world, compose_arguments(project, world), project.working_directory};
}

/// A service whose containers the engine does not show is none that does not run.
void refuse_what_is_not_seen(const ApplyRequest& request) {
    for (const Change& change : request.plan.changes) {
        const ServiceObservation* const service = request.observation.service(change.service);
        if (service != nullptr && service->refused) {
            throw Error(ExitCode::kRefused,
                        fmt::format("the engine does not show the containers of {}", change.service),
                        "docker inspect says why; then try again");
        }
    }
}

/// One transaction being applied; the lock is held.
class Transaction {
  public:
    Transaction(World& world, Engine& engine, const ApplyRequest& request, ApplyPreview preview, ApplyStore& store,
                ApplyWatcher& watcher)
        : world_(world),
          engine_(engine),
          request_(request),
          preview_(std::move(preview)),
          store_(store),
          watcher_(watcher),
          guard_(engine, request.project.name, lock_owner(world)),
          proof_(world, engine, request, watcher) {}

    ApplyResult run() {
        ApplyResult result;
        result.route = preview_.route;
        std::vector<PathRecord> paths = paths_to_write(preview_.files, preview_.route, world_.files);
        for (PathRecord& record : paths_to_patch(preview_.patched, world_.files)) {
            paths.push_back(std::move(record));
        }
        const bool sets_limits = std::any_of(preview_.services.begin(), preview_.services.end(),
                                             [](const ServicePreview& one) { return one.live && one.limits_drifted; });
        if (paths.empty() && !preview_.recreates() && !sets_limits) {
            result.said = {"it is applied already"};
            const std::vector<std::string> drift = drifted(request_, preview_.services);
            result.said.insert(result.said.end(), drift.begin(), drift.end());
            return result;
        }
        result.id = store_.begin();  // before the lock: where something was begun, the next command looks for ours
        begun_or_nothing_left(world_.cancel, guard_, store_, result.id, [&] {
            lock_engine();
            watcher_.step("keeping what is there now");
            snapshot_ = take_snapshot(world_, engine_, request_, preview_, store_, result.id, std::move(paths));
            proof_.remember(snapshot_.services);
            write_snapshot(snapshot_, store_.directory_of(result.id), world_.files);
            refuse_changed_just_now(snapshot_.paths, world_.files);
        });
        Journal journal = store_.journal(result.id);
        try {
            apply(journal);
            result.recreated = recreated_;
            result.said = proof_.said();
            result.said.insert(result.said.end(), said_.begin(), said_.end());
        } catch (const EngineLost& lost) {
            throw EngineLost(lost.what(), kPending);
        } catch (const Error& error) {
            const bool stopped = error.code() == ExitCode::kInterrupted;
            if (stopped) {
                world_.cancel.acknowledge();
            }
            result.said = {stopped ? "interrupted: what was changed is taken back" : error.what()};
            const bool failed = error.code() == ExitCode::kGateFailed;
            if (failed) {
                add_last_words(result.said);
            }
            watcher_.step(fmt::format("taking it back: {}", error.what()));
            take_back(result.id, result.said, !stopped);
            if (!stopped && (failed || interrupted_)) {
                result.said.emplace_back("what was changed is taken back: files and containers are as they were");
            }
            const std::string next =
                stopped ? "run the same command again"
                : failed && error.hint().empty()
                    ? "mend what that says and run the same command again, or leave out what does not hold: "
                      "x-pilotpros: {exclude: ADVISOR} in the service (docs/x-pilotpros.md)"
                    : error.hint();
            if (!next.empty()) {
                result.said.push_back("next: " + next);
            }
            // Refused is what was found out before anything was interrupted.
            result.code = stopped                                               ? ExitCode::kInterrupted
                          : error.code() == ExitCode::kRefused && !interrupted_ ? ExitCode::kRefused
                                                                                : ExitCode::kGateFailed;
            return result;
        } catch (const std::exception& error) {  // our own error is no reason to leave it half done
            watcher_.step("taking it back");
            take_back(result.id, {fmt::format("our own error: {}", error.what())}, true);
            throw;
        }
        std::vector<std::string> away;
        const Closed closed = closed_all_the_same(world_.cancel, [&] {
            guard_.keep(result.id);
            away = proof_.conclude(store_);
        });
        say_how_closed(closed, "all was applied", "docker pilotpros rollback takes it back", result.said);
        result.said.insert(result.said.end(), away.begin(), away.end());
        return result;
    }

  private:
    static constexpr const char* kPending =
        "the journal is pending: any command of docker pilotpros finishes the undo when the engine is back";

    /// Without them it is taken back all the same, also where nobody waits for them any more.
    void add_last_words(std::vector<std::string>& said) {
        try {
            const std::vector<std::string> words = proof_.last_words_of_failed();
            said.insert(said.end(), words.begin(), words.end());
        } catch (const Interrupted&) {
            world_.cancel.acknowledge();
        } catch (const EngineLost&) {  // NOLINT(bugprone-empty-catch): the way back finds out, and says so
        }
    }

    /// `why`: what is said of the reason; where the way back fails, too, it is all that is left of it. `goes_on`: a
    /// first Ctrl-C asks for what is done already.
    void take_back(const std::string& id, const std::vector<std::string>& why, bool goes_on) {
        const auto tell_why = [&] {
            std::for_each(why.begin(), why.end(), [&](const std::string& line) { watcher_.step(line); });
        };
        std::vector<std::string> unhealthy;
        try {
            try {
                unhealthy = undo_exactly(world_, engine_, store_, id, watcher_);
            } catch (const Error& left) {
                if (!goes_on || left.code() != ExitCode::kInterrupted) {
                    throw;
                }
                world_.cancel.acknowledge();
                watcher_.step("interrupted: it is being taken back already, and goes on");
                unhealthy = undo_exactly(world_, engine_, store_, id, watcher_);
            }
        } catch (const EngineLost& lost) {
            tell_why();
            throw EngineLost(lost.what(), kPending);
        } catch (const Error& left) {
            tell_why();
            if (left.code() != ExitCode::kRefused) {
                throw;
            }
            throw Error(ExitCode::kNotRestored, fmt::format("what was changed is not taken back yet: {}", left.what()),
                        left.hint());
        }
        // It is taken back, and no journal is pending: the next command looks for our lock anyway.
        closed_all_the_same(world_.cancel, [&] { guard_.unlock(); });
        if (!unhealthy.empty()) {
            tell_why();
            refuse_unhealthy(unhealthy);
        }
    }

    void lock_engine() {
        std::vector<std::string> images;
        for (const ServicePreview& preview : preview_.services) {
            if (const ServiceObservation* const service = request_.observation.service(preview.service)) {
                for (const Container& container : service->containers) {
                    images.push_back(container.image_id);
                }
                images.push_back(service->image_id);
            }
        }
        std::erase(images, "");
        guard_.lock(images);
    }

    void apply(Journal& journal) {
        std::map<std::string, std::string> contents = contents_by_path(preview_.files, preview_.route);
        for (const PatchedFile& file : preview_.patched) {
            watcher_.step(fmt::format("changing {}", file.path));
            contents[file.path] = file.after;
        }
        if (!request_.in_place) {
            watcher_.step(fmt::format("writing {}", (preview_.route.folder / kOurFolder).string()));
        }
        journal.intend("files");
        refuse_edited_meanwhile(preview_.patched, snapshot_.paths);
        if (!request_.in_place) {
            keep_edited(store_, snapshot_, world_.files, said_);
        }
        write_paths(snapshot_.paths, contents, world_.files);
        journal.done("files");
        prove_the_command();
        for (std::size_t at = 0; at < preview_.services.size(); ++at) {
            world_.cancel.check();
            const ServicePreview& service = preview_.services[at];
            proof_.look_at(service.service);
            if (service.live) {
                set_live(service, journal);
            } else if (service.recreates) {
                recreate(service, journal);
                gate(service, journal);
                if (service.start_first()) {
                    take_over_of(service, snapshot_.services[at], journal);
                } else {
                    have_its_name_looked_up(snapshot_.services[at]);
                }
                proof_.require_name_users(snapshot_.services[at]);
                recreated_.push_back(service.service);
            } else if (service.running == 0) {
                said_.push_back(service.service + " does not run: the change is in force when it is started");
            } else if (mounted_files_change(service.service)) {
                proof_.remember_standing(service);
                take_up(snapshot_.services[at], journal);
                proof_.require_agreement(service);
                proof_.keep_in_sight(service);
                said_.push_back(service.service +
                                " has read its files again, and goes by them; it was not interrupted");
            } else {
                said_.push_back(service.service + " runs with it already");
            }
        }
        proof_.watch();
        world_.cancel.check();  // the last moment at which it can be taken back by asking
        journal.done(Journal::kCommit);
    }

    /// The very command that starts the project from now on has to give the services with the change.
    void prove_the_command() {
        const std::vector<std::string>& command = preview_.route.command;
        const auto skipped = static_cast<std::ptrdiff_t>(world_.docker_command().size());
        const ComposeRun typed{world_, {command.begin() + skipped, command.end()}, preview_.route.folder};
        Finished told = typed.run({typed.question({"config", "--format", "json"})}).front();
        std::map<std::string, std::string> hashes;
        if (told.ok()) {
            Finished how;
            hashes = typed.hashes(told.output, how);
            told = hashes.empty() ? std::move(how) : std::move(told);
        }
        if (!told.ok()) {
            refuse("docker compose could not be asked whether it would keep the change", told);
        }
        for (const ServicePreview& service : preview_.services) {
            const auto hash = hashes.find(service.service);
            if (hash == hashes.end() || hash->second != service.hash) {
                throw Error(ExitCode::kRefused,
                            fmt::format("`{} up -d` would not keep the change of {}", shown(command), service.service),
                            "name the project's files with -f");
            }
        }
    }

    void recreate(const ServicePreview& service, Journal& journal) {
        const std::chrono::seconds time = time_for_compose(Direction::kForward, service.stop_seconds);
        watcher_.step(fmt::format("{} {}: docker compose may take up to {} for it",
                                  service.start_first() ? "starting a second" : "recreating", service.service,
                                  format_duration(time)));
        refuse_to_lose_data(world_, engine_, snapshot_, service.service);
        journal.intend("recreate", service.service);
        interrupted_ = true;
        const ComposeRun base = base_of(world_, request_.project);
        const ComposeRun run = request_.in_place ? base : base.with(preview_.route.layer());
        const auto declared = request_.project.services.find(service.service);
        const int replicas = declared == request_.project.services.end() ? service.running : declared->second.replicas;
        const Standing depends = dependencies_stand(engine_, run, request_.project.name,
                                                    resolved_services(request_.project), service.service);
        if (depends.unanswered && depends.engine_refused) {
            throw Error(ExitCode::kGateFailed, fmt::format("the engine does not say what {} depends on: {}",
                                                           service.service, depends.unanswered->error));
        }
        if (depends.unanswered) {
            refuse(fmt::format("docker compose could not be asked what {} depends on", service.service),
                   *depends.unanswered);
        }
        const bool alone = !depends.stand;
        if (alone) {
            watcher_.step(fmt::format(
                "what {} depends on does not run as its files and images say, or has finished, and is left alone: "
                "the next up may recreate {} once more",
                service.service, service.service));
        }
        const int scale = service.running == replicas ? 0 : service.running;
        const Command up = service.start_first() ? run.up_beside(service.service, alone, 2 * service.running, time)
                                                 : run.up(service.service, alone, scale, time);
        const Finished finished = run.run({up}).front();
        if (!finished.ok()) {
            refuse(fmt::format("docker compose up did not replace {}", service.service), finished);
        }
        journal.done("recreate", service.service);
    }

    /// `what`, with what Compose itself says of it.
    [[noreturn]] void refuse(const std::string& what, const Finished& finished) const {
        const std::string said = finished.timed_out ? "" : proof_.last_line_of(finished.error);
        throw Error(ExitCode::kGateFailed,
                    fmt::format("{} (exit {}{}){}{}", what, finished.exit_code,
                                finished.timed_out ? ", out of time" : "", said.empty() ? "" : ": ", said));
    }

    void set_live(const ServicePreview& service, Journal& journal) {
        watcher_.step(fmt::format("giving {} its limits while it runs", service.service));
        proof_.remember_standing(service);
        journal.intend("live", service.service);
        set_limits(engine_, snapshot_.project, service.service, service.resolved,
                   request_.observation.engine->swap_limit);
        journal.done("live", service.service);
        proof_.keep_in_sight(service);
        said_.push_back(service.service + " has its limits, read back as asked; it was not interrupted");
    }

    void take_over_of(const ServicePreview& service, const ServiceRecord& record, Journal& journal) {
        try {
            said_.push_back(take_over(
                world_, engine_, swap_of(service), journal, watcher_, [&] { proof_.require_name_users(record); },
                [&] { refuse_to_lose_data(world_, engine_, snapshot_, service.service); }));
        } catch (const EngineLost&) {
            throw;
        } catch (const Interrupted&) {
            throw;
        } catch (const Error&) {
            // The engine cannot even name a container that crashes at that moment.
            proof_.look_for_the_reason_in(service, on_their_way_out(service));
            throw;
        }
    }

    [[nodiscard]] Swap swap_of(const ServicePreview& service) const {
        const auto record = std::find_if(snapshot_.services.begin(), snapshot_.services.end(),
                                         [&](const ServiceRecord& one) { return one.service == service.service; });
        return {snapshot_.project,
                service.service,
                record->containers,
                record->name_users,
                names_of(request_.project, service.service),
                Seconds{service.stop_seconds}};
    }

    /// What a gate is not to judge: the containers beside which a second generation was started.
    [[nodiscard]] std::set<std::string> on_their_way_out(const ServicePreview& service) const {
        return service.start_first() ? ids_of(swap_of(service).old) : std::set<std::string>{};
    }

    void gate(const ServicePreview& service, Journal& journal) {
        journal.intend("gate", service.service);
        proof_.pass_gate_of(service, on_their_way_out(service));
        proof_.require_agreement(service, on_their_way_out(service));
        journal.done("gate", service.service);
    }

    /// Whether a file of ours below a folder that is mounted into the service is written: ours/KIND/SERVICE/FILE.
    [[nodiscard]] bool mounted_files_change(const std::string& service) const {
        const Path ours = preview_.route.folder / kOurFolder;
        return std::any_of(snapshot_.paths.begin(), snapshot_.paths.end(), [&](const PathRecord& record) {
            const Path below = Path{record.path}.lexically_relative(ours);
            return record.after.kind == "file" && *below.begin() != ".." && below.parent_path().filename() == service;
        });
    }

    void take_up(const ServiceRecord& service, Journal& journal) {
        watcher_.step(fmt::format("{} reads its files again", service.service));
        journal.intend("reload", service.service);
        const std::vector<std::string> failed = reload(engine_, snapshot_.project, service.reloads);
        if (service.reloads.empty() || !failed.empty()) {
            throw Error(ExitCode::kGateFailed,
                        fmt::format("{} could not be told to read its files again", service.service));
        }
        journal.done("reload", service.service);
    }

    void have_its_name_looked_up(const ServiceRecord& service) {
        for (const Reload& user : service.name_users) {
            watcher_.step(fmt::format("{} looks the name of {} up again", user.service, service.service));
        }
        for (const std::string& line : look_up_again(engine_, snapshot_.project, service.service, service.name_users)) {
            watcher_.step(line);
        }
    }

    World& world_;
    Engine& engine_;
    const ApplyRequest& request_;
    ApplyPreview preview_;
    ApplyStore& store_;
    ApplyWatcher& watcher_;
    Guard guard_;
    Proof proof_;
    Snapshot snapshot_;
    std::vector<std::string> recreated_, said_;
    bool interrupted_ = false;  // whether a service was told to go
};

}  // namespace

ApplyResult apply_plan(World& world, Engine& engine, const ApplyRequest& request, ApplyWatcher& watcher) {
    if (!request.observation.engine) {
        throw Error(ExitCode::kEngineNeeded, "applying needs the engine", "docker version shows whether it answers");
    }
    refuse_what_is_not_seen(request);
    ApplyStore store(world.files, world.environment.state_directory(), request.observation.engine->id,
                     request.project.name);
    const FileLock lock = store.lock();
    if (finish_pending(world, engine, store, watcher) > 0) {
        throw Error(ExitCode::kRefused, "an earlier command was cut short, and has been taken back just now",
                    "run the command again: what it shows has to rest on what is there now");
    }
    ApplyPreview preview = preview_apply(world, request);
    if (!preview.route.kept() && !request.accept_new_command) {
        throw Error(ExitCode::kRefused, preview.notes.back(), "--yes agrees to that");
    }
    refuse_more_interruptions(preview.interrupted(), request.agreed);
    ApplyResult result = Transaction{world, engine, request, std::move(preview), store, watcher}.run();
    Guard guard(engine, store.project(), lock_owner(world));
    prune(guard, store, watcher);
    return result;
}

}  // namespace pilotpros
