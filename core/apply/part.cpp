#include "core/apply/part.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/apply/agree.h"
#include "core/apply/begin_and_close.h"
#include "core/apply/followers.h"
#include "core/apply/guard.h"
#include "core/apply/masks.h"
#include "core/apply/project_files.h"
#include "core/apply/recreate.h"
#include "core/apply/recreation.h"
#include "core/apply/route.h"
#include "core/apply/undo.h"
#include "core/bundle/merge_override.h"
#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// The path below `.pilotpros`; empty for one that is not there.
Path below_ours(const Path& path) {
    Path below;
    bool inside = false;
    for (const Path& step : path) {
        inside = inside || step == kOurFolder;
        below = step == kOurFolder ? Path{} : inside ? below / step : Path{};
    }
    return below;
}

/// Whose file it is: of `.pilotpros/KIND/SERVICE/FILE` the service; empty for what all share.
std::string owner_of(const Path& path) {
    const Path below = below_ours(path);
    return std::distance(below.begin(), below.end()) > 2 ? std::next(below.begin())->string() : std::string{};
}

bool is_override(const Path& path) { return below_ours(path) == kOurFile; }

/// A path over several transactions, newest first.
struct Span {
    const PathRecord *newest = nullptr, *oldest = nullptr;
    std::string newest_id, oldest_id;
};

std::map<std::string, Span> spans_of(const std::vector<Snapshot>& undone) {
    std::map<std::string, Span> spans;
    for (const Snapshot& snapshot : undone) {
        for (const PathRecord& record : snapshot.paths) {
            Span& span = spans[record.path];
            if (span.newest == nullptr) {
                span.newest = &record;
                span.newest_id = snapshot.id;
            }
            span.oldest = &record;
            span.oldest_id = snapshot.id;
        }
    }
    return spans;
}

std::string bytes_before(const Span& span, const ApplyStore& store, const Files& disk) {
    return span.oldest->kept.empty() ? ""
                                     : disk.read(store.directory_of(span.oldest_id) / span.oldest->kept).value_or("");
}

/// What we wrote there last; the present text where that was not kept.
std::string bytes_of_ours(const Span& span, const ApplyStore& store, const Files& disk) {
    const auto written = span.newest->written.empty()
                             ? std::nullopt
                             : disk.read(store.directory_of(span.newest_id) / span.newest->written);
    return written ? *written : disk.read(span.newest->path).value_or("");
}

/// What they hid before the oldest of these transactions.
std::vector<Mask> masks_before(const ApplyStore& store, const std::set<std::string>& services,
                               const std::string& oldest) {
    std::map<std::string, std::vector<Mask>> by_service;
    for (const std::string& id : store.in_phase(Journal::Phase::kApplied)) {
        const Snapshot snapshot = id < oldest ? store.snapshot(id) : Snapshot{};
        for (const ServiceRecord& record : snapshot.services) {
            by_service[record.service].clear();
        }
        for (const Mask& mask : snapshot.masks) {
            by_service[mask.service].push_back(mask);
        }
    }
    std::vector<Mask> masks;
    for (const std::string& service : services) {
        masks.insert(masks.end(), by_service[service].begin(), by_service[service].end());
    }
    return masks;
}

/// Some services of committed transactions going back; the lock is held.
class Part {
  public:
    Part(World& world, Engine& engine, ApplyStore& store, const RollbackRequest& request,
         const RollbackPreview& preview, ApplyWatcher& watcher)
        : world_(world),
          engine_(engine),
          store_(store),
          request_(request),
          preview_(preview),
          watcher_(watcher),
          guard_(engine, store.project(), lock_owner(world)) {}

