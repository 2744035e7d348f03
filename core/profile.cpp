#include "core/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/docker/logs.h"
#include "core/docker/throwaway.h"
#include "core/docker/watched_exec.h"
#include "core/observe/containers.h"
#include "core/observe/image_answers.h"
#include "core/observe/probe_commands.h"
#include "core/observe/profile_store.h"
#include "core/observe/services.h"
#include "core/observe/usage_recorder.h"
#include "core/observe/writable_layers.h"

namespace pilotpros {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

void recognise(const Project& project, Observation& observation) {
    for (ServiceObservation& service : observation.services) {
        const apps::Evidence evidence = apps::evidence_of(service, project, observation);
        service.applications = apps::recognise_all(evidence);
        if (evidence.service != nullptr) {
            if (auto complaint = apps::check_correction(*evidence.service)) {
                observation.gaps.push_back(std::move(*complaint));
            }
        }
    }
}

/// `lines` of the time measured; as many as asked for are only the last of it.
LogWritten log_written(const std::vector<LogLine>& lines, int asked, Seconds measured) {
    LogWritten written{measured.count(), 0};
    if (static_cast<int>(lines.size()) >= asked) {
        written.seconds = std::max(Seconds{lines.back().time - lines.front().time}.count(), 0.1);
    }
    for (const LogLine& line : lines) {
        written.bytes += static_cast<Bytes>(line.text.size()) + LogWritten::kJsonLine;
    }
    return written;
}

/// One profile being taken on a live engine.
class Session {
  public:
    Session(World& world, const ProfileRequest& request, Engine& engine, Profile& profile, ProfileWatcher& watcher)
        : world_(world),
          request_(request),
          engine_(engine),
          profile_(profile),
          watcher_(watcher),
          answers_(world.files,
                   image_answers_directory(world.environment.state_directory(), profile.observation.engine->id)) {}

    void only_ask() {
        guard([&] { ask(); });
        tidy_if_interrupted();
    }

    void ask_and_measure() {
        const EngineFacts& facts = *profile_.observation.engine;
        UsageRecorder recorder(engine_, world_.clock, facts.local ? &world_.files : nullptr, profile_.project.name);
        guard([&] { recorder.remember_starts(profile_.project.name); });
        watch_all(recorder);  // which reads the kernel's peaks: before any question
        guard([&] {
            recorder.begin_questions();
            ask();
        });
        recorder.end_questions();
        guard([&] {
            watch_applications();
            measure(recorder);
        });
        tidy_if_interrupted();
        recorder.finish();
        take_over(recorder);
        for (ServiceObservation& service : profile_.observation.services) {
            for (const Container& container : service.containers) {
                note_probes(service, container, {});
            }
        }
        add_gaps(recorder.gaps(profile_.interrupted));
        guard([&] { refresh_containers(); });
        guard([&] { look_at_logs(); });
        conclude_all();
        note_programs_beside();
    }

  private:
    /// A program that is watched while usage is measured.
    struct Watch {
        std::size_t service = 0, application = 0;
        std::unique_ptr<WatchedExec> exec;
        std::string written;
    };

    /// One part of the run. What stops it is noted, not passed on: what was learned until then is kept. Once stopped,
    /// nothing further is begun.
    template <typename Part>
    void guard(Part part) {
        if (profile_.interrupted || !profile_.lost.empty()) {
            return;
        }
        try {
            part();
        } catch (const Interrupted&) {
            profile_.interrupted = true;
        } catch (const EngineLost& lost) {
            profile_.lost = lost.what();
        } catch (const Error& error) {
            add_gaps({{"engine", "what it would have said further", error.what()}});
        }
    }

    void add_gaps(std::vector<Gap> gaps) {
        profile_.observation.gaps.insert(profile_.observation.gaps.end(), std::make_move_iterator(gaps.begin()),
                                         std::make_move_iterator(gaps.end()));
    }

    void watch_all(UsageRecorder& recorder) {
        for (const ServiceObservation& service : profile_.observation.services) {
            for (const Container& container : service.containers) {
                recorder.watch(container);
            }
        }
    }

    void tidy_if_interrupted() {
        if (!profile_.interrupted) {
            return;
        }
        sweep_after_interruption(engine_, world_.cancel);  // what follows keeps what was measured
    }

