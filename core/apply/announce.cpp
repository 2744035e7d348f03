#include "core/apply/announce.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/apply/gate.h"
#include "core/apply/store.h"
#include "core/model/durations.h"
#include "core/model/json.h"
#include "core/observe/listening.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr std::int64_t kMostRetries = 10000;  // with the shortest interval, 1 ms, longer than any gate waits
constexpr double kEngineInterval = 30;        // moby, daemon/health.go, defaultProbeInterval

bool listens(Engine& engine, const Files& files, const ServiceObservation& service) {
    return std::any_of(service.containers.begin(), service.containers.end(), [&](const Container& container) {
        return !ports_listened_on(engine, files, container).value_or(std::set<int>{}).empty();
    });
}

}  // namespace

std::optional<Healthcheck> coming_check(const Json& resolved, const ServiceObservation* service) {
    const Json& check = member(resolved, "healthcheck");
    if (check.is_object()) {
        const std::vector<std::string> test = texts(check, "test");
        if (flag(check, "disable") || (!test.empty() && test.front() == "NONE")) {
            return std::nullopt;
        }
        const auto duration = [&](const char* name) { return parse_duration(text(check, name)).value_or(Seconds{0}); };
        Healthcheck coming;  // what it asks is of no matter here
        coming.interval = duration("interval");
        coming.timeout = duration("timeout");
        coming.start_period = duration("start_period");
        coming.start_interval = duration("start_interval");
        coming.retries = static_cast<int>(std::clamp<std::int64_t>(integer(check, "retries"), 0, kMostRetries));
        return coming;
    }
    if (service != nullptr) {
        for (const Container& container : service->containers) {
            if (container.healthcheck && !container.healthcheck->disabled()) {
                return container.healthcheck;
            }
        }
    }
    return std::nullopt;
}

double probe_spacing(const std::optional<Healthcheck>& check) {
    if (!check) {
        return 0;
    }
    const double every = check->interval.count() > 0 ? check->interval.count() : kEngineInterval;
    return check->start_period.count() > 0 && check->start_interval.count() > 0
               ? std::min(every, check->start_interval.count())
               : every;
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

AnnouncedInterruption Announcer::of(const ServiceObservation& service, const std::optional<Healthcheck>& check,
                                    const std::vector<SeenStart>& starts, Direction direction, int grace) const {
    InterruptionBounds bounds;
    bounds.grace = grace;
    bounds.compose = Seconds{time_for_compose(direction, grace)}.count();
    if (const auto stop = recent_.stops.find(service.service); stop != recent_.stops.end()) {
        bounds.stop = stop->second;
    }
    bounds.replace = recent_.replace;
    bounds.replaced_by_us = replaced_by_us_;
    bounds.spacing = probe_spacing(check);
    const bool waits = check || listens(engine_, world_.files, service);
    double slowest = 0;
    for (const SeenStart& seen : starts) {
        if (seen.seconds > 0) {
            bounds.starts.push_back(seen);
            slowest = std::max(slowest, seen.seconds);
        }
    }
    if (bounds.starts.empty() && !waits) {
        bounds.starts.push_back({0, 0});  // nobody can tell more of it than that it was started
    }
    bounds.give_up = gate_gives_up_after(service, slowest, waits).count();
    if (check) {
        Container coming;
        coming.healthcheck = check;
        bounds.give_up = std::max(bounds.give_up, time_to_be_healthy(coming, slowest).count());
    }
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
            const double spacing = probe_spacing(coming_check(nullptr, service));
            announced.emplace(
                one.service, announcer.of(*service, coming_check(one.resolved, service), {{one.start_seconds, spacing}},
                                          Direction::kForward, one.stop_seconds));
        }
    }
    return announced;
}

}  // namespace pilotpros