    RollbackResult run() {
        RollbackResult result;
        FilesOfPart files = files_of_part(preview_.undone, preview_.scope.services, store_, world_.files);
        const std::string id = store_.begin();
        FileImageAnswers answers(world_.files, image_answers_directory(world_.environment.state_directory(),
                                                                       preview_.undone.front().engine));
        ServedBefore served(engine_, answers, world_.files, world_.clock, store_.project());
        begun_or_nothing_left(world_.cancel, guard_, store_, id, [&] {
            take_snapshot(id, files);
            remember(served);
        });
        Journal journal = store_.journal(id);
        try {
            journal.intend("files");
            write_paths(snapshot_.paths, files.contents, world_.files);
            journal.done("files");
            result.said = recreate(journal);
            require_served(served, result.said);
            journal.done(Journal::kCommit);
        } catch (const EngineLost&) {
            throw;
        } catch (const Error& error) {
            if (error.code() == ExitCode::kInterrupted) {
                world_.cancel.acknowledge();
            }
            watcher_.step(fmt::format("leaving all as it was: {}", error.what()));
            const std::vector<std::string> unhealthy = undo_exactly(world_, engine_, store_, id, watcher_);
            // All is as it was, and no journal is pending: the next command looks for our lock anyway.
            closed_all_the_same(world_.cancel, [&] { guard_.unlock(); });
            refuse_unhealthy(unhealthy);
            if (error.code() == ExitCode::kNotRestored) {
                throw Error(ExitCode::kGateFailed, error.what(), error.hint());
            }
            throw;
        }
        say_how_closed(closed_all_the_same(world_.cancel, [&] { guard_.keep(id); }), "all of it was back", "",
                       result.said);
        result.undone = preview_.undone;
        return result;
    }

  private:
    void take_snapshot(const std::string& id, FilesOfPart& files) {
        const Path directory = store_.directory_of(id);
        const Snapshot& newest = preview_.undone.front();
        snapshot_ = newest;
        snapshot_.id = id;
        snapshot_.taken = format_time(world_.clock.now());
        snapshot_.takes_back = preview_.scope.ids.back();
        snapshot_.plan.clear();
        snapshot_.services.clear();
        snapshot_.masks = masks_before(store_, preview_.scope.services, snapshot_.takes_back);
        snapshot_.changes = changes();
        keep_bytes(files.paths, directory, world_.files);
        keep_written(files.paths, files.contents, directory, world_.files);
        snapshot_.paths = files.paths;
        int number = 0;
        std::vector<std::string> images;
        // In the order of the transactions: what others depend on first.
        for (const Snapshot& one : preview_.undone) {
            for (const ServiceRecord& service : one.services) {
                const bool known = std::any_of(snapshot_.services.begin(), snapshot_.services.end(),
                                               [&](const auto& other) { return other.service == service.service; });
                if (known || !preview_.scope.services.contains(service.service)) {
                    continue;
                }
                ServiceRecord record = service;
                record.containers = keep_containers(engine_, newest.project, service.service, service.given_files,
                                                    directory, number, world_.files);
                for (const ContainerRecord& container : record.containers) {
                    images.push_back(container.image_id);
                }
                snapshot_.services.push_back(std::move(record));
            }
        }
        guard_.lock(images);
        write_snapshot(snapshot_, directory, world_.files);
    }

    /// The values of these services, turned round.
    [[nodiscard]] Json changes() const {
        Json changes = Json::array();
        for (const Snapshot& one : preview_.undone) {
            for (Json change : one.changes) {
                if (preview_.scope.services.contains(text(change, "service"))) {
                    std::swap(change["before"], change["after"]);
                    changes.push_back(std::move(change));
                }
            }
        }
        return changes;
    }

