#include "core/advise/check_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/advise/compose_limits.h"
#include "core/advise/memlock.h"
#include "core/advise/memory_flags.h"
#include "core/advise/service_state.h"
#include "core/advise/wished.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Severity = Finding::Severity;

constexpr Bytes kEngineLeast = Bytes{6} << 20U;
constexpr const char* kDocker = "https://docs.docker.com/engine/containers/resource_constraints/";
constexpr const char* kCompose = "https://docs.docker.com/reference/compose-file/deploy/#resources";

/// A number that can be typed, which a rounded "1.44 GiB" is not.
std::string in_mebibytes(Bytes bytes) {
    return bytes % kMiB == 0 ? fmt::format("{} MiB", bytes / kMiB) : format_bytes(bytes);
}

/// The findings of one service.
class Checker {
  public:
    Checker(const Case& input, const Service& service)
        : input_(input), service_(service), declared_(declared_bounds(&service)) {}

    std::vector<Finding> inconsistent() {
        memory();
        swap();
        cpus();
        dialects();
        flags();
        if (auto found = heap_not_lockable(service_)) {
            findings_.push_back(std::move(*found));
        }
        return std::move(findings_);
    }

    std::vector<Finding> missing() {
        if (!declared_.memory) {
            add("no-memory-limit", Severity::kWarning, "it has no memory limit",
                "when it grows, the kernel kills whatever it chooses on the whole machine",
                "docker pilotpros limits    # measures it under load and says how much\n" +
                    lines_for(service_.name, limit_target(declared_.dialect, "memory"), "SIZE"),
                kDocker);
        }
        return std::move(findings_);
    }

  private:
    void add(const char* id, Severity severity, std::string what, std::string harm, std::string fix,
             const char* source) {
        findings_.push_back({service_.name, id, severity, std::move(what), std::move(harm), std::move(fix), source});
    }

    [[nodiscard]] std::string line(const std::string& key, const std::string& value) const {
        const std::string flat = limit_target(Dialect::kFlat, key).path.front();
        const auto& both = declared_.in_both;
        const bool twice = std::find(both.begin(), both.end(), key) != both.end();
        if (!twice && !member(service_.resolved, flat.c_str()).is_null()) {
            return flat_line(flat, value);
        }
        return lines_for(service_.name, limit_target(twice ? Dialect::kDeploy : declared_.dialect, key), value) +
               (twice ? fmt::format("\n# and take {} out", flat) : "");
    }

    [[nodiscard]] std::string flat_line(const std::string& key, const std::string& value) const {
        return lines_for(service_.name, {Target::Kind::kCompose, {key}}, value);
    }

    [[nodiscard]] std::string reservation_line(Bytes bytes) const {
        const Target deployed{Target::Kind::kCompose, {"deploy", "resources", "reservations", "memory"}};
        const bool flat =
            declared_.dialect == Dialect::kFlat || !member(service_.resolved, "mem_reservation").is_null();
        return flat ? flat_line("mem_reservation", compose_size(bytes))
                    : lines_for(service_.name, deployed, compose_size(bytes));
    }

    void memory() {
        const auto& memory = declared_.memory;
        if (memory && *memory < kEngineLeast) {
            add("memory-limit-too-small", Severity::kError,
                fmt::format("its memory limit is {}", format_bytes(*memory)),
                "the Engine refuses less than 6 MiB: the container is not created", line("memory", "64m"), kDocker);
        }
        if (memory && declared_.memory_reservation && *declared_.memory_reservation > *memory) {
            add("reservation-above-limit", Severity::kError,
                fmt::format("it reserves {} of memory and is limited to {}",
                            format_bytes(*declared_.memory_reservation), format_bytes(*memory)),
                "the Engine refuses it: the container is not created", reservation_line(*memory / 2), kDocker);
        }
        if (memory && declared_.shm_size && *declared_.shm_size > *memory) {
            add("shm-above-limit", Severity::kWarning,
                fmt::format("its /dev/shm may grow to {}, its memory limit is {}", format_bytes(*declared_.shm_size),
                            format_bytes(*memory)),
                "what lies in /dev/shm counts as its memory: filling it gets the service killed",
                flat_line("shm_size", compose_size(*memory / 4)), kDocker);
        }
    }

    void swap() {
        const auto& both = declared_.memory_swap;
        if (!both || *both == -1) {
            return;
        }
        if (!declared_.memory) {
            add("memswap-without-memory", Severity::kError,
                fmt::format("memswap_limit is {} and there is no memory limit", format_bytes(*both)),
                "the Engine refuses it: the container is not created", line("memory", compose_size(*both)), kDocker);
        } else if (*both < *declared_.memory) {
            add("memswap-below-memory", Severity::kError,
                fmt::format("memswap_limit, memory and swap together, is {}, less than the memory limit of {}",
                            format_bytes(*both), format_bytes(*declared_.memory)),
                "the Engine refuses it: the container is not created",
                flat_line("memswap_limit", compose_size(*declared_.memory)), kDocker);
        }
    }

