#include "core/apply/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/apply/live_containers.h"
#include "core/compose/declared_limits.h"
#include "core/docker/json.h"
#include "core/docker/pump.h"
#include "core/model/units.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

std::string as_size(Bytes bytes) { return bytes == 0 ? "none" : format_bytes(bytes); }

bool has_ended(const Container& container) { return container.status == "exited" || container.status == "dead"; }

bool checked(const Container& container) { return container.healthcheck && !container.healthcheck->disabled(); }

class Gate {
  public:
    Gate(Engine& engine, const Clock& clock, const GateRequest& request)
        : engine_(engine), clock_(clock), request_(request), begin_(clock.steady()) {}

    GateResult wait() {
        constexpr std::chrono::milliseconds kPause{250};
        for (;;) {
            std::vector<std::string> ids;
            for (const LiveContainer& live : containers_of(engine_, request_.project, request_.service)) {
                if (!request_.left_out.contains(live.id)) {
                    ids.push_back(live.id);
                }
            }
            const std::vector<Container> containers = inspect_containers(engine_, ids);
            if (auto result = judge(containers)) {
                return *result;
            }
            pump_for(engine_, clock_, kPause);
        }
    }

  private:
    [[nodiscard]] Seconds since() const { return Seconds{clock_.steady() - begin_}; }

    [[nodiscard]] GateResult fail(const std::string& gate, const std::string& name, const std::string& why) const {
        return {false, fmt::format("gate \"{}\": {}: {}", gate, name.empty() ? request_.service : name, why), since(),
                Seconds{0}};
    }

    /// Nothing ran before, and nothing is to run.
    [[nodiscard]] bool stays_down(const std::vector<Container>& containers) const {
        return request_.containers == 0 &&
               std::none_of(containers.begin(), containers.end(), [](const Container& one) { return one.running(); });
    }

    [[nodiscard]] Past past_of(const Container& container) const {
        const auto found = request_.pasts.find(container.id);
        return found == request_.pasts.end() ? Past{} : found->second;
    }

    std::optional<GateResult> judge(const std::vector<Container>& containers) {
        if (stays_down(containers)) {
            return GateResult{true, fmt::format("{} was not running before, and is not started", request_.service),
                              since(), since()};
        }
        Failure waiting{"running", fmt::format("{} of {} containers run", containers.size(), request_.containers)};
        int serving = 0;
        Seconds longest = time_to_be_stable(request_.start_seconds) + Seconds{10};
        if (!request_.ports.empty()) {
            longest = std::max(longest, time_to_listen(request_.start_seconds));
        }
        for (const Container& container : containers) {
            if (const auto failed = failure_of(container, past_of(container))) {
                return fail(failed->gate, container.name, failed->why);
            }
            if (request_.oom_killed && request_.oom_killed(container.id)) {
                return fail("no OOM kill", container.name, "a process of it was killed for lack of memory");
            }
            if (checked(container)) {
                longest = std::max(longest, time_to_be_healthy(container, request_.start_seconds));
            }
            if (const auto missing = what_it_waits_for(container)) {
                waiting = *missing;
            } else {
                ++serving;
            }
        }
        if (serving < request_.containers) {
            served_.reset();
            return since() > longest
                       ? std::optional{fail(waiting.gate, "",
                                            fmt::format("{} after {}", waiting.why, format_duration(longest)))}
                       : std::nullopt;
        }
        served_ = served_.value_or(since());
        const bool stable = std::all_of(containers.begin(), containers.end(), checked) ||
                            since() >= time_to_be_stable(request_.start_seconds);
        return stable ? std::optional{conclude(containers)} : std::nullopt;
    }

