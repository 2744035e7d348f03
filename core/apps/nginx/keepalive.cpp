#include "core/apps/nginx/keepalive.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace pilotpros::apps::nginx {

namespace {

constexpr const char* kMap = "  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }";

/// What is asked without keeping the connection.
struct Target {
    std::string scheme, address;  ///< host, with a port or without; or an upstream's name
    bool upgrades = false;        ///< in some location
    bool own_host = false;        ///< some location lets nginx take the Host from proxy_pass
};

std::string host_of(const std::string& address) {
    return address.ends_with(']') ? address : address.substr(0, address.rfind(':'));
}

/// A group's name that neither another of the told ones has nor one that is there: a second one is refused.
std::string group_name(const Facts& facts, const Target& target, const std::vector<Target>& all,
                       std::set<std::string>& taken) {
    const auto as_name = [](std::string text) {
        std::replace_if(
            text.begin(), text.end(), [](char c) { return c == ':' || c == '[' || c == ']' || c == '*'; }, '-');
        return text + "-kept";
    };
    const std::string host = host_of(target.address);
    const auto same = std::count_if(all.begin(), all.end(), [&](const Target& other) {
        return upstream_named(facts, other.address) == nullptr && host_of(other.address) == host;
    });
    std::string name = as_name(same > 1 ? target.address : host);
    for (int more = 2; upstream_named(facts, name) != nullptr || !taken.insert(name).second; ++more) {
        name = as_name(target.address) + std::to_string(more);
    }
    return name;
}

/// Those of proxy_pass that are known. `hidden`: there are others, of which nothing could be told but what is theirs.
std::vector<Target> not_kept(const Facts& facts, bool& hidden) {
    std::vector<Target> targets;
    for (const ServerBlock& server : facts.servers) {
        for (const Location& location : server.locations) {
            const Upstream* const group = upstream_named(facts, location.target);
            const bool kept = group != nullptr && group->keepalive > 0 &&
                              (location.http_version == "1.1" || is_at_least(facts.version, 1, 29, 7)) &&
                              (location.connection == "empty" || location.connection == "variable");
            const bool proxies = location.scheme == "http" || location.scheme == "https";
            if (kept || location.target == "variable") {
                continue;
            }
            if (!proxies || location.target == "unix socket" || location.target == "…") {
                hidden = true;
                continue;
            }
            auto entry = std::find_if(targets.begin(), targets.end(), [&](const Target& one) {
                return one.scheme == location.scheme && one.address == location.target;
            });
            if (entry == targets.end()) {
                entry = targets.insert(entry, Target{location.scheme, location.target});
            }
            entry->upgrades = entry->upgrades || !location.upgrade.empty();
            entry->own_host = entry->own_host || location.host.empty() || location.host == "$proxy_host";
        }
    }
    std::sort(targets.begin(), targets.end(), [](const Target& one, const Target& other) {
        return std::tie(one.address, one.scheme) < std::tie(other.address, other.scheme);
    });
    return targets;
}

}  // namespace

Keepalive keepalive_of(const Facts& facts) {
    Keepalive told;
    const std::vector<Target> targets = not_kept(facts, told.hidden);
    if (targets.empty()) {
        return told;
    }
    const bool upgrades = std::any_of(targets.begin(), targets.end(), [](const Target& one) { return one.upgrades; });
    const bool resolves = is_at_least(facts.version, 1, 27, 3);
    std::vector<std::string>& names = told.targets;
    std::set<std::string> taken;
    std::string http = upgrades ? std::string{kMap} + "\n" : std::string{};
    std::string groups;
    std::string below = "in the locations:\n";
    bool resolver = false;
    for (const Target& target : targets) {
        if (std::find(names.begin(), names.end(), target.address) == names.end()) {
            names.push_back(target.address);
        }
        if (const Upstream* const group = upstream_named(facts, target.address)) {
            // Its other lines are the user's: weights, backups and the way to choose must not be lost.
            if (group->keepalive == 0 && taken.insert(group->name).second) {
                groups +=
                    fmt::format("in the upstream {}, as the last line of its block:\n  keepalive 32;\n", group->name);
            }
            continue;
        }
        const std::string name = group_name(facts, target, targets, taken);
        const bool has_port = host_of(target.address) != target.address;
        const std::string port = has_port ? "" : target.scheme == "https" ? ":443" : ":80";
        http += fmt::format("  upstream {} {{ {}server {}{}{}; keepalive 32; }}\n", name,
                            resolves ? fmt::format("zone {} 64k; ", name) : "", target.address, port,
                            resolves ? " resolve" : "");
        resolver = resolver || resolves;
        below += fmt::format("  proxy_pass {}://{};  # for {}, with the path that stands there now\n", target.scheme,
                             name, target.address);
        if (target.own_host) {
            below += fmt::format("  proxy_set_header Host {};  # for {}, where no Host is set: it would be {}\n",
                                 target.address, target.address, name);
        }
        if (target.scheme == "https") {
            below += fmt::format("  proxy_ssl_name {};  # for {}, unless one is set: it would be {}\n",
                                 host_of(target.address), target.address, name);
        }
    }
    // A second resolver in the same place is refused.
    http += resolver && facts.resolver.empty() ? "  resolver 127.0.0.11 valid=10s ipv6=off;\n" : "";
    below += "  proxy_http_version 1.1;\n";
    below += upgrades ? "  proxy_set_header Connection $connection_upgrade;  # beside Upgrade $http_upgrade\n"
                      : "  proxy_set_header Connection \"\";\n";
    const std::string above = http.empty() ? "" : "in http (a file in conf.d is in it):\n" + http;
    told.lines = above + groups + below + kHeadersDropped;
    return told;
}

}  // namespace pilotpros::apps::nginx