    void ask() {
        sweep_throwaways(engine_, world_.clock.now() - std::chrono::minutes{10});
        Observation& observation = profile_.observation;
        std::vector<ExecRequest> first;
        for (const ServiceObservation& service : observation.services) {
            const apps::Evidence evidence = apps::evidence_of(service, profile_.project, observation);
            std::vector<ExecRequest> more = apps::first_questions(evidence, service.applications);
            std::move(more.begin(), more.end(), std::back_inserter(first));
        }
        ExecsAhead ahead(engine_);
        ahead.run_ahead(first);
        for (ServiceObservation& service : observation.services) {
            const apps::Evidence evidence = apps::evidence_of(service, profile_.project, observation);
            apps::Asking asking{engine_, answers_, evidence, *observation.engine, &ahead};
            add_gaps(apps::ask_all(asking, service.applications));
            find_probes(evidence, service);
        }
    }

    void watch_applications() {
        for (std::size_t i = 0; i < profile_.observation.services.size(); ++i) {
            for (std::size_t k = 0; k < profile_.observation.services[i].applications.size(); ++k) {
                Watch watch{i, k, nullptr, ""};
                start(watch, request_.duration);
                if (watch.exec) {
                    watches_.push_back(std::move(watch));
                }
            }
        }
    }

    /// In pieces of a minute: what we leave behind in a container when we are killed ends by itself soon.
    void start(Watch& watch, std::chrono::nanoseconds left) {
        constexpr std::chrono::seconds kPiece{60};
        const ServiceObservation& service = profile_.observation.services[watch.service];
        const Application& application = service.applications[watch.application];
        const apps::ApplicationModule* const module = apps::module_of(application.kind);
        const apps::Evidence evidence = apps::evidence_of(service, profile_.project, profile_.observation);
        if (module == nullptr || !module->watch || evidence.container == nullptr || !evidence.container->running()) {
            return;
        }
        const auto seconds = std::min(kPiece, std::chrono::ceil<std::chrono::seconds>(left));
        const std::vector<std::string> argv =
            module->watch(evidence, application.facts, static_cast<int>(seconds.count()));
        if (!argv.empty()) {
            watch.exec.reset();
            watch.exec = std::make_unique<WatchedExec>(engine_, ExecRequest{evidence.container->id, argv, "", {}});
        }
    }

    /// Also after the user cut the run short: what was watched until then counts.
    void conclude_all() {
        if (!profile_.lost.empty()) {
            return;
        }
        try {
            conclude();
        } catch (const Error& error) {
            add_gaps({{"project", "what was watched of its applications", error.what()}});
        }
    }

    /// Probes of its log that began later than `after`, where it was measured.
    static void note_probes(ServiceObservation& service, const Container& container, TimePoint after) {
        const auto usage = service.usage.find(container.id);
        for (const HealthProbe& probe : container.health_log) {
            if (usage != service.usage.end() && probe.exit_code == 0 && probe.start > after) {
                usage->second.probes.add(Seconds{probe.end - probe.start}.count());
            }
        }
    }

    void note_programs_beside() {
        for (ServiceObservation& service : profile_.observation.services) {
            for (const Application& application : service.applications) {
                const apps::ApplicationModule* const module = apps::module_of(application.kind);
                for (const Container& container : service.containers) {
                    const auto usage = service.usage.find(container.id);
                    if (module != nullptr && module->beside && application.facts.is_object() &&
                        usage != service.usage.end()) {
                        usage->second.beside =
                            std::max(usage->second.beside, module->beside(service, container, application.facts));
                    }
                }
            }
        }
    }

    /// How much each wrote while it was measured; of a talkative one the last lines tell.
    void look_at_logs() {
        constexpr int kLines = 1000;
        for (ServiceObservation& service : profile_.observation.services) {
            for (const Container& container : service.containers) {
                const auto usage = service.usage.find(container.id);
                const Seconds measured{world_.clock.steady() - measured_since_};
                if (usage == service.usage.end() || !container.running() || container.log_driver != "json-file" ||
                    measured < Seconds{1}) {
                    continue;
                }
                const auto lines = read_logs(engine_, {container.id, container.tty, kLines, measured_from_, {}});
                if (lines) {
                    usage->second.log = log_written(*lines, kLines, measured);
                }
            }
        }
    }

