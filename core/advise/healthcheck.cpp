#include "core/advise/healthcheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>
#include <utility>

#include "core/advise/durations.h"
#include "core/advise/health_timing.h"
#include "core/advise/probe_repair.h"
#include "core/advise/probe_words.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kAdvisor = "healthcheck";
constexpr const char* kEngineSource = "https://github.com/moby/moby/blob/master/daemon/health.go";
constexpr const char* kRecipeStart =
    "its start_period without start_interval changes nothing: the first probe still waits out the interval";
constexpr const char* kRecipeInterval = "its interval of 15s for 30s, called less frequent, doubles the cost";

/// Below this the engine does not know start_interval: API 1.44 came with Engine 25.
bool knows_start_interval(const std::string& api) {
    int major = 0;
    int minor = 0;
    const char* const end = api.data() + api.size();
    const auto [dot, error] = std::from_chars(api.data(), end, major);
    if (error != std::errc{} || dot == end) {
        return false;
    }
    std::from_chars(dot + 1, end, minor);
    return major > 1 || (major == 1 && minor >= 44);
}

/// Services that another one waits for until they are healthy.
std::set<std::string> waited_for(const Project& project) {
    std::set<std::string> names;
    for (const auto& [name, service] : project.services) {
        const Json& needs = member(service.resolved, "depends_on");
        if (needs.is_object()) {
            for (const auto& [needed, how] : needs.items()) {
                if (text(how, "condition") == "service_healthy") {
                    names.insert(needed);
                }
            }
        }
    }
    return names;
}

/// TCP ports of the container, each once.
std::vector<int> ports_of(const Json& resolved, const ServiceObservation& service, const Image* image) {
    std::set<int> ports;
    const auto add = [&](const std::string& port) {
        int number = 0;
        const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        const std::string protocol{rest, port.data() + port.size()};
        if (error == std::errc{} && (protocol.empty() || protocol == "/tcp") && number > 0 && number < 65536) {
            ports.insert(number);
        }
    };
    for (const Json& port : member(resolved, "ports")) {
        if (const Json& target = member(port, "target"); target.is_number_integer()) {
            add(target.dump() + "/" + (text(port, "protocol").empty() ? "tcp" : text(port, "protocol")));
        }
    }
    for (const std::string& port : texts(resolved, "expose")) {
        add(port);
    }
    if (ports.empty()) {
        for (const Container& container : service.containers) {
            std::for_each(container.exposed_ports.begin(), container.exposed_ports.end(), add);
        }
        if (image != nullptr) {
            std::for_each(image->exposed_ports.begin(), image->exposed_ports.end(), add);
        }
    }
    return {ports.begin(), ports.end()};
}

Json shown(const Json& test, const Probe& probe) {
    if (test.is_null()) {
        return nullptr;
    }
    return probe.understood ? test : Json("(a test that may hold a secret)");
}

/// All that is decided for one service.
class Advising {
  public:
    Advising(const Case& input, const ServiceObservation& service, bool waited)
        : input_(input), service_(service), waited_(waited), tools_(service) {
        const Service* const of_files = input.service(service.service);
        resolved_ = of_files != nullptr ? &of_files->resolved : nullptr;
        const auto wish = input.wishes.find(service.service);
        wish_ = wish == input.wishes.end() ? nullptr : &wish->second;
        const auto image = input.observation.images.find(service.image_id);
        image_ = image == input.observation.images.end() ? nullptr : &image->second;
        kind_ = service.applications.empty() ? "" : service.applications.front().kind;
        find_test();
        const Healthcheck* const given = without_users();
        timing_ = timing_of(resolved(), given != nullptr ? *given : Healthcheck{});
    }

    Advice advise() {
        if (wish_ != nullptr && wish_->excludes(kAdvisor)) {
            leave("*", "excluded by x-pilotpros");
        } else if (disabled_ && !pinned("healthcheck.test")) {
            leave("healthcheck.test", "you switched the health check off");
        } else {
            test();
            if (!probe_.none() || !advice_.changes.empty()) {
                start();
                regular();
            }
        }
        return std::move(advice_);
    }

