#include "core/apply/announce.h"

#include <algorithm>

#include "core/advise/durations.h"
#include "core/apply/gate.h"
#include "core/apply/store.h"
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

std::map<std::string, AnnouncedInterruption> announce_interruptions(World& world, Engine& engine,
                                                                    const ApplyRequest& request,
                                                                    const ApplyPreview& preview) {
    const ApplyStore store(world.files, world.environment.state_directory(), request.observation.engine->id,
                           request.project.name);
    const Interruptions kept = InterruptionStore{world.files, store.directory()}.read();
    const RecentTimes recent = recent_times(engine, request.project.name, world.clock.now());
    std::optional<double> replace = recent.replace;
    for (const auto& [service, measured] : kept) {
        for (const Interruption& one : measured) {
            replace = std::max(replace.value_or(0), one.replace);
        }
    }
    std::map<std::string, AnnouncedInterruption> announced;
    for (const ServicePreview& one : preview.services) {
        const ServiceObservation* const service = request.observation.service(one.service);
        if (!one.interrupted() || service == nullptr) {
            continue;
        }
        InterruptionBounds bounds;
        bounds.grace = one.stop_seconds;
        if (const auto stop = recent.stops.find(one.service); stop != recent.stops.end()) {
            bounds.stop = stop->second;
        }
        bounds.replace = replace;
        bounds.spacing = probe_spacing(one.resolved, service);
        const bool waits = bounds.spacing > 0 || listens(engine, world.files, *service);
        if (one.start_seconds > 0) {
            bounds.start = one.start_seconds;
        } else if (!waits) {
            bounds.start = 0;  // nobody can tell more of it than that it was started
        }
        bounds.give_up = gate_gives_up_after(*service, one.start_seconds, waits).count();
        const auto measured = kept.find(one.service);
        announced.emplace(
            one.service,
            announce_interruption(measured == kept.end() ? std::vector<Interruption>{} : measured->second, bounds));
    }
    return announced;
}

}  // namespace pilotpros