    /// What a container does not do yet, by the name of the gate.
    [[nodiscard]] std::optional<Failure> what_it_waits_for(const Container& container) const {
        if (!container.running()) {
            return Failure{"running", fmt::format("{} is {}", container.name, container.status)};
        }
        const bool sick_before = past_of(container).unhealthy && container.health == "unhealthy";
        if (checked(container) && container.health != "healthy" && !sick_before) {
            return Failure{"healthy", fmt::format("the health of {} is {}", container.name,
                                                  container.health.empty() ? "unknown" : container.health)};
        }
        if (request_.ports.empty() || !request_.listening) {
            return std::nullopt;
        }
        const auto now = request_.listening(container);
        std::vector<int> missing;
        if (now) {
            std::set_difference(request_.ports.begin(), request_.ports.end(), now->begin(), now->end(),
                                std::back_inserter(missing));
        }
        return missing.empty()
                   ? std::nullopt
                   : std::optional{Failure{"listening", fmt::format("{} does not listen on {}, as it did",
                                                                    container.name, fmt::join(missing, ", "))}};
    }

    [[nodiscard]] GateResult conclude(const std::vector<Container>& containers) const {
        bool held = !containers.empty();
        for (const Container& container : containers) {
            auto missing = limits_not_in_force(request_.resolved, container.limits, request_.swap_limit);
            if (request_.held_to) {
                const KernelLimits kernel = request_.held_to(container);
                held = held && kernel.known();
                for (std::string& line : limits_not_held(request_.resolved, kernel, request_.swap_limit)) {
                    missing.push_back("the kernel's " + std::move(line));
                }
            }
            if (!missing.empty()) {
                return fail("limits", container.name, fmt::format("{}", fmt::join(missing, "; ")));
            }
        }
        const bool healthy = std::any_of(containers.begin(), containers.end(), checked);
        const bool sick = std::any_of(containers.begin(), containers.end(),
                                      [](const Container& one) { return one.running() && one.health == "unhealthy"; });
        return {true,
                fmt::format("{} runs, {},{} without a restart{}{}", request_.service,
                            sick      ? "unhealthy as it was before"
                            : healthy ? fmt::format("healthy after {}", format_duration(since()))
                                      : fmt::format("stable for {}", format_duration(since())),
                            request_.ports.empty() || !request_.listening
                                ? ""
                                : fmt::format(" listens on {},", fmt::join(request_.ports, ", ")),
                            asks_for_limits() ? "; its limits are read back as asked" : "",
                            asks_for_limits() && request_.held_to && held ? ", from the kernel, too" : ""),
                since(), served_.value_or(since())};
    }

    [[nodiscard]] bool asks_for_limits() const { return declared_limits(request_.resolved) != Limits{}; }

    Engine& engine_;
    const Clock& clock_;
    const GateRequest& request_;
    std::chrono::steady_clock::time_point begin_;
    std::optional<Seconds> served_;
};

}  // namespace

std::optional<Failure> failure_of(const Container& container, const Past& past) {
    if (past.ended && has_ended(container) && *past.ended == container.finished) {
        return std::nullopt;
    }
    if (container.oom_killed && !past.oom_killed) {
        return Failure{"no OOM kill", "a process of it was killed for lack of memory"};
    }
    if (container.restart_count > past.restarts) {
        return Failure{"no restart", fmt::format("it restarted {} times", container.restart_count - past.restarts)};
    }
    if (has_ended(container)) {
        return Failure{"running", fmt::format("it ended with {}", container.exit_code)};
    }
    if (container.health == "unhealthy" && !past.unhealthy) {
        return Failure{"healthy", "its health check says unhealthy"};
    }
    return std::nullopt;
}

Pasts pasts_of(Engine& engine, const std::string& project, const std::string& service) {
    Pasts pasts;
    for (const Container& container : observed_now(engine, project, service).containers) {
        // The engine counts anew from when one that had ended is started: moby, daemon/start.go, containerStart().
        pasts[container.id] = has_ended(container) ? Past{0, false, container.finished, false}
                                                   : Past{container.restart_count, container.oom_killed, std::nullopt,
                                                          container.health == "unhealthy"};
    }
    return pasts;
}

