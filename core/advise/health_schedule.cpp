#include "core/advise/health_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/model/durations.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kRecipeStart =
    "its start_period without start_interval changes nothing: the first probe still waits out the interval";
constexpr const char* kRecipeInterval = "its interval of 15s for 30s, called less frequent, doubles the cost";
constexpr const char* kRecipeTimeout = "3s or 5s, whatever its probe takes: where that is more, the check never passes";
constexpr const char* kRecipeRetries = "3 to 5: with its interval an outage shows itself after a minute or more";

class Schedule {
  public:
    explicit Schedule(HealthDraft& draft) : draft_(draft) {}

    /// start_period and start_interval: nothing waits out a whole interval any more.
    void start() {
        const Usage usage = usage_of(draft_.service);
        const Seconds seen{usage.start_seconds};
        const Seconds cost = draft_.probes.passed > 0 ? Seconds{draft_.probes.fastest} : usual_cost(draft_.program);
        const bool gate = draft_.engine_knows_start_interval();
        const bool has_interval = draft_.timing.start_interval.has_value();
        const Seconds wanted = start_interval_for(std::max(cost, usual_cost(draft_.program)));
        const bool gains = draft_.timing.interval_in_force() > 2 * wanted || draft_.proposed;
        if (!gate && !has_interval) {
            draft_.leave("healthcheck.start_interval",
                         draft_.input.observation.engine
                             ? "this engine does not know it: Engine 25 (API 1.44) is needed"
                             : "no engine could be asked whether it knows it");
        } else if (!has_interval && !gains) {
            draft_.leave("healthcheck.start_interval", fmt::format("the first probe comes after {}: nothing to gain",
                                                                   show(draft_.timing.interval_in_force())));
        } else if (has_interval && draft_.timing.start_period) {
            draft_.leave("healthcheck.start_interval",
                         "yours stands: " + compose_duration(*draft_.timing.start_interval));
        }
        const bool ours = gate && !has_interval && gains;
        // Compose refuses it on an engine that does not know it, pinned or not.
        const bool refused = !gate && draft_.input.observation.engine.has_value();
        Change* const one =
            refused ? nullptr
                    : draft_.duration("start_interval", draft_.timing.start_interval,
                                      ours ? std::optional{wanted} : std::nullopt,
                                      fmt::format("the first probe waits out {} now; one takes {}",
                                                  show(draft_.timing.interval_in_force()), cost_words(cost)),
                                      "asked often while it starts, by what a probe takes: less than half of the time",
                                      [&](Seconds value) { return value >= wanted / 4 && value <= wanted * 4; });
        if (one != nullptr) {
            one->joint = draft_.proposed ? "health check" : "health check start";
            one->recipe = recipe(kRecipeStart);
            one->inputs = {cost_input(cost)};
        }
        start_period(seen, ours);
    }

    void regular() {
        const bool gate = draft_.engine_knows_start_interval();
        const Seconds cost = draft_.probes.passed > 0 ? Seconds{draft_.probes.fastest} : usual_cost(draft_.program);
        std::optional<Seconds> interval;
        std::string reason;
        if (draft_.proposed) {
            interval = step_up(cost * 50, {gate ? 10.0 : 5.0, 15, 30, 60});
            reason = "a new check: often enough to notice, rare enough to cost nothing";
        } else if (draft_.probes.passed >= 3 &&
                   Seconds{draft_.probes.fastest} >
                       draft_.timing.interval_in_force() / (draft_.was_advised("interval") ? 10 : 5)) {
            interval = interval_for(Seconds{draft_.probes.fastest});
            reason = fmt::format("a probe takes {}, a large share of every {}", show(Seconds{draft_.probes.fastest}),
                                 show(draft_.timing.interval_in_force()));
            if (interval->count() <= draft_.timing.interval_in_force().count()) {
                interval.reset();
            }
        } else if (!gate && draft_.waited && draft_.input.observation.engine &&
                   draft_.timing.interval_in_force() > Seconds{10}) {
            interval = step_up(cost * 50, {5, 10, 15, 30});
            reason =
                fmt::format("others wait for its first probe, which waits out {}; this engine has no start_interval",
                            show(draft_.timing.interval_in_force()));
        }
        note(draft_.duration("interval", draft_.timing.interval, interval, std::move(reason),
                             "by what a probe takes: at most a twentieth of the time",
                             [&](Seconds value) { return value >= cost * 10 && interval && value <= *interval * 4; }),
             kRecipeInterval, cost);

        const Seconds slowest{draft_.probes.slowest};
        const Seconds bears = std::max(timeout_for(slowest), draft_.timing.timeout_in_force());
        const auto will_do = [&](Seconds value) { return value >= slowest * 2 && value <= bears * 4; };
        const auto standing = draft_.input.earlier_value(draft_.service.service, "healthcheck.timeout");
        const auto advised = standing ? parse_duration(*standing) : std::nullopt;
        std::optional<Seconds> timeout;
        std::string why;
        if (draft_.proposed) {
            timeout = timeout_for(cost);
            why = "a new check: far above what a probe takes";
        } else if (draft_.probes.passed > 0 && slowest * 1.1 > draft_.timing.timeout_in_force()) {
            // Nearly cut off already: one slow probe on a busy machine is no reason to argue with the user.
            timeout = bears;
            why = fmt::format("the slowest probe seen took {}: a busy moment would fail {}", show(slowest),
                              show(draft_.timing.timeout_in_force()));
        } else if (advised && *advised > draft_.timing.timeout_in_force() && will_do(*advised)) {
            timeout = advised;  // an engine remembers the last five probes only, a profile those that it looked at
            why = fmt::format("an earlier probe all but took {}, and what was advised then stands",
                              show(draft_.timing.timeout_in_force()));
        }
        note(draft_.duration("timeout", draft_.timing.timeout, timeout, std::move(why),
                             "at least three times the slowest probe seen", will_do),
             kRecipeTimeout, cost);

        const auto pin = draft_.pinned("healthcheck.retries");
        if (draft_.proposed || pin) {
            Change& one =
                draft_.change("retries", draft_.timing.retries ? Json(*draft_.timing.retries) : Json(),
                              pin ? Json(*pin) : Json(3), pin ? kPinned : "a new check: one slow answer is no outage",
                              pin ? kPinned : "the engine's own default, written out");
            one.joint = draft_.proposed ? "health check" : "";
            one.recipe = recipe(kRecipeRetries);
            if (pin && pin->find_first_not_of("0123456789") == std::string::npos && pin->size() < 6) {
                one.after = std::stoi("0" + *pin);
            }
        }
        if (!draft_.proposed && !interval && !draft_.pinned("healthcheck.interval")) {
            draft_.leave("healthcheck.interval",
                         fmt::format("{} of {} stands", draft_.timing.interval ? "yours" : "the engine's",
                                     show(draft_.timing.interval_in_force())));
        }
    }