    /// `cpus: 0` is gone from what Compose resolves; as written it still stands there.
    [[nodiscard]] bool wrote_no_cpus() const {
        const nlohmann::json& written =
            member(member(input_.project.uninterpolated, "services"), service_.name.c_str());
        const nlohmann::json& limits = member(member(member(written, "deploy"), "resources"), "limits");
        const auto zero = [](const nlohmann::json& value) {
            return value.is_number()
                       ? value.get<double>() == 0
                       : value.is_string() &&
                             value.get_ref<const std::string&>().find_first_not_of("0.") == std::string::npos &&
                             !value.get_ref<const std::string&>().empty();
        };
        return zero(member(written, "cpus")) || zero(member(limits, "cpus"));
    }

    void cpus() {
        const double machine = input_.observation.engine ? input_.observation.engine->cpus : 0;
        const nlohmann::json& limits = member(member(member(service_.resolved, "deploy"), "resources"), "limits");
        const auto negative = [](const nlohmann::json& value) {
            return (value.is_number() && value.get<double>() < 0) || as_text(value).starts_with('-');
        };
        if (negative(member(service_.resolved, "cpus")) || negative(member(limits, "cpus"))) {
            add("cpus-negative", Severity::kError, "its CPU quota is below zero",
                "the Engine refuses it: the container is not created", line("cpus", "1"), kDocker);
        } else if (!declared_.cpus && wrote_no_cpus()) {
            add("cpus-zero", Severity::kWarning, "its CPU quota is 0", "0 means no quota at all: nothing is limited",
                line("cpus", "1") + "\n# or take the line out", kDocker);
        } else if (declared_.cpus && machine > 0 && *declared_.cpus > machine) {
            add("cpus-above-machine", Severity::kError,
                fmt::format("its CPU quota is {}, the machine has {}", *declared_.cpus, machine),
                "the Engine refuses it: the container is not created", line("cpus", fmt::format("{}", machine)),
                kDocker);
        }
        if (declared_.cpus && declared_.cpu_quota) {
            add("cpus-and-quota", Severity::kError, "it has both cpus and cpu_quota",
                "the Engine refuses both together: the container is not created",
                line("cpus", fmt::format("{}", *declared_.cpus)) + "\n# and take cpu_quota and cpu_period out",
                kDocker);
        }
        if (declared_.reserved_cpus) {
            add("reserved-cpus-ignored", Severity::kWarning,
                fmt::format("reservations.cpus of {} does nothing: Compose passes it to nobody outside Swarm",
                            *declared_.reserved_cpus),
                "the CPUs that it seems to guarantee are not guaranteed",
                flat_line("cpu_shares", "2048") +
                    "    # twice the weight of the others while CPUs are short\n# and take reservations.cpus out",
                kCompose);
        }
    }

    void dialects() {
        for (const std::string& key : declared_.in_both) {
            const std::string flat = limit_target(Dialect::kFlat, key).path.front();
            add("limit-in-both-dialects", Severity::kNote,
                fmt::format("{} and deploy.resources.limits.{} say the same", flat, key),
                "as soon as one of them is changed, Compose refuses the whole file",
                fmt::format("keep deploy.resources.limits.{}, take {} out", key, flat), kCompose);
        }
    }

    void flags() {
        for (const MemoryFlag& flag : memory_flags(service_)) {
            const Bytes memory = declared_.memory.value_or(0);
            const bool above = flag.bytes >= memory;
            if (memory == 0 || static_cast<double>(flag.bytes) < flag.dangerous * static_cast<double>(memory)) {
                continue;
            }
            add("memory-flag-above-limit", above ? Severity::kError : Severity::kWarning,
                fmt::format("{} in {} is {} ({}), its memory limit {}", flag.flag, flag.where, flag.value,
                            format_bytes(flag.bytes), format_bytes(memory)),
                above ? "it will be killed before it can use what it was told to"
                      : "what it needs besides does not fit: it will be killed instead of reporting an error",
                fmt::format("{} at most {}, or\n{}", flag.flag, in_mebibytes(most_within(flag, memory)),
                            line("memory", compose_size(round_up(least_limit(flag))))),
                kDocker);
        }
    }

    const Case& input_;
    const Service& service_;
    DeclaredLimits declared_;
    std::vector<Finding> findings_;
};

bool excluded(const Case& input, const std::string& service) {
    const auto wish = input.wishes.find(service);
    return wish != input.wishes.end() && wish->second.excludes("limits");
}

template <typename Visit>
void each_service(const Case& input, Visit visit) {
    for (const auto& [name, service] : input.project.services) {
        if (!service.profiled_out && !excluded(input, name)) {
            visit(service);
        }
    }
}

}  // namespace

std::vector<Finding> inconsistent_limits(const Case& input) {
    std::vector<Finding> all;
    each_service(input, [&](const Service& service) {
        std::vector<Finding> found = Checker(input, service).inconsistent();
        std::move(found.begin(), found.end(), std::back_inserter(all));
    });
    return all;
}

Advice check_limits(const Case& input) {
    Advice advice;
    each_service(input, [&](const Service& service) {
        if (!is_job(input.project.services, service.name)) {
            advice.add({{}, Checker(input, service).missing(), {}});
        }
        advice.add({{}, Checker(input, service).inconsistent(), {}});
    });
    return within_wishes(input, std::move(advice), [&](const std::string& service, const std::string& who) {
        return who == "limits" && !excluded(input, service);
    });
}

}  // namespace pilotpros