  private:
    [[nodiscard]] const Json& resolved() const {
        static const Json kNone;
        return resolved_ != nullptr ? *resolved_ : kNone;
    }
    [[nodiscard]] std::optional<std::string> pinned(const std::string& key) const {
        if (wish_ == nullptr) {
            return std::nullopt;
        }
        const auto found = wish_->pinned.find(key);
        return found == wish_->pinned.end() ? std::nullopt : std::optional{found->second};
    }

    /// What is in force where the files set nothing: the image's check; without files, the container's.
    [[nodiscard]] const Healthcheck* without_users() const {
        const std::optional<Healthcheck>* given = nullptr;
        if (resolved_ == nullptr && !service_.containers.empty()) {
            given = &service_.containers.front().healthcheck;
        } else if (image_ != nullptr) {
            given = &image_->healthcheck;
        }
        return given != nullptr && given->has_value() && !(*given)->test.empty() ? &given->value() : nullptr;
    }

    /// The test in force without us: the user's as they wrote it, else the image's.
    void find_test() {
        const Json& own = member(resolved(), "healthcheck");
        disabled_ = flag(own, "disable");
        // Compose prints $$ for $, so the resolved text reads like a written one.
        Json written = member(own, "test");
        if (!written.is_null()) {
            const Json& services = member(input_.project.uninterpolated, "services");
            const Json& raw = member(member(member(services, service_.service.c_str()), "healthcheck"), "test");
            written = raw.is_null() ? written : raw;
            users_own_ = true;
        } else if (const Healthcheck* const given = without_users()) {
            written = Json::array();
            for (const Secret& word : given->test) {
                written.push_back(word.reveal());
            }
        }
        if (written.is_array() && !written.empty() && written.front() == "NONE") {
            disabled_ = disabled_ || users_own_;
            written = nullptr;
        }
        before_ = written.is_string() ? Json::array({"CMD-SHELL", written}) : written;
        probe_ = read_probe(before_);
    }

    /// Advice that stood before stands longer: so that what lies near a bound does not come and go.
    [[nodiscard]] bool was_written(const char* leaf) const {
        return input_.written_value(service_.service, std::string{"healthcheck."} + leaf).has_value();
    }

    void leave(const std::string& key, std::string why) {
        advice_.left_alone.push_back({service_.service, kAdvisor, key, std::move(why)});
    }

    Change& change(const std::string& leaf, Json before, Json after, std::string reason, std::string rule) {
        Change one;
        one.service = service_.service;
        one.advisor = kAdvisor;
        one.key = "healthcheck." + leaf;
        one.target = {Target::Kind::kCompose, {"healthcheck", leaf}};
        one.before = std::move(before);
        one.after = std::move(after);
        one.reason = std::move(reason);
        one.rule = std::move(rule);
        one.source = kEngineSource;
        advice_.changes.push_back(std::move(one));
        return advice_.changes.back();
    }

    /// One duration: a pin as it is, else within the user's bounds; and what was written before stays while it will do.
    Change* duration(const std::string& leaf, std::optional<Seconds> before, std::optional<Seconds> after,
                     std::string reason, std::string rule, const std::function<bool(Seconds)>& will_do) {
        const std::string key = "healthcheck." + leaf;
        const Json was = before ? Json(compose_duration(*before)) : Json();
        if (const auto pin = pinned(key)) {
            return &change(leaf, was, *pin, "pinned by x-pilotpros", "pinned by x-pilotpros");
        }
        if (!after) {
            return nullptr;
        }
        if (const auto written = input_.written_value(service_.service, key)) {
            if (const auto value = parse_duration(*written); value && will_do(*value)) {
                after = value;
            }
        }
        const auto bound = [&](const std::map<std::string, std::string>& bounds) {
            const auto found = bounds.find(key);
            return found == bounds.end() ? std::nullopt : parse_duration(found->second);
        };
        if (const auto least = wish_ != nullptr ? bound(wish_->least) : std::nullopt; least && *after < *least) {
            after = least;
        }
        if (const auto most = wish_ != nullptr ? bound(wish_->most) : std::nullopt; most && *after > *most) {
            after = most;
        }
        return &change(leaf, was, compose_duration(*after), std::move(reason), std::move(rule));
    }

