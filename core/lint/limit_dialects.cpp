#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

#include "core/lint/as_written.h"
#include "core/lint/registry.h"
#include "core/model/advice.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

struct BothWays {
    const char* flat;
    const char* deployed;
    bool size;
};
constexpr std::array<BothWays, 3> kBothWays{
    {{"mem_limit", "memory", true}, {"cpus", "cpus", false}, {"pids_limit", "pids", false}}};

/// Nothing for what is not set, is filled in later, or is no number.
std::optional<double> amount(const Json& value, bool size) {
    const std::string written = value.is_null() ? std::string{} : as_text(value);
    if (size) {
        const auto bytes = parse_size(written);
        return bytes ? std::optional{static_cast<double>(*bytes)} : std::nullopt;
    }
    double number = 0;
    const char* const end = written.data() + written.size();
    const auto [rest, error] = std::from_chars(written.data(), end, number);
    return error == std::errc{} && rest == end && !written.empty() ? std::optional{number} : std::nullopt;
}

std::vector<Spot> look_limits_contradict(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const Json& limits = member(member(member(service.resolved, "deploy"), "resources"), "limits");
        for (const BothWays& one : kBothWays) {
            const Json& single = member(service.resolved, one.flat);
            const Json& deployed = member(limits, one.deployed);
            const auto flat = amount(input.defaults ? with_defaults(single) : single, one.size);
            const auto other = amount(input.defaults ? with_defaults(deployed) : deployed, one.size);
            const bool defaults = has_variable(single.dump() + deployed.dump());
            const bool judged = flat && (other || deployed.is_null());
            if (limits.is_object() && judged && *flat > 0 && (!other || *other != *flat)) {
                spots.push_back(
                    {name,
                     fmt::format("{} is {}, deploy.resources.limits{}{}", one.flat, as_text(single),
                                 other ? fmt::format(".{} {}", one.deployed, as_text(deployed))
                                       : fmt::format(" has no {}", one.deployed),
                                 defaults ? ", by the defaults in ${...}" : ""),
                     fmt::format("one of them: deploy.resources.limits.{}, and no {}", one.deployed, one.flat)});
            }
        }
    }
    return spots;
}

}  // namespace

LintRules limit_dialects_rules() {
    return {{"limits-contradict", Finding::Severity::kError, "a limit stands in two ways of writing, and differs",
             "Compose refuses the whole project: can't set distinct values",
             "https://docs.docker.com/reference/compose-file/deploy/#resources", look_limits_contradict, "", true}};
}

}  // namespace pilotpros::linting
