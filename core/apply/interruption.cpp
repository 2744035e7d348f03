#include "core/apply/interruption.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "core/docker/throwaway.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;
using Kind = ContainerEvent::Kind;

constexpr std::size_t kKept = 5;
constexpr double kMargin = 1.25;
constexpr double kLeastMargin = 0.2;  // replaced in 0.28 s, then in 0.43 s and 0.50 s: a busy engine, not the service
constexpr double kComposesOwn = 0.5;  // away for 0.32 s was seen where stop and trial container had taken 0.10 s
constexpr int kFormat = 1;

double seconds_between(TimePoint from, TimePoint to) { return std::max(0.0, Seconds{to - from}.count()); }

constexpr double kSameSpacing = 0.001;

bool same_spacing(double left, double right) { return std::abs(left - right) < kSameSpacing; }

/// What events tell of a service's old and new containers.
struct Told {
    std::optional<TimePoint> killed, ended, started, healthy;
};

Told told(const std::vector<ContainerEvent>& events, const std::string& service) {
    Told result;
    std::map<std::string, bool> is_new;  // by container, whether it is healthy by now
    for (const ContainerEvent& event : events) {
        if (event.service != service || event.oneoff) {
            continue;
        }
        const bool fresh = is_new.contains(event.container);
        if (event.kind == Kind::kStart && !fresh) {
            is_new[event.container] = false;
            result.started = result.started.value_or(event.time);
        } else if (event.kind == Kind::kHealthy && fresh) {
            // What falls ill later and recovers was there before.
            if (!std::exchange(is_new[event.container], true)) {
                result.healthy = event.time;
            }
        } else if (event.kind == Kind::kKill && !fresh) {
            result.killed = result.killed.value_or(event.time);
        } else if (event.kind == Kind::kDie && !fresh) {
            result.ended = result.ended.value_or(event.time);
        }
    }
    return result;
}

}  // namespace

std::chrono::seconds time_for_compose(Direction direction, int grace) {
    constexpr std::chrono::seconds kForward{120};                    // for Compose itself and a busy engine
    constexpr std::chrono::seconds kBack = std::chrono::minutes{5};  // and for a start
    return (direction == Direction::kBack ? kBack : kForward) + std::chrono::seconds{2 * grace};
}

std::optional<Interruption> interruption_of(const std::vector<ContainerEvent>& events, const std::string& service,
                                            std::optional<TimePoint> served) {
    const Told seen = told(events, service);
    if (!seen.ended || !seen.started) {
        return std::nullopt;
    }
    const TimePoint killed = seen.killed.value_or(*seen.ended);
    const TimePoint back = seen.healthy.value_or(served.value_or(*seen.started));
    Interruption result;
    result.at = format_time(killed);
    if (back <= killed) {
        return result;
    }
    result.stop = seconds_between(killed, *seen.ended);
    result.replace = seconds_between(*seen.ended, *seen.started);
    result.start = seconds_between(std::max(*seen.started, *seen.ended), back);
    return result;
}

AnnouncedInterruption announce_interruption(const std::vector<Interruption>& measured,
                                            const InterruptionBounds& bounds) {
    AnnouncedInterruption result;
    for (const Interruption& one : measured) {
        result.stop = std::max(result.stop, one.stop);
        result.replace = std::max(result.replace, one.replace);
        if (same_spacing(one.spacing, bounds.spacing)) {
            ++result.measured;
            result.at_most = std::max(result.at_most, std::max(kMargin * one.away(), one.away() + kLeastMargin));
        }
    }
    if (result.measured > 0) {
        return result;
    }
    const auto part = [&](double& value, bool& seen, std::optional<double> elsewhere, double bound) {
        seen = !measured.empty() || elsewhere.has_value();
        value = seen ? std::max(value, elsewhere.value_or(0)) : bound;
        result.at_most += seen ? std::min(kMargin * value, std::max(value, bound)) : bound;
    };
    part(result.stop, result.stop_seen, bounds.stop, bounds.grace);
    result.replaced_by_us = measured.empty() && bounds.replace && bounds.replaced_by_us;
    const std::optional<double> replace =
        result.replaced_by_us ? std::optional{*bounds.replace + kComposesOwn} : bounds.replace;
    part(result.replace, result.replace_seen, replace, std::max(0.0, bounds.compose - bounds.grace));
    std::vector<SeenStart> starts = bounds.starts;
    for (const Interruption& one : measured) {
        starts.push_back({one.start, one.spacing});
    }
    std::optional<double> slowest;
    for (const SeenStart& seen : starts) {
        slowest = std::max(slowest.value_or(0), seen.seconds);
    }
    const bool looked_more_often = std::all_of(starts.begin(), starts.end(), [&](const SeenStart& seen) {
        return bounds.spacing > seen.spacing + kSameSpacing;
    });
    if (slowest && looked_more_often) {
        result.look = bounds.spacing;
        *slowest += result.look;
    }
    part(result.start, result.start_seen, slowest, bounds.give_up);
    return result;
}