    void test() {
        if (const auto pin = pinned("healthcheck.test")) {
            const Json after = *pin == "NONE" ? Json::array({"NONE"}) : Json::array({"CMD-SHELL", *pin});
            change("test", shown(before_, probe_), after, "pinned by x-pilotpros", "pinned by x-pilotpros");
            program_ = read_probe(after).program;
            return;
        }
        if (probe_.none()) {
            propose();
            return;
        }
        program_ = probe_.program;
        std::vector<ProbeComplaint> complaints;
        const auto plan = repair_probe(probe_, tools_, cost_.passed, complaints);
        for (ProbeComplaint& complaint : complaints) {
            advice_.findings.push_back({service_.service, "health-check-wrong", Finding::Severity::kWarning,
                                        std::move(complaint.what), std::move(complaint.harm), std::move(complaint.fix),
                                        "https://docs.docker.com/reference/compose-file/services/#healthcheck"});
        }
        if (!plan) {
            if (complaints.empty()) {
                leave("healthcheck.test",
                      cost_.passed ? "it works" : "nothing is wrong with it as far as it can be read");
            }
            return;
        }
        // A drop-in for another program takes another time than what was measured.
        cost_ = plan->program == probe_.program ? cost_ : ProbeCost{};
        program_ = plan->program;
        Change& one = change("test", shown(before_, probe_), plan->test, plan->reason, plan->rule);
        one.as_written = users_own_ && plan->test.dump().find('$') != std::string::npos;
        one.recipe = plan->recipe;
        one.source = plan->source;
        if (!tools_known()) {
            one.inputs.push_back({"commands of the image", "not known", "nobody could look"});
        }
    }

    [[nodiscard]] bool tools_known() const { return service_.probe_commands_known; }

    /// A service that begins, does its work and ends has nothing to be asked.
    [[nodiscard]] bool runs() const {
        return std::any_of(service_.containers.begin(), service_.containers.end(),
                           [](const Container& container) { return container.running(); });
    }

    void propose() {
        std::string why_not = runs() ? "" : "it does not run, so no probe could be proven";
        const auto plan =
            runs() ? propose_probe(service_, ports_of(resolved(), service_, image_), tools_, why_not) : std::nullopt;
        if (!plan) {
            leave("healthcheck.test", "it has none, and none is proposed: " + why_not);
            if (runs()) {
                advice_.findings.push_back(missing(why_not));
            }
            return;
        }
        program_ = plan->program;
        proposed_ = true;
        Change& one = change("test", nullptr, plan->test, plan->reason, plan->rule);
        one.joint = "health check";
        one.recipe = plan->recipe;
        one.source = plan->source;
    }

    [[nodiscard]] Finding missing(const std::string& why_not) const {
        std::string fix =
            "healthcheck:\n  test: [\"CMD\", …]  # a command of the image that fails when it does not answer";
        if (kind_ == "nginx") {
            const std::string ask = tools_.has("curl") || !tools_.has("wget") ? R"("curl", "-fsS", "-o", "/dev/null")"
                                                                              : R"("wget", "-q", "-O", "/dev/null")";
            fix = fmt::format(
                "in the server block:\n  location = /nginx-health {{ access_log off; return 200; }}\nin the Compose "
                "file:\n  healthcheck:\n    test: [\"CMD\", {}, \"http://127.0.0.1:80/nginx-health\"]",
                ask);
        }
        return {service_.service,
                "no-health-check",
                waited_ ? Finding::Severity::kWarning : Finding::Severity::kNote,
                "it has no health check, and none can be proposed: " + why_not,
                "nobody can wait until it answers, or see that it no longer does",
                fix,
                "https://docs.docker.com/reference/compose-file/services/#healthcheck"};
    }

