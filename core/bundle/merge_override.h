#pragma once

#include <set>
#include <string>

namespace pilotpros {

/// How much of what stands a fresh override replaces.
enum class Replace {
    kServices,  ///< all that stands of a service that the fresh one has: every advisor was asked
    kValues,    ///< only the values that the fresh one has: what other advisors wrote of the service stays
};

/// The override for every service: what stands in ours for other services stays. Both texts are of our own making (see
/// compose_override.h); a list that Compose adds to the user's own is added to here, too.
std::string merge_override(const std::string& standing, const std::string& fresh, Replace replace);

/// The override with the part of each of these services as `before` has it, which may be none; what stands of other
/// services stays. Both texts are of our own making. Empty when no service is left.
std::string take_back_services(const std::string& standing, const std::string& before,
                               const std::set<std::string>& services);

}  // namespace pilotpros
