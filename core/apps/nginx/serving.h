#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/application.h"
#include "core/apps/nginx/facts.h"

namespace pilotpros::apps::nginx {

/// Where it connects to, by "host:port".
enum class Reach { kUnknown, kReachable, kNoSuchName, kNotConnected };
NLOHMANN_JSON_SERIALIZE_ENUM(Reach, {{Reach::kUnknown, "unknown"},
                                     {Reach::kReachable, "reachable"},
                                     {Reach::kNoSuchName, "no such name"},
                                     {Reach::kNotConnected, "not connected"}})

struct Served {
    int workers = 0;  ///< worker processes
    std::map<std::string, Reach> upstreams;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Served, workers, upstreams)

/// The host and port of each server that its upstreams and proxies name: {"api", "3000"}; those with a variable, and
/// Unix sockets, left out. Pure.
std::vector<std::pair<std::string, std::string>> connections(const Facts& facts);

/// What the script said: a line "HOST PORT reachable|name|not|unknown" each. Pure.
std::map<std::string, Reach> read_reached(const std::string& output);

/// Looks each name up and connects to each port, from inside the container and by what it has for that (bash, nc or
/// curl); no byte is sent.
Serving serving(Asking& asking, const nlohmann::json& facts);
/// An upstream that could not be reached before is said, not failed. Pure.
ServedAgain served_again(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace pilotpros::apps::nginx
