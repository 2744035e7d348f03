#include "core/apps/nginx/serving.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/apps/asking.h"

namespace pilotpros::apps::nginx {

namespace {

/// All at once; each gives up after three seconds. Hosts and ports are arguments, never part of the text.
constexpr const char* kConnect = R"sh(
known() { ! command -v getent >/dev/null 2>&1 || getent ahosts "$1" >/dev/null 2>&1 || getent hosts "$1" >/dev/null 2>&1; }
connect() {
  if command -v bash >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
    timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" >/dev/null 2>&1
  elif command -v nc >/dev/null 2>&1; then nc -z -w 3 "$1" "$2" </dev/null >/dev/null 2>&1
  elif command -v curl >/dev/null 2>&1; then
    case $(curl -s -o /dev/null --connect-timeout 3 -m 4 -w '%{time_connect}' "telnet://$1:$2" </dev/null) in *[1-9]*) ;; *) return 1 ;; esac
  else return 9; fi
}
look() {
  if ! known "$1"; then echo "$1 $2 name"; return; fi
  connect "$1" "$2"
  case $? in 0) echo "$1 $2 reachable" ;; 9) echo "$1 $2 unknown" ;; *) echo "$1 $2 not" ;; esac
}
while [ $# -ge 2 ]; do look "$1" "$2" & shift 2; done
wait
)sh";

/// "api:3000", "[::1]:80", "api": host and port.
std::pair<std::string, std::string> split(const std::string& address, const std::string& default_port) {
    const std::size_t bracket = address.rfind(']');
    const std::size_t colon = address.rfind(':');
    const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
    std::string host = has_port ? address.substr(0, colon) : address;
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return {host, has_port ? address.substr(colon + 1) : default_port};
}

bool is_port(const std::string& text) {
    return !text.empty() && text.size() <= 5 &&
           std::all_of(text.begin(), text.end(), [](char letter) { return letter >= '0' && letter <= '9'; });
}

const char* reach_in_words(Reach reach) {
    return reach == Reach::kNoSuchName ? "its name is not known" : "it takes no connection";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> connections(const Facts& facts) {
    std::vector<std::pair<std::string, std::string>> result;
    const auto add = [&](const std::string& address, const std::string& default_port) {
        // What was not fit for print or is no address stands as one of these.
        if (address.empty() || address == "variable" || address == "unix socket" || address == "…") {
            return;
        }
        auto one = split(address, default_port);
        if (is_port(one.second) && std::find(result.begin(), result.end(), one) == result.end()) {
            result.push_back(std::move(one));
        }
    };
    for (const Upstream& upstream : facts.upstreams) {
        for (const std::string& server : upstream.servers) {
            add(server, "80");
        }
    }
    for (const ServerBlock& server : facts.servers) {
        for (const Location& location : server.locations) {
            const bool is_upstream =
                std::any_of(facts.upstreams.begin(), facts.upstreams.end(),
                            [&](const Upstream& upstream) { return upstream.name == location.target; });
            if (!is_upstream) {
                add(location.target, location.scheme == "https" || location.scheme == "grpcs" ? "443" : "80");
            }
        }
    }
    return result;
}

std::map<std::string, Reach> read_reached(const std::string& output) {
    std::map<std::string, Reach> reached;
    std::istringstream lines(output);
    std::string host;
    std::string port;
    for (std::string said; lines >> host >> port >> said;) {
        reached[fmt::format("{}:{}", host, port)] = said == "reachable" ? Reach::kReachable
                                                    : said == "name"    ? Reach::kNoSuchName
                                                    : said == "not"     ? Reach::kNotConnected
                                                                        : Reach::kUnknown;
    }
    return reached;
}

Serving serving(Asking& asking, const nlohmann::json& facts) {
    const Facts known = facts.get<Facts>();
    if (why_not_running(asking.evidence) || known.files.empty()) {
        return {};
    }
    Served served;
    served.workers = known.workers;
    std::vector<std::string> command{"sh", "-c", kConnect, "sh"};
    for (const auto& [host, port] : connections(known)) {
        command.push_back(host);
        command.push_back(port);
        served.upstreams[fmt::format("{}:{}", host, port)] = Reach::kUnknown;
    }
    if (!served.upstreams.empty()) {
        for (const auto& [address, reach] : read_reached(run(asking, command, std::chrono::seconds{15}).output)) {
            served.upstreams[address] = reach;
        }
    }
    return {served, Seconds{0}};
}

ServedAgain served_again(const nlohmann::json& before, const nlohmann::json& now) {
    const auto earlier = before.get<Served>();
    const auto later = now.get<Served>();
    ServedAgain result;
    if (earlier.workers > 0 && later.workers == 0) {
        result.missing.emplace_back("no worker process runs");
    }
    for (const auto& [address, reach] : later.upstreams) {
        if (reach == Reach::kReachable) {
            continue;
        }
        const auto found = earlier.upstreams.find(address);
        const Reach was = found == earlier.upstreams.end() ? Reach::kUnknown : found->second;
        if (reach == Reach::kUnknown) {
            result.noted.push_back(fmt::format("whether {} can be reached could not be asked", address));
        } else if (was == Reach::kReachable) {
            result.missing.push_back(
                fmt::format("its upstream {} cannot be reached: {}", address, reach_in_words(reach)));
        } else {
            result.noted.push_back(fmt::format("its upstream {} cannot be reached ({}){}", address,
                                               reach_in_words(reach), was == Reach::kUnknown ? "" : ", as before"));
        }
    }
    return result;
}

}  // namespace pilotpros::apps::nginx