    std::vector<std::string> recreate(Journal& journal) {
        std::vector<std::string> said;
        const std::map<std::string, int> inside = running_inside(engine_, snapshot_.project);
        note_inside(journal, inside);
        const auto oldest = oldest_of(preview_.undone);
        Recreation recreation(world_, engine_, store_, watcher_, request_.exact, request_.announced);
        for (const ServiceRecord& present : snapshot_.services) {
            world_.cancel.check();
            const auto& [snapshot, service] = oldest.at(present.service);
            const int running = running_in(present);
            if (running == 0) {
                said.push_back(fmt::format("{} does not run: only its files were put back", present.service));
                continue;
            }
            for (std::string& line : recreation.back(*snapshot, service, running, journal)) {
                said.push_back(std::move(line));
            }
        }
        for (std::string& line : recreation.bring_along(snapshot_, inside)) {
            said.push_back(std::move(line));
        }
        if (!recreation.unhealthy().empty()) {
            throw Error(ExitCode::kGateFailed, fmt::format("{}", fmt::join(recreation.unhealthy(), "; ")),
                        "docker compose logs SERVICE says why");
        }
        return said;
    }

    /// The services that go back and those who use their names, with the slowest start seen; 0: nobody says.
    [[nodiscard]] std::map<std::string, double> who_serves() const {
        std::map<std::string, double> services;
        for (const ServiceRecord& service : snapshot_.services) {
            services[service.service] = service.start_seconds;
            for (const Reload& user : service.name_users) {
                services.emplace(user.service, 0);
            }
        }
        return services;
    }

    void remember(ServedBefore& served) const {
        std::set<std::string> asked;
        for (const auto& [service, start_seconds] : who_serves()) {
            asked.insert(service);
        }
        served.remember(asked);
    }

    /// Only once all went back: who names two services cannot reach both before.
    void require_served(ServedBefore& served, std::vector<std::string>& said) {
        std::vector<std::string> missing;
        for (const auto& [service, start_seconds] : who_serves()) {
            const Agreement again =
                served.again(service, start_seconds, [this](const std::string& line) { watcher_.step(line); });
            missing.insert(missing.end(), again.not_served.begin(), again.not_served.end());
            said.insert(said.end(), again.noted.begin(), again.noted.end());
        }
        if (!missing.empty()) {
            throw Error(ExitCode::kGateFailed, fmt::format("gate \"serves as before\": {}", fmt::join(missing, "; ")),
                        "docker compose logs SERVICE says why");
        }
    }

    World& world_;
    Engine& engine_;
    ApplyStore& store_;
    const RollbackRequest& request_;
    const RollbackPreview& preview_;
    ApplyWatcher& watcher_;
    Guard guard_;
    Snapshot snapshot_;
};

}  // namespace

FilesOfPart files_of_part(const std::vector<Snapshot>& undone, const std::set<std::string>& services,
                          const ApplyStore& store, const Files& disk) {
    FilesOfPart part;
    for (const auto& [path, span] : spans_of(undone)) {
        PathRecord record{path, image_of(path, disk), span.oldest->before, "", ""};
        std::string content = bytes_before(span, store, disk);
        if (is_override(path)) {
            content = take_back_services(bytes_of_ours(span, store, disk), content, services);
            content = content.empty() ? "services: {}\n" : content;
            record.after = span.newest->after;
        } else if (!services.contains(owner_of(path)) || span.newest->after.kind == "directory") {
            continue;
        }
        if (record.after.kind == "file") {
            record.after.content = sha256_hex(content);
            part.contents[path] = std::move(content);
        }
        if (record.before != record.after) {
            part.paths.push_back(std::move(record));
        }
    }
    return part;
}

std::optional<std::string> override_before(const std::vector<Snapshot>& undone, const Path& layer,
                                           const ApplyStore& store, const Files& disk) {
    for (const auto& [path, span] : spans_of(undone)) {
        if (is_override(path)) {
            return span.oldest->before.kind == "file" ? std::optional{bytes_before(span, store, disk)} : std::nullopt;
        }
    }
    return disk.read(layer);
}

RollbackResult take_back_part(World& world, Engine& engine, ApplyStore& store, const RollbackRequest& request,
                              const RollbackPreview& preview, ApplyWatcher& watcher) {
    refuse_what_is_in_the_way(preview, request);
    return Part{world, engine, store, request, preview, watcher}.run();
}

}  // namespace pilotpros
