#include "core/apply/announce.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "core/apply/gate.h"
#include "core/apply/store.h"
#include "core/model/durations.h"
#include "core/model/json.h"
#include "core/observe/listening.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr double kEngineInterval = 30;  // moby, daemon/health.go, defaultProbeInterval

bool has_check(const ServiceObservation& service) {
    return std::any_of(service.containers.begin(), service.containers.end(), [](const Container& container) {
        return container.healthcheck && !container.healthcheck->disabled();
    });
}

bool listens(Engine& engine, const Files& files, const ServiceObservation& service) {
    return std::any_of(service.containers.begin(), service.containers.end(), [&](const Container& container) {
        return !ports_listened_on(engine, files, container).value_or(std::set<int>{}).empty();
    });
}

double spacing(Seconds interval, Seconds start_period, Seconds start_interval) {
    const double every = interval.count() > 0 ? interval.count() : kEngineInterval;
    return start_period.count() > 0 && start_interval.count() > 0 ? std::min(every, start_interval.count()) : every;
}

}  // namespace

double probe_spacing(const Json& resolved, const ServiceObservation* service) {
    const Json& check = member(resolved, "healthcheck");
    if (check.is_object()) {
        const std::vector<std::string> test = texts(check, "test");
        if (flag(check, "disable") || (!test.empty() && test.front() == "NONE")) {
            return 0;
        }
        const auto duration = [&](const char* name) { return parse_duration(text(check, name)).value_or(Seconds{0}); };
        return spacing(duration("interval"), duration("start_period"), duration("start_interval"));
    }
    if (service == nullptr || !has_check(*service)) {
        return 0;
    }
    const Healthcheck own = service->containers.front().healthcheck.value_or(Healthcheck{});
    return spacing(own.interval, own.start_period, own.start_interval);
}

Seconds gate_gives_up_after(const ServiceObservation& service, double start_seconds, bool listens) {
    Seconds longest = time_to_be_stable(start_seconds) + Seconds{10};
    if (listens) {
        longest = std::max(longest, time_to_listen(start_seconds));
    }
    for (const Container& container : service.containers) {
        if (container.healthcheck && !container.healthcheck->disabled()) {
            longest = std::max(longest, time_to_be_healthy(container, start_seconds));
        }
    }
    return longest;
}

std::string waits_for_gate(const ServiceObservation& service, double start_seconds, const std::set<int>& ports) {
    return fmt::format("waiting until {} is healthy{}, at most {} (its slowest start seen: {})", service.service,
                       ports.empty() ? "" : fmt::format(" and listens on {}", fmt::join(ports, ", ")),
                       format_duration(gate_gives_up_after(service, start_seconds, !ports.empty())),
                       start_seconds > 0 ? format_duration(Seconds{start_seconds}) : "none");
}

int longest_stop_grace(const std::vector<Container>& containers) {
    constexpr int kDefault = 10;  // docs.docker.com/reference/cli/docker/container/stop
    int longest = 0;
    for (const Container& container : containers) {
        longest = std::max(longest, container.stop_timeout > 0 ? container.stop_timeout : kDefault);
    }
    return longest;
}

Announcer::Announcer(World& world, Engine& engine, const std::string& project, const Path& project_directory)
    : world_(world),
      engine_(engine),
      kept_(InterruptionStore{world.files, project_directory}.read()),
      recent_(recent_times(engine, project, world.clock.now())) {
    for (const auto& [service, measured] : kept_) {
        for (const Interruption& one : measured) {
            if (one.away() > 0) {  // one that was swapped was not replaced
                replaced_by_us_ = false;
                recent_.replace = std::max(recent_.replace.value_or(0), one.replace);
            }
        }
    }
}

AnnouncedInterruption Announcer::of(const ServiceObservation& service, double spacing, double start_seconds,
                                    Direction direction, int grace) const {
    InterruptionBounds bounds;
    bounds.grace = grace;
    bounds.compose = Seconds{time_for_compose(direction, grace)}.count();
    if (const auto stop = recent_.stops.find(service.service); stop != recent_.stops.end()) {
        bounds.stop = stop->second;
    }
    bounds.replace = recent_.replace;
    bounds.replaced_by_us = replaced_by_us_;
    bounds.spacing = spacing;
    const bool waits = spacing > 0 || listens(engine_, world_.files, service);
    if (start_seconds > 0) {
        bounds.start = start_seconds;
    } else if (!waits) {
        bounds.start = 0;  // nobody can tell more of it than that it was started
    }
    bounds.give_up = gate_gives_up_after(service, start_seconds, waits).count();
    std::vector<Interruption> measured;
    if (const auto kept = kept_.find(service.service); kept != kept_.end()) {
        // One that was swapped without being away tells nothing of a stop before a start.
        std::copy_if(kept->second.begin(), kept->second.end(), std::back_inserter(measured),
                     [](const Interruption& one) { return one.away() > 0; });
    }
    return announce_interruption(measured, bounds);
}

std::map<std::string, AnnouncedInterruption> announce_interruptions(World& world, Engine& engine,
                                                                    const ApplyRequest& request,
                                                                    const ApplyPreview& preview) {
    const ApplyStore store(world.files, world.environment.state_directory(), request.observation.engine->id,
                           request.project.name);
    const Announcer announcer(world, engine, request.project.name, store.directory());
    std::map<std::string, AnnouncedInterruption> announced;
    for (const ServicePreview& one : preview.services) {
        const ServiceObservation* const service = request.observation.service(one.service);
        if (one.interrupted() && service != nullptr) {
            announced.emplace(one.service, announcer.of(*service, probe_spacing(one.resolved, service),
                                                        one.start_seconds, Direction::kForward, one.stop_seconds));
        }
    }
    return announced;
}

}  // namespace pilotpros