  private:
    void start_period(Seconds seen, bool with_interval) {
        const Seconds wanted = start_period_for(draft_.kind, seen);
        const std::optional<Seconds>& own = draft_.timing.start_period;
        // Theirs stands unless it does nothing for the start_interval beside it.
        const bool too_short = own && seen.count() > 0 && *own <= seen;
        const bool idle = !own && draft_.timing.start_interval.has_value();
        const bool ours = with_interval ? !own || *own < wanted : idle || too_short;
        if (own && !ours && !with_interval && !draft_.pinned("healthcheck.start_period")) {
            draft_.leave("healthcheck.start_period", "yours stands: " + compose_duration(*own));
        }
        const std::string now = own ? compose_duration(*own) : "none";
        if (Change* const one = draft_.duration(
                "start_period", own, ours ? std::optional{wanted} : std::nullopt,
                seen.count() > 0
                    ? fmt::format("start_interval works only within it; the slowest start seen took {}, yours is {}",
                                  show(seen), now)
                    : fmt::format("start_interval works only within it; no start was seen, yours is {}", now),
                "at least twice the slowest start seen, and generous: nothing waits for it to pass",
                [&](Seconds value) { return value >= 2 * seen && value >= wanted / 2 && value <= wanted * 4; })) {
            one->joint = draft_.proposed ? "health check" : "health check start";
            one->recipe = recipe(kRecipeStart);
            one->inputs = {{"slowest start seen", seen.count() > 0 ? show(seen) : "none was seen",
                            "profile: from a container's begin to its first verdict of health"}};
        }
    }

    void note(Change* one, const char* line, Seconds cost) const {
        if (one != nullptr) {
            one->joint = draft_.proposed ? "health check" : "";
            one->recipe = recipe(line);
            one->inputs = {cost_input(cost)};
        }
    }

    /// The recipe has health checks for some kinds of services only.
    [[nodiscard]] std::string recipe(const char* line) const {
        return recipe_of_probe(draft_.kind).empty() ? std::string{} : std::string{line};
    }
    static std::string show(Seconds duration) { return format_duration(duration); }
    [[nodiscard]] std::string cost_words(Seconds cost) const {
        return draft_.probes.passed > 0 ? show(cost)
                                        : fmt::format("about {} ({}, not measured)", show(cost), draft_.program);
    }
    [[nodiscard]] Input cost_input(Seconds cost) const {
        return {"what a probe takes", show(cost),
                draft_.probes.passed > 0
                    ? fmt::format("the fastest of {} in the engine's health log while it was profiled",
                                  draft_.probes.passed)
                    : "what is usual for its program"};
    }

    HealthDraft& draft_;
};

}  // namespace

void advise_schedule(HealthDraft& draft) {
    Schedule schedule(draft);
    schedule.start();
    schedule.regular();
}

}  // namespace pilotpros
