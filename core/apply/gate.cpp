#include "core/apply/gate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/apply/asked_limits.h"
#include "core/apply/recreate.h"
#include "core/docker/json.h"
#include "core/model/units.h"
#include "core/observe/containers.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

std::string as_size(Bytes bytes) { return bytes == 0 ? "none" : format_bytes(bytes); }

/// What makes a container fail for good; empty while it may still pass.
std::string failure_of(const Container& container) {
    if (container.oom_killed) {
        return "a process of it was killed for lack of memory";
    }
    if (container.restart_count > 0) {
        return fmt::format("it restarted {} times", container.restart_count);
    }
    if (container.status == "exited" || container.status == "dead") {
        return fmt::format("it ended with {}", container.exit_code);
    }
    if (container.health == "unhealthy") {
        return "its health check says unhealthy";
    }
    return {};
}

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
            const auto until = clock_.steady() + kPause;
            while (clock_.steady() < until) {
                engine_.pump(kPause);
            }
        }
    }

  private:
    [[nodiscard]] Seconds since() const { return Seconds{clock_.steady() - begin_}; }

    [[nodiscard]] GateResult fail(const std::string& name, const std::string& why) const {
        return {false, fmt::format("{}: {}", name.empty() ? request_.service : name, why), since()};
    }

    std::optional<GateResult> judge(const std::vector<Container>& containers) {
        int ready = 0;
        Seconds longest = time_to_be_stable(request_.start_seconds) + Seconds{10};
        for (const Container& container : containers) {
            if (const std::string why = failure_of(container); !why.empty()) {
                return fail(container.name, why);
            }
            const bool good = checked(container) ? container.health == "healthy"
                                                 : since() >= time_to_be_stable(request_.start_seconds);
            ready += container.running() && good ? 1 : 0;
            if (checked(container)) {
                longest = std::max(longest, time_to_be_healthy(container, request_.start_seconds));
            }
        }
        if (ready >= request_.containers) {
            return conclude(containers);
        }
        if (since() > longest) {
            return fail("", fmt::format("not {} within {}", "running and healthy", format_duration(longest)));
        }
        return std::nullopt;
    }

    [[nodiscard]] GateResult conclude(const std::vector<Container>& containers) const {
        for (const Container& container : containers) {
            const auto missing = limits_not_in_force(request_.resolved, container.limits, request_.swap_limit);
            if (!missing.empty()) {
                return fail(container.name, fmt::format("{}", fmt::join(missing, "; ")));
            }
        }
        const bool healthy = std::any_of(containers.begin(), containers.end(), checked);
        return {true,
                fmt::format(
                    "{} runs, {}, without a restart; its limits are read back as asked", request_.service,
                    healthy ? "healthy after " + format_duration(since()) : "stable for " + format_duration(since())),
                since()};
    }

    Engine& engine_;
    const Clock& clock_;
    const GateRequest& request_;
    std::chrono::steady_clock::time_point begin_;
};

}  // namespace

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

std::vector<std::string> limits_not_in_force(const Json& resolved, const Limits& limits, bool swap_limit) {
    const Limits asked = asked_limits(resolved);
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

GateResult pass_gate(Engine& engine, const Clock& clock, const GateRequest& request) {
    return Gate{engine, clock, request}.wait();
}

}  // namespace pilotpros
