#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// The fields of a container's inspection that are another one's after it was made again from it, whatever is done:
/// its identity, its times and counts, what the engine gives it anew (addresses, host ports of its choosing, paths that
/// hold the ID), and the form in which its mounts were asked for (what is mounted, is compared).
const std::vector<std::string>& fields_that_must_differ();

/// Field by field what differs between two inspections, beside those: one line each, "HostConfig.Memory: 0, was
/// 134217728". Texts may be secrets and are not quoted; of the environment the variable is named. Pure.
std::vector<std::string> differences(const nlohmann::json& was, const nlohmann::json& is);

}  // namespace pilotpros