    /// A container that died or restarted meanwhile is not shown as it was at the beginning.
    void refresh_containers() {
        std::vector<std::string> ids;
        for (const ServiceObservation& service : profile_.observation.services) {
            for (const Container& container : service.containers) {
                ids.push_back(container.id);
            }
        }
        std::map<std::string, std::string> refused;
        std::vector<Container> found = inspect_containers(engine_, ids, &refused);
        for (ServiceObservation& service : profile_.observation.services) {
            const auto is_there = [&](const Container& container) {
                return refused.contains(container.id) ||
                       std::any_of(found.begin(), found.end(),
                                   [&](const Container& now) { return now.id == container.id; });
            };
            const auto gone = std::stable_partition(service.containers.begin(), service.containers.end(), is_there);
            std::for_each(gone, service.containers.end(), [&](Container& container) {
                container.status = kGone;
                container.health.clear();
                container.pid = 0;
                service.gone.push_back(std::move(container));
            });
            service.containers.erase(gone, service.containers.end());
        }
        for (Container& now : found) {
            for (ServiceObservation& service : profile_.observation.services) {
                const auto then = std::find_if(service.containers.begin(), service.containers.end(),
                                               [&](const Container& container) { return container.id == now.id; });
                if (then != service.containers.end()) {
                    note_probes(service, now, then->health_log.empty() ? TimePoint{} : then->health_log.back().start);
                    const auto usage = service.usage.find(now.id);
                    const auto seen = usage == service.usage.end() ? 0 : static_cast<int>(usage->second.restarts);
                    // Those of the time since are counted by their events, as far as these came.
                    now.restart_count = std::max(then->restart_count, now.restart_count - seen);
                    *then = std::move(now);
                    break;
                }
            }
        }
        forget_standstill(profile_.observation);
    }

    /// The second look, where a first one was had; what the watched programs wrote is handed over.
    void conclude() {
        Observation& observation = profile_.observation;
        for (Watch& watch : watches_) {
            watch.written += watch.exec->take_output();
            watch.exec.reset();
            ServiceObservation& service = observation.services[watch.service];
            Application& application = service.applications[watch.application];
            const apps::Evidence evidence = apps::evidence_of(service, profile_.project, observation);
            apps::Asking asking{engine_, answers_, evidence, *observation.engine};
            apps::module_of(application.kind)->conclude(asking, watch.written, application.facts);
        }
    }

    void find_probes(const apps::Evidence& evidence, ServiceObservation& service) {
        if (evidence.image == nullptr) {
            return;
        }
        const auto path = evidence.image->environment.find("PATH");
        ProbeCommands found = find_probe_commands(
            engine_, answers_, service.image_id, path == evidence.image->environment.end() ? "" : path->second.reveal(),
            evidence.container == nullptr ? "" : evidence.container->id);
        service.probe_commands_known = found.known;
        service.probe_commands = std::move(found.paths);
        if (!found.known) {
            profile_.observation.gaps.push_back(
                {service.service, "which commands a health check could use", found.why});
        }
    }

    void measure(UsageRecorder& recorder) {
        measured_from_ = world_.clock.now();
        const SteadyTime begin = world_.clock.steady();
        measured_since_ = begin;
        const SteadyTime end = begin + request_.duration;
        SteadyTime next_report = begin;
        while (world_.clock.steady() < end) {
            world_.cancel.check();
            const SteadyTime now = world_.clock.steady();
            if (now >= next_report) {
                if (watcher_.wants_progress(now - begin)) {
                    take_over(recorder);
                    watcher_.progress(profile_.observation, now - begin, request_.duration);
                }
                for (Watch& watch : watches_) {
                    watch.written += watch.exec->take_output();
                    if (watch.exec->ended() && end - now > std::chrono::seconds{2}) {
                        start(watch, end - now);
                    }
                }
                next_report = now + std::chrono::seconds{1};
            }
            const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(end, next_report) - now);
            recorder.step(std::max(wait, std::chrono::milliseconds{1}));
            if (recorder.lost()) {
                throw EngineLost("the engine went away while its containers were measured");
            }
            if (recorder.newcomers() &&
                observe_newcomers(engine_, profile_.project, request_.services, profile_.observation) > 0) {
                watch_all(recorder);
            }
        }
    }