std::string words(const AnnouncedInterruption& announced) {
    const auto shown = [](double seconds) { return format_duration(Seconds{seconds}); };
    if (announced.measured > 0) {
        return fmt::format("away at most {}: the slowest of {} measured before, and a quarter more",
                           shown(announced.at_most), announced.measured);
    }
    return fmt::format(
        "away at most {}: {} to stop ({}), {} to be replaced ({}), {} to start ({})", shown(announced.at_most),
        shown(announced.stop), announced.stop_seen ? "the slowest seen" : "its stop_grace_period: no stop was seen",
        shown(announced.replace),
        announced.replaced_by_us ? "as a trial container, and 500 ms for docker compose"
        : announced.replace_seen ? "the slowest seen"
                                 : "what docker compose is given: none was seen",
        shown(announced.start),
        announced.look > 0
            ? fmt::format("the slowest seen, and {} until its health check looks again", shown(announced.look))
        : announced.start_seen ? "the slowest seen"
                               : "then its gate gives up: no start was seen");
}

std::string was_away(const std::string& service, const Interruption& measured,
                     const std::map<std::string, AnnouncedInterruption>& announced) {
    const auto said = announced.find(service);
    return fmt::format("{} was away for {}{}", service, format_duration(Seconds{measured.away()}),
                       said == announced.end()
                           ? ""
                           : fmt::format(" (announced: at most {})", format_duration(Seconds{said->second.at_most})));
}

RecentTimes read_recent_times(const std::string& body, const std::string& project) {
    struct Life {
        std::optional<TimePoint> created, started, killed, ended;
        double begun = 0;  // seconds from its creation to its start
    };
    RecentTimes result;
    std::map<std::string, Life> lives;
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
        const Json event = Json::parse(line, nullptr, false);
        const Json& actor = member(event, "Actor");
        const Json& attributes = member(actor, "Attributes");
        const std::string action = text(event, "Action");
        const TimePoint time{std::chrono::nanoseconds{integer(event, "timeNano")}};
        Life& life = lives[text(actor, "ID")];
        const bool ours = member(attributes, kThrowawayLabel).is_string();
        const bool of_project = text(attributes, "com.docker.compose.project") == project;
        if (action == "create") {
            life.created = time;
        } else if (action == "start") {
            life.begun = life.created ? seconds_between(*life.created, time) : 0;
            life.killed.reset();
            life.ended.reset();
        } else if (action == "kill") {
            life.killed = life.killed.value_or(time);
        } else if (action == "die") {
            life.ended = time;
            if (of_project && life.killed) {
                double& slowest = result.stops[text(attributes, "com.docker.compose.service")];
                slowest = std::max(slowest, seconds_between(*life.killed, time));
            }
        } else if (action == "destroy" && ours && life.ended && life.begun > 0) {
            result.replace = std::max(result.replace.value_or(0), life.begun + seconds_between(*life.ended, time));
        }
    }
    return result;
}

RecentTimes recent_times(Engine& engine, const std::string& project, TimePoint now) {
    Request request;
    request.path = "/events";
    request.query = {{"filters", R"({"type":["container"]})"}};
    return read_recent_times(remembered_events(engine, std::move(request), now), project);
}

Interruptions InterruptionStore::read() const {
    const Json json = Json::parse(files_.read(file_).value_or(""), nullptr, false);
    try {
        return integer(json, "format") == kFormat ? member(json, "services").get<Interruptions>() : Interruptions{};
    } catch (const Json::exception&) {
        return {};
    }
}

void InterruptionStore::add(const Interruptions& measured) {
    Interruptions all = read();
    for (const auto& [service, more] : measured) {
        std::vector<Interruption>& kept = all[service];
        kept.insert(kept.end(), more.begin(), more.end());
        if (kept.size() > kKept) {
            kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(kKept));
        }
    }
    files_.make_private_directory(file_.parent_path());
    files_.write_durably(file_, Json{{"format", kFormat}, {"services", all}}.dump(1) + "\n", 0600);
}

}  // namespace pilotpros