    /// start_period and start_interval: nothing waits out a whole interval any more.
    void start() {
        const Usage usage = usage_of(service_);
        const Seconds seen{usage.start_seconds};
        const Seconds cost = cost_.probes > 0 ? cost_.fastest : usual_cost(program_);
        const bool gate = input_.observation.engine && knows_start_interval(input_.observation.engine->api_version);
        const bool has_interval = timing_.start_interval.has_value();
        const Seconds wanted = start_interval_for(std::max(cost, usual_cost(program_)));
        const bool gains = timing_.interval_in_force() > 2 * wanted || proposed_;
        if (!gate && !has_interval) {
            leave("healthcheck.start_interval", input_.observation.engine
                                                    ? "this engine does not know it: Engine 25 (API 1.44) is needed"
                                                    : "no engine could be asked whether it knows it");
        } else if (!has_interval && !gains) {
            leave("healthcheck.start_interval",
                  fmt::format("the first probe comes after {}: nothing to gain", show(timing_.interval_in_force())));
        } else if (has_interval && timing_.start_period) {
            leave("healthcheck.start_interval", "yours stands: " + compose_duration(*timing_.start_interval));
        }
        const bool ours = gate && !has_interval && gains;
        if (Change* const one =
                duration("start_interval", timing_.start_interval, ours ? std::optional{wanted} : std::nullopt,
                         fmt::format("the first probe waits out {} now; one takes {}",
                                     show(timing_.interval_in_force()), cost_words(cost)),
                         "asked often while it starts, by what a probe takes: less than half of the time",
                         [&](Seconds value) { return value >= wanted / 4 && value <= wanted * 4; })) {
            one->joint = proposed_ ? "health check" : "health check start";
            one->recipe = kRecipeStart;
            one->inputs = {cost_input(cost)};
        }
        start_period(seen, ours);
    }

    void start_period(Seconds seen, bool with_interval) {
        const Seconds wanted = start_period_for(kind_, seen);
        const std::optional<Seconds>& own = timing_.start_period;
        // Theirs stands unless it does nothing for the start_interval beside it.
        const bool too_short = own && seen.count() > 0 && *own <= seen;
        const bool idle = !own && timing_.start_interval.has_value();
        const bool ours = with_interval ? !own || *own < wanted : idle || too_short;
        if (own && !ours && !with_interval && !pinned("healthcheck.start_period")) {
            leave("healthcheck.start_period", "yours stands: " + compose_duration(*own));
        }
        const std::string now = own ? compose_duration(*own) : "none";
        if (Change* const one = duration(
                "start_period", own, ours ? std::optional{wanted} : std::nullopt,
                seen.count() > 0
                    ? fmt::format("start_interval works only within it; the slowest start seen took {}, yours is {}",
                                  show(seen), now)
                    : fmt::format("start_interval works only within it; no start was seen, yours is {}", now),
                "at least twice the slowest start seen, and generous: nothing waits for it to pass",
                [&](Seconds value) { return value >= 2 * seen && value >= wanted / 2 && value <= wanted * 4; })) {
            one->joint = proposed_ ? "health check" : "health check start";
            one->recipe = kRecipeStart;
            one->inputs = {{"slowest start seen", seen.count() > 0 ? show(seen) : "none was seen",
                            "profile: from a container's begin to its first verdict of health"}};
        }
    }

