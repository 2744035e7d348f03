#include "core/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/docker/curl_engine.h"
#include "core/docker/throwaway.h"
#include "core/observe/image_answers.h"
#include "core/observe/probe_commands.h"
#if __has_include("core/observe/profile_store.h")
#include "core/observe/profile_store.h"
#define HAVE_STORE
#endif
#include "core/observe/services.h"
#include "core/observe/usage_recorder.h"

namespace pilotpros {

namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

/// The engine, or why there is none. A context that does not exist is not a missing engine but the user's mistake: that throws.
struct Connection {
    std::unique_ptr<Engine> engine;
    std::string why_not;
};

Connection connect(World& world) {
    Endpoint endpoint = resolve_endpoint(world.globals, world.environment, world.files);
    try {
        return {std::make_unique<CurlEngine>(std::move(endpoint), world.docker_command(), world.process, world.cancel), ""};
    } catch (const EngineLost& lost) {
        return {nullptr, lost.what()};
    }
}

apps::Evidence evidence_of(const ServiceObservation& service, const Project& project, const Observation& observation) {
    apps::Evidence evidence;
    if (const auto found = project.services.find(service.service); found != project.services.end()) {
        evidence.service = &found->second;
    }
    const auto running = std::find_if(service.containers.begin(), service.containers.end(), [](const Container& container) { return container.running(); });
    if (running != service.containers.end()) {
        evidence.container = &*running;
    } else if (!service.containers.empty()) {
        evidence.container = &service.containers.front();
    }
    if (const auto image = observation.images.find(service.image_id); image != observation.images.end()) {
        evidence.image = &image->second;
    }
    if (evidence.container != nullptr) {
        if (const auto processes = service.processes.find(evidence.container->id); processes != service.processes.end()) {
            evidence.processes = &processes->second;
        }
    }
    return evidence;
}

void recognise(const Project& project, Observation& observation) {
    for (ServiceObservation& service : observation.services) {
        const apps::Evidence evidence = evidence_of(service, project, observation);
        service.applications = apps::recognise_all(evidence);
        if (evidence.service != nullptr) {
            if (auto complaint = apps::check_correction(*evidence.service)) {
                observation.gaps.push_back(std::move(*complaint));
            }
        }
    }
}

/// One profile being taken on a live engine.
class Session {
  public:
    Session(World& world, const ProfileRequest& request, Engine& engine, Profile& profile, ProfileWatcher& watcher)
        : world_(world), request_(request), engine_(engine), project_(profile.project), observation_(profile.observation), watcher_(watcher) {}

    /// Returns whether the user cut it short.
    bool run() {
        const EngineFacts& facts = *observation_.engine;
        UsageRecorder recorder(engine_, world_.clock, facts.local ? &world_.files : nullptr, project_.name);
        watch_all(recorder);
        bool interrupted = false;
        try {
            sweep_throwaways(engine_, world_.clock.now() - std::chrono::minutes{10});
            recorder.begin_questions();
            ask();
            recorder.end_questions();
            interrupted = !measure(recorder);
        } catch (const Interrupted&) {
            interrupted = true;
            recorder.end_questions();
        }
        if (interrupted) {
            world_.cancel.acknowledge();  // what follows takes milliseconds and keeps what was measured
        }
        recorder.finish();
        take_over(recorder);
        std::vector<Gap> gaps = recorder.gaps();
        observation_.gaps.insert(observation_.gaps.end(), std::make_move_iterator(gaps.begin()), std::make_move_iterator(gaps.end()));
        return interrupted;
    }

  private:
    void watch_all(UsageRecorder& recorder) {
        for (const ServiceObservation& service : observation_.services) {
            for (const Container& container : service.containers) {
                recorder.watch(container);
            }
        }
    }

    void ask() {
        FileImageAnswers answers(world_.files, world_.environment.state_directory() / observation_.engine->id / "images");
        for (ServiceObservation& service : observation_.services) {
            const apps::Evidence evidence = evidence_of(service, project_, observation_);
            apps::Asking asking{engine_, answers, evidence, *observation_.engine};
            std::vector<Gap> gaps = apps::ask_all(asking, service.applications);
            observation_.gaps.insert(observation_.gaps.end(), std::make_move_iterator(gaps.begin()), std::make_move_iterator(gaps.end()));
            find_probes(answers, evidence, service);
        }
    }

    void find_probes(ImageAnswers& answers, const apps::Evidence& evidence, ServiceObservation& service) {
        if (evidence.image == nullptr) {
            return;
        }
        const auto path = evidence.image->environment.find("PATH");
        ProbeCommands found = find_probe_commands(engine_, answers, service.image_id, path == evidence.image->environment.end() ? "" : path->second.reveal(),
                                                  evidence.container == nullptr ? "" : evidence.container->id);
        service.probe_commands_known = found.known;
        service.probe_commands = std::move(found.paths);
        if (!found.known) {
            observation_.gaps.push_back({service.service, "which commands a health check could use", found.why});
        }
    }

    /// Returns whether the whole duration was measured.
    bool measure(UsageRecorder& recorder) {
        const SteadyTime begin = world_.clock.steady();
        const SteadyTime end = begin + request_.duration;
        SteadyTime next_report = begin;
        while (world_.clock.steady() < end) {
            if (world_.cancel.requested()) {
                return false;
            }
            const SteadyTime now = world_.clock.steady();
            if (now >= next_report) {
                take_over(recorder);
                watcher_.progress(observation_, now - begin, request_.duration);
                next_report = now + std::chrono::seconds{1};
            }
            const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::min(end, next_report) - now);
            recorder.step(std::max(wait, std::chrono::milliseconds{1}));
            if (recorder.newcomers() && observe_newcomers(engine_, project_, request_.services, observation_) > 0) {
                watch_all(recorder);
            }
        }
        return true;
    }

    void take_over(const UsageRecorder& recorder) {
        const std::map<std::string, Usage> usage = recorder.usage();
        for (ServiceObservation& service : observation_.services) {
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
    const Project& project_;
    Observation& observation_;
    ProfileWatcher& watcher_;
};

}  // namespace

Profile take_profile(World& world, const ProfileRequest& request, ProfileWatcher& watcher) {
    Profile profile;
    const Connection connection = connect(world);
    profile.project = discover(request.selectors, {world.environment, world.files, world.process, world.cancel, connection.engine.get(),
                                                   world.docker_command(), world.read_standard_input});
    require_services(profile.project, request.services);
    if (!connection.engine) {
        profile.observation = observe_files_only(profile.project, request.services, connection.why_not, world.clock.now());
        recognise(profile.project, profile.observation);
        watcher.first_facts(profile.project, profile.observation);
        return profile;
    }
    Engine& engine = *connection.engine;
    profile.observation = observe_services(engine, profile.project, request.services, world.files, world.clock.now());
    recognise(profile.project, profile.observation);
    watcher.first_facts(profile.project, profile.observation);
#ifdef HAVE_STORE
    ProfileStore store(world.files, world.environment.state_directory());
#endif
    if (!request.kept_only) {
        profile.interrupted = Session(world, request, engine, profile, watcher).run();
#ifdef HAVE_STORE
        keep_usage(store, profile.project, profile.observation);
#endif
    }
#ifdef HAVE_STORE
    read_kept_usage(store, profile.project, profile.observation, world.clock.now());
#endif
    return profile;
}

}  // namespace pilotpros
