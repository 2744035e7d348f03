#include "core/apply/proof.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "core/apply/announce.h"
#include "core/apply/gate.h"
#include "core/apply/last_words.h"
#include "core/apply/live_containers.h"
#include "core/apply/transaction.h"
#include "core/docker/pump.h"
#include "core/model/lines.h"
#include "core/observe/listening.h"
#include "core/observe/redactor.h"

namespace pilotpros {

namespace {

std::string in_words(Seconds seconds) { return format_duration(seconds); }

[[noreturn]] void fail(const std::string& gate, const std::vector<std::string>& complaints) {
    throw Error(ExitCode::kGateFailed, fmt::format("gate \"{}\": {}", gate, fmt::join(complaints, "; ")));
}

}  // namespace

Proof::Proof(World& world, Engine& engine, const ApplyRequest& request, ApplyWatcher& watcher)
    : world_(world),
      engine_(engine),
      request_(request),
      watcher_(watcher),
      happenings_(engine, world.clock, request.project.name),
      answers_(world.files,
               image_answers_directory(world.environment.state_directory(), request.observation.engine->id)) {}

std::optional<std::set<int>> Proof::ports_now(const Container& container) const {
    return ports_listened_on(engine_, world_.files, container);
}

void Proof::remember(std::vector<ServiceRecord>& services) {
    const auto remember_serving = [&](const std::string& service) {
        if (!serving_.contains(service)) {
            serving_[service] = serving_of(engine_, answers_, request_.project, request_.observation, service);
        }
    };
    for (ServiceRecord& record : services) {
        const ServiceObservation* const service = request_.observation.service(record.service);
        std::optional<std::set<int>> all;
        for (const Container& container : service == nullptr ? std::vector<Container>{} : service->containers) {
            const std::set<int> ports = ports_now(container).value_or(std::set<int>{});
            std::set<int> common;
            std::set_intersection(ports.begin(), ports.end(), all.value_or(ports).begin(), all.value_or(ports).end(),
                                  std::inserter(common, common.end()));
            all = std::move(common);
        }
        const std::set<int>& ports = ports_[record.service] = all.value_or(std::set<int>{});
        record.ports = {ports.begin(), ports.end()};
        remember_serving(record.service);
        for (const Reload& user : record.name_users) {
            remember_serving(user.service);
        }
    }
}

void Proof::pass_gate_of(const ServicePreview& service, const std::set<std::string>& left_out) {
    const std::set<int>& ports = ports_[service.service];
    const double seen = service.start_seconds;
    watcher_.step(waits_for_gate(*request_.observation.service(service.service), seen, ports));
    GateRequest request{request_.project.name,
                        service.service,
                        service.running,
                        service.resolved,
                        request_.observation.engine->swap_limit,
                        seen};
    request.left_out = left_out;
    request.ports = ports;
    request.listening = [this](const Container& container) { return ports_now(container); };
    request.oom_killed = [this](const std::string& id) { return happenings_.oom_killed(id); };
    request.held_to = [this](const Container& container) { return limits_held(world_.files, container); };
    const TimePoint begin = world_.clock.now();
    const GateResult result = pilotpros::pass_gate(engine_, world_.clock, request);
    if (!result.passed) {
        throw Error(ExitCode::kGateFailed, result.said);
    }
    Passed passed{service, world_.clock.steady(), std::nullopt};
    // Two clocks are compared only where they are the same.
    if (request_.observation.engine->local && !ports.empty()) {
        passed.served = begin + std::chrono::duration_cast<std::chrono::nanoseconds>(result.served);
    }
    passed_.push_back(std::move(passed));
    said_.push_back(result.said);
}

void Proof::remember_standing(const ServicePreview& service) {
    happenings_.catch_up();
    standing_[service.service] = {pasts_of(engine_, request_.project.name, service.service),
                                  happenings_.events().size()};
}

void Proof::keep_in_sight(const ServicePreview& service) {
    passed_.push_back({service, world_.clock.steady(), std::nullopt, false});
}

void Proof::require_agreement(const ServicePreview& service, const std::set<std::string>& left_out) {
    std::vector<const Change*> changes;
    for (const Change& change : request_.plan.changes) {
        if (change.service == service.service) {
            changes.push_back(&change);
        }
    }
    agree(service.service, changes, service.start_seconds, left_out);
}

void Proof::require_name_users(const ServiceRecord& service) {
    for (const Reload& user : service.name_users) {
        agree(user.service, {}, 0, {});
    }
}

void Proof::agree(const std::string& service, const std::vector<const Change*>& changes, double start_seconds,
                  const std::set<std::string>& left_out) {
    looked_at_ = service;
    const ServingByKind& before = serving_[service];
    if (changes.empty() && before.empty()) {
        return;
    }
    const Agreement last =
        agreement_in_time(engine_, answers_, request_.project, world_.files, world_.clock, service, changes, before,
                          start_seconds, left_out, [this](const std::string& line) { watcher_.step(line); });
    if (!last.not_in_force.empty()) {
        fail("agreement", last.not_in_force);
    }
    if (!last.not_served.empty()) {
        fail("serves as before", last.not_served);
    }
    said_.insert(said_.end(), last.noted.begin(), last.noted.end());
}

void Proof::look_for_the_reason_in(const ServicePreview& service, const std::set<std::string>& left_out) {
    const std::string before = looked_at_;
    for (const Passed& passed : passed_) {
        if (passed.service.service == service.service) {
            require_still_serving(passed, left_out);
        }
    }
    looked_at_ = before;  // it was another one
}

void Proof::require_still_serving(const Passed& passed, const std::set<std::string>& left_out) {
    looked_at_ = passed.service.service;
    int running = 0;
    const ServiceObservation now = observed_now(engine_, request_.project.name, passed.service.service);
    const Standing& standing = standing_[passed.service.service];
    const char* const since = passed.replaced ? "after its gate" : "since it was changed";
    for (const Container& container : now.containers) {
        if (left_out.contains(container.id)) {
            continue;
        }
        const auto past = standing.pasts.find(container.id);
        if (const auto failure = failure_of(container, past == standing.pasts.end() ? Past{} : past->second)) {
            fail(failure->gate, {fmt::format("{}: {}, {}", container.name, since, failure->why)});
        }
        if (happenings_.oom_killed(container.id, standing.events)) {
            fail("no OOM kill",
                 {fmt::format("{}: {}, a process of it was killed for lack of memory", container.name, since)});
        }
        running += container.running() ? 1 : 0;
    }
    if (running < passed.service.running) {
        fail("running", {fmt::format("{}: {}, {} of {} containers run", passed.service.service, since, running,
                                     passed.service.running)});
    }
}

void Proof::watch() {
    constexpr std::chrono::milliseconds kPause{500};
    if (passed_.empty()) {
        return;
    }
    const auto end = [&](const Passed& passed) { return Seconds{passed.at.time_since_epoch()} + request_.watch; };
    const auto now = [&] { return Seconds{world_.clock.steady().time_since_epoch()}; };
    const Seconds last = end(*std::max_element(
        passed_.begin(), passed_.end(), [](const Passed& left, const Passed& right) { return left.at < right.at; }));
    if (request_.watch > Seconds{0}) {
        watcher_.step(
            std::any_of(passed_.begin(), passed_.end(), [](const Passed& passed) { return passed.replaced; })
                ? fmt::format(
                      "watching what was replaced until {} after its gate: nothing may restart or be killed for "
                      "lack of memory",
                      in_words(request_.watch))
                : fmt::format("watching for {}: nothing may restart or be killed for lack of memory",
                              in_words(request_.watch)));
    }
    for (bool again = true; again;) {
        again = now() < last;
        for (const Passed& passed : passed_) {
            require_still_serving(passed);
        }
        if (again) {
            pump_for(engine_, world_.clock, kPause);
        }
    }
    if (std::string unheard = happenings_.unheard(); !unheard.empty()) {
        said_.push_back(std::move(unheard));
    }
}

std::vector<std::string> Proof::conclude(const ApplyStore& store) {
    Interruptions measured;
    std::vector<std::string> lines;
    for (const Passed& passed : passed_) {
        if (!passed.replaced) {
            continue;
        }
        const std::string& name = passed.service.service;
        happenings_.wait_until([&] { return interruption_of(happenings_.events(), name, passed.served).has_value(); });
        auto one = interruption_of(happenings_.events(), name, passed.served);
        if (!one) {
            continue;
        }
        one->spacing = probe_spacing(coming_check(passed.service.resolved, request_.observation.service(name)));
        lines.push_back(was_away(name, *one, request_.announced));
        measured[name].push_back(std::move(*one));
    }
    if (!measured.empty()) {
        try {
            InterruptionStore{world_.files, store.directory()}.add(measured);
        } catch (const Error& error) {
            watcher_.step(fmt::format("what was measured of the interruptions is not kept: {}", error.what()));
        }
    }
    return lines;
}

std::string Proof::last_line_of(const std::string& standard_error) const {
    std::vector<Secret> secrets;
    for (const ServiceObservation& service : request_.observation.services) {
        const auto image = request_.observation.images.find(service.image_id);
        for (const Container& container : service.containers) {
            const std::vector<Secret> more =
                secrets_of(container, image == request_.observation.images.end() ? nullptr : &image->second, {});
            secrets.insert(secrets.end(), more.begin(), more.end());
        }
    }
    std::string last;
    for (const std::string& line : lines_with_ends(standard_error)) {
        last = line.find_first_not_of(" \r\n\t") == std::string::npos ? last : line;
    }
    constexpr std::size_t kLongest = 300;
    return Redactor{secrets}.clean(last, kLongest);
}

std::vector<std::string> Proof::last_words_of_failed() {
    const ServiceObservation* const service = request_.observation.service(looked_at_);
    if (service == nullptr) {
        return {};
    }
    const auto image = request_.observation.images.find(service->image_id);
    std::vector<std::string> lines;
    try {
        lines = last_words(engine_, request_.project.name, *service,
                           image == request_.observation.images.end() ? nullptr : &image->second);
    } catch (const Interrupted&) {
        throw;
    } catch (const Error& error) {
        watcher_.step(fmt::format("the log of {} cannot be read: {}", looked_at_, error.what()));
    }
    for (std::string& line : lines) {
        line.insert(0, "  | ");
    }
    if (!lines.empty()) {
        lines.insert(lines.begin(), fmt::format("the last lines of {}:", looked_at_));
    }
    return lines;
}

}  // namespace pilotpros