void keep_standing(Pasts& pasts, const std::set<std::string>& stood) {
    std::erase_if(pasts, [&](const auto& one) { return !one.second.ended && !stood.contains(one.first); });
}

Seconds time_to_be_healthy(const Container& container, double start_seconds) {
    constexpr Seconds kLeast{30};
    constexpr Seconds kMost{600};
    // The engine's own defaults: 30 s between probes, 30 s for one, 3 of them.
    const Healthcheck check = container.healthcheck.value_or(Healthcheck{});
    const auto or_default = [](Seconds value, double otherwise) {
        return value.count() > 0 ? value : Seconds{otherwise};
    };
    const int retries = check.retries > 0 ? check.retries : 3;
    const Seconds allowed = check.start_period + (or_default(check.interval, 30) + or_default(check.timeout, 30)) *
                                                     static_cast<double>(retries);
    return std::clamp(2 * std::max(allowed, Seconds{start_seconds}), kLeast, kMost);
}

Seconds time_to_be_stable(double start_seconds) { return std::clamp(Seconds{start_seconds}, Seconds{5}, Seconds{30}); }

Seconds time_to_listen(double start_seconds) {
    return std::clamp(2 * Seconds{start_seconds}, Seconds{30}, Seconds{600});
}

std::vector<std::string> limits_not_in_force(const Json& resolved, const Limits& limits, bool swap_limit) {
    const Limits asked = declared_limits(resolved);
    std::vector<std::string> wrong;
    const auto compare_size = [&](const char* name, Bytes wanted, Bytes actual) {
        if (wanted > 0 && wanted != actual) {
            wrong.push_back(fmt::format("{} is {}, not {}", name, as_size(actual), as_size(wanted)));
        }
    };
    const auto compare = [&](const char* name, double wanted, double actual) {
        if (wanted > 0 && std::abs(wanted - actual) > 1e-6) {
            wrong.push_back(fmt::format("{} is {}, not {}", name, actual, wanted));
        }
    };
    compare_size("memory", asked.memory, limits.memory);
    if (swap_limit) {
        compare_size("memory with swap", asked.memory_swap, limits.memory_swap);
    }
    compare_size("memory reservation", asked.memory_reservation, limits.memory_reservation);
    compare_size("shm_size", asked.shm_size, limits.shm_size);
    compare("CPUs", asked.cpus, limits.cpus);
    compare("CPU weight", static_cast<double>(asked.cpu_shares), static_cast<double>(limits.cpu_shares));
    compare("pids", static_cast<double>(asked.pids), static_cast<double>(limits.pids));
    return wrong;
}

std::vector<std::string> limits_not_held(const Json& resolved, const KernelLimits& held, bool swap_limit) {
    const Limits asked = declared_limits(resolved);
    constexpr Bytes kLargestPage = kMiB / 16;
    std::vector<std::string> wrong;
    const auto compare_size = [&](const char* name, Bytes wanted, std::optional<Bytes> actual) {
        if (wanted > 0 && actual && (*actual > wanted || *actual <= wanted - kLargestPage)) {
            wrong.push_back(fmt::format("{} is {}, not {}", name, as_size(*actual), as_size(wanted)));
        }
    };
    compare_size("memory", asked.memory, held.memory);
    if (swap_limit) {
        compare_size("memory with swap", asked.memory_swap, held.memory_swap);
    }
    if (asked.cpus > 0 && held.cpus && std::abs(asked.cpus - *held.cpus) > 1e-3) {
        wrong.push_back(fmt::format("CPU quota is {}, not {}", *held.cpus, asked.cpus));
    }
    if (asked.pids > 0 && held.pids && *held.pids != asked.pids) {
        wrong.push_back(fmt::format("pids is {}, not {}", *held.pids, asked.pids));
    }
    return wrong;
}

GateResult pass_gate(Engine& engine, const Clock& clock, const GateRequest& request) {
    return Gate{engine, clock, request}.wait();
}

}  // namespace pilotpros