    void take_over(const UsageRecorder& recorder) {
        const std::map<std::string, Usage> usage = recorder.usage();
        for (ServiceObservation& service : profile_.observation.services) {
            for (const Container& container : service.containers) {
                if (const auto found = usage.find(container.id); found != usage.end()) {
                    service.usage[container.id] = found->second;
                }
            }
        }
    }

    World& world_;
    const ProfileRequest& request_;
    Engine& engine_;
    Profile& profile_;
    ProfileWatcher& watcher_;
    FileImageAnswers answers_;
    std::vector<Watch> watches_;
    TimePoint measured_from_;
    SteadyTime measured_since_;
};

/// Where the files do not tell the project, the missing engine is the reason: its own words help, others would hide
/// them.
Project discover_project(World& world, const ProfileRequest& request, const Connection& connection) {
    if (request.discovered) {
        return *request.discovered;
    }
    try {
        return discover(request.selectors,
                        {world.environment, world.files, world.process, world.cancel, connection.engine.get(),
                         world.docker_command(), world.read_standard_input});
    } catch (const Error& error) {
        if (connection.why_not && error.code() == ExitCode::kEngineNeeded) {
            throw EngineLost(*connection.why_not);
        }
        throw;
    }
}

/// Whether every service that runs has a profile of its present image and configuration that is not too old.
bool is_kept(ProfileStore& store, const Profile& profile, TimePoint now) {
    constexpr std::chrono::hours kOld{7 * 24};
    Observation copy;
    copy.engine = profile.observation.engine;
    copy.services = profile.observation.services;
    read_kept_usage(store, profile.project, copy, now);
    return copy.gaps.empty() &&
           std::all_of(copy.services.begin(), copy.services.end(), [&](const ServiceObservation& service) {
               const bool runs = std::any_of(service.containers.begin(), service.containers.end(),
                                             [](const Container& container) { return container.running(); });
               return !runs || (!service.kept.empty() && now - service.kept.to < kOld);
           });
}

}  // namespace

Profile take_profile(World& world, const ProfileRequest& request, ProfileWatcher& watcher) {
    return take_profile(world, connect(world), request, watcher);
}

Profile take_profile(World& world, const Connection& connection, const ProfileRequest& request,
                     ProfileWatcher& watcher) {
    Profile profile;
    profile.project = discover_project(world, request, connection);
    require_services(profile.project, request.services);
    require_services(profile.project, request.named);
    if (!connection.engine) {
        profile.observation =
            observe_files_only(profile.project, request.services, connection.why_not->what(), world.clock.now());
        if (request.measure == Measure::kNever) {
            profile.observation.gaps.push_back({"engine", "what is kept of earlier profiles",
                                                "it is kept by the engine's ID, which only the engine tells"});
        }
        recognise(profile.project, profile.observation);
        watcher.first_facts(profile.project, profile.observation);
        return profile;
    }
    Engine& engine = *connection.engine;
    profile.observation = observe_services(engine, profile.project, request.services, world.files, world.clock.now());
    const Path state = world.environment.state_directory() / safe_file_name(profile.observation.engine->id);
    recognise(profile.project, profile.observation);
    watcher.first_facts(profile.project, profile.observation);
    WritableLayers layers(engine, world.files, state / safe_file_name(profile.project.name) / "layers.json",
                          request.layers_anew, profile.observation);
    ProfileStore store(world.files, world.environment.state_directory());
    const bool ask_only = request.measure == Measure::kWhenNeeded && is_kept(store, profile, world.clock.now());
    if (request.measure != Measure::kNever && !profile.observation.services.empty()) {
        Session session(world, request, engine, profile, watcher);
        if (ask_only) {
            session.only_ask();
        } else {
            session.ask_and_measure();
            keep_usage(store, profile.project, profile.observation);
        }
    }
    if (!profile.interrupted && profile.lost.empty()) {
        const std::chrono::seconds longest{request.measure == Measure::kNever ? 1 : 30};
        layers.finish(world.clock, world.cancel, longest, profile.observation);
    }
    read_kept_usage(store, profile.project, profile.observation, world.clock.now());
    const auto& services = profile.observation.services;
    if (request.measure == Measure::kNever &&
        std::all_of(services.begin(), services.end(), [](const auto& service) { return service.kept.empty(); })) {
        profile.observation.gaps.push_back(
            {"project", "use", "nothing is kept of it: docker pilotpros profile measures it, and keeps that"});
    }
    return profile;
}

}  // namespace pilotpros