    void regular() {
        const bool gate = input_.observation.engine && knows_start_interval(input_.observation.engine->api_version);
        const Seconds cost = cost_.probes > 0 ? cost_.fastest : usual_cost(program_);
        std::optional<Seconds> interval;
        std::string reason;
        if (proposed_) {
            interval = step_up(cost * 50, {gate ? 10.0 : 5.0, 15, 30, 60});
            reason = "a new check: often enough to notice, rare enough to cost nothing";
        } else if (cost_.probes >= 3 &&
                   cost_.fastest > timing_.interval_in_force() / (was_written("interval") ? 10 : 5)) {
            interval = interval_for(cost_.fastest);
            reason = fmt::format("a probe takes {}, a large share of every {}", show(cost_.fastest),
                                 show(timing_.interval_in_force()));
            if (interval->count() <= timing_.interval_in_force().count()) {
                interval.reset();
            }
        } else if (!gate && waited_ && input_.observation.engine && timing_.interval_in_force() > Seconds{10}) {
            interval = step_up(cost * 50, {5, 10, 15, 30});
            reason =
                fmt::format("others wait for its first probe, which waits out {}; this engine has no start_interval",
                            show(timing_.interval_in_force()));
        }
        note(duration("interval", timing_.interval, interval, std::move(reason),
                      "by what a probe takes: at most a twentieth of the time",
                      [&](Seconds value) { return value >= cost * 10 && interval && value <= *interval * 4; }),
             kRecipeInterval, cost);

        const Seconds bears = std::max(timeout_for(cost_.slowest), timing_.timeout_in_force());
        const auto will_do = [&](Seconds value) { return value >= cost_.slowest * 2 && value <= bears * 4; };
        const auto standing = input_.written_value(service_.service, "healthcheck.timeout");
        const auto written = standing ? parse_duration(*standing) : std::nullopt;
        std::optional<Seconds> timeout;
        std::string why;
        if (proposed_) {
            timeout = timeout_for(cost);
            why = "a new check: far above what a probe takes";
        } else if (cost_.probes > 0 && cost_.slowest * 1.1 > timing_.timeout_in_force()) {
            // Nearly cut off already: one slow probe on a busy machine is no reason to argue with the user.
            timeout = bears;
            why = fmt::format("the slowest probe seen took {}: a busy moment would fail {}", show(cost_.slowest),
                              show(timing_.timeout_in_force()));
        } else if (written && *written > timing_.timeout_in_force() && will_do(*written)) {
            timeout = written;  // an engine remembers the last five probes only
            why = fmt::format("an earlier probe all but took {}, and what was written then stands",
                              show(timing_.timeout_in_force()));
        }
        note(duration("timeout", timing_.timeout, timeout, std::move(why),
                      "at least three times the slowest probe seen", will_do),
             "", cost);

        const auto pin = pinned("healthcheck.retries");
        if (proposed_ || pin) {
            Change& one =
                change("retries", timing_.retries ? Json(*timing_.retries) : Json(), pin ? Json(*pin) : Json(3),
                       pin ? "pinned by x-pilotpros" : "a new check: one slow answer is no outage",
                       pin ? "pinned by x-pilotpros" : "the engine's own default, written out");
            one.joint = proposed_ ? "health check" : "";
            if (pin && pin->find_first_not_of("0123456789") == std::string::npos && pin->size() < 6) {
                one.after = std::stoi("0" + *pin);
            }
        }
        if (!proposed_ && !interval && !pinned("healthcheck.interval")) {
            leave("healthcheck.interval", fmt::format("{} of {} stands", timing_.interval ? "yours" : "the engine's",
                                                      show(timing_.interval_in_force())));
        }
    }

    void note(Change* one, const char* recipe, Seconds cost) const {
        if (one != nullptr) {
            one->joint = proposed_ ? "health check" : "";
            one->recipe = recipe;
            one->inputs = {cost_input(cost)};
        }
    }

    static std::string show(Seconds duration) { return format_duration(duration); }
    [[nodiscard]] std::string cost_words(Seconds cost) const {
        return cost_.probes > 0 ? show(cost) : fmt::format("about {} ({}, not measured)", show(cost), program_);
    }
    [[nodiscard]] Input cost_input(Seconds cost) const {
        return {"what a probe takes", show(cost),
                cost_.probes > 0 ? fmt::format("the fastest of {} in the engine's health log", cost_.probes)
                                 : "what is usual for its program"};
    }

    const Case& input_;
    const ServiceObservation& service_;
    bool waited_;
    ProbeTools tools_;
    const Json* resolved_ = nullptr;
    const Wish* wish_ = nullptr;
    const Image* image_ = nullptr;
    std::string kind_, program_;
    Json before_;
    Probe probe_;
    HealthTiming timing_;
    ProbeCost cost_ = cost_of(service_);
    bool disabled_ = false, users_own_ = false, proposed_ = false;
    Advice advice_;
};

}  // namespace

Advice advise_healthcheck(const Case& input) {
    const std::set<std::string> waited = waited_for(input.project);
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        const Service* const of_files = input.service(service.service);
        if (of_files != nullptr && of_files->profiled_out && service.containers.empty()) {
            continue;
        }
        advice.add(Advising(input, service, waited.contains(service.service)).advise());
    }
    return advice;
}

}  // namespace pilotpros
