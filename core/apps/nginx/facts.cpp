#include "core/apps/nginx/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <tuple>

namespace pilotpros::apps::nginx {

namespace {

constexpr const char* kLower = "abcdefghijklmnopqrstuvwxyz_-";

bool only(const std::string& text, std::string_view letters) {
    return text.find_first_not_of(letters) == std::string::npos;
}

/// Sizes, times, numbers and switches: "16m", "30s", "auto", "4 100m".
std::string plain(const std::string& text) {
    return text.size() <= 24 && only(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-") ? text
                                                                                                                 : "…";
}

bool is_host(const std::string& text) {
    return !text.empty() && text.size() <= 128 &&
           only(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-[]*");
}

/// An inherited scope: own directives first, then those of what is around. proxy_set_header is inherited only as a
/// whole.
class Scope {
  public:
    Scope(const std::vector<Directive>& own, const Scope* around) : own_(own), around_(around) {}

    [[nodiscard]] const Directive* find(const std::string& name) const {
        const auto found =
            std::find_if(own_.begin(), own_.end(), [&](const Directive& one) { return one.name == name; });
        return found != own_.end() ? &*found : around_ != nullptr ? around_->find(name) : nullptr;
    }
    [[nodiscard]] std::string first(const std::string& name) const {
        const Directive* const found = find(name);
        return found == nullptr || found->arguments.empty() ? std::string{} : found->arguments.front();
    }
    [[nodiscard]] std::optional<std::string> header(const std::string& name) const {
        bool any = false;
        for (const Directive& one : own_) {
            if (one.name != "proxy_set_header" || one.arguments.size() != 2) {
                continue;
            }
            any = true;
            std::string given = one.arguments[0];
            std::transform(given.begin(), given.end(), given.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            if (given == name) {
                return one.arguments[1];
            }
        }
        return any || around_ == nullptr ? std::nullopt : around_->header(name);
    }

  private:
    const std::vector<Directive>& own_;
    const Scope* around_;
};

int number(const std::string& text) {
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

Upstream read_upstream(const Directive& directive) {
    Upstream upstream;
    upstream.name =
        directive.arguments.empty() || !is_host(directive.arguments.front()) ? "…" : directive.arguments.front();
    for (const Directive& one : directive.block) {
        if (one.name == "server" && !one.arguments.empty()) {
            const std::string& address = one.arguments.front();
            upstream.servers.push_back(address.rfind("unix:", 0) == 0 ? "unix socket"
                                       : is_host(address)             ? address
                                                                      : "…");
            upstream.resolves = upstream.resolves ||
                                std::find(one.arguments.begin(), one.arguments.end(), "resolve") != one.arguments.end();
        } else if (one.name == "keepalive" && !one.arguments.empty()) {
            upstream.keepalive = number(one.arguments.front());
        }
    }
    return upstream;
}

std::string connection_kind(const std::optional<std::string>& value) {
    if (!value) {
        return {};
    }
    std::string lower = *value;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.empty()) {
        return "empty";
    }
    return lower.front() == '$' ? "variable" : lower == "upgrade" ? "upgrade" : "other";
}

std::string host_kind(const std::optional<std::string>& value) {
    if (!value) {
        return {};
    }
    static const std::vector<std::string> kKnown{"$host",        "$http_host",         "$proxy_host",
                                                 "$server_name", "$host:$server_port", "$host:$proxy_port"};
    return std::find(kKnown.begin(), kKnown.end(), *value) != kKnown.end() ? *value : "other";
}

Location read_location(const Directive& directive, const Scope& scope, const std::string& pass) {
    Location location;
    location.match = printable_match(directive.arguments);
    std::tie(location.scheme, location.target) = proxy_target(pass);
    location.http_version = plain(scope.first("proxy_http_version"));
    const auto upgrade = scope.header("upgrade");
    location.upgrade = !upgrade ? "" : *upgrade == "$http_upgrade" ? "passed" : "fixed";
    location.connection = connection_kind(scope.header("connection"));
    location.host = host_kind(scope.header("host"));
    location.read_timeout = plain(scope.first("proxy_read_timeout"));
    location.buffering = scope.first("proxy_buffering") != "off";
    const std::string cache = scope.first("proxy_cache");
    location.cached = !cache.empty() && cache != "off";
    location.cache_valid = scope.find("proxy_cache_valid") != nullptr;
    return location;
}

/// proxy_pass stands in a location, or in an `if` within it.
std::string pass_of(const std::vector<Directive>& block) {
    for (const Directive& one : block) {
        if ((one.name == "proxy_pass" || one.name == "grpc_pass") && !one.arguments.empty()) {
            return one.arguments.front();
        }
        if (one.name == "if" || one.name == "limit_except") {
            if (std::string inner = pass_of(one.block); !inner.empty()) {
                return inner;
            }
        }
    }
    return {};
}

void read_locations(const std::vector<Directive>& block, const Scope& around, ServerBlock& server) {
    for (const Directive& one : block) {
        if (one.name != "location") {
            continue;
        }
        const Scope scope{one.block, &around};
        if (const std::string pass = pass_of(one.block); !pass.empty()) {
            server.locations.push_back(read_location(one, scope, pass));
        } else {
            ++server.other_locations;
        }
        read_locations(one.block, scope, server);
    }
}

ServerBlock read_server(const Directive& directive, const Scope& http) {
    ServerBlock server;
    const Scope scope{directive.block, &http};
    for (const Directive& one : directive.block) {
        if (one.name == "listen" && !one.arguments.empty()) {
            server.listen.push_back(one.arguments.front().rfind("unix:", 0) == 0 ? "unix socket"
                                    : is_host(one.arguments.front())             ? one.arguments.front()
                                                                                 : "…");
        } else if (one.name == "server_name") {
            for (const std::string& name : one.arguments) {
                server.names.push_back(!name.empty() && name.front() == '~' ? "~…" : is_host(name) ? name : "…");
            }
        }
    }
    server.client_max_body_size = plain(scope.first("client_max_body_size"));
    read_locations(directive.block, scope, server);
    return server;
}

}  // namespace

std::pair<std::string, std::string> proxy_target(const std::string& argument) {
    const auto colon = argument.find("://");
    std::string scheme = colon == std::string::npos ? std::string{} : argument.substr(0, colon);
    std::string rest = colon == std::string::npos ? argument : argument.substr(colon + 3);
    if (!only(scheme, kLower)) {
        scheme.clear();
    }
    if (rest.rfind("unix:", 0) == 0) {
        return {scheme, "unix socket"};
    }
    std::string authority = rest.substr(0, rest.find_first_of("/?#"));
    if (const auto at = authority.rfind('@'); at != std::string::npos) {
        authority.erase(0, at + 1);
    }
    if (authority.find('$') != std::string::npos) {
        return {scheme, "variable"};
    }
    return {scheme, is_host(authority) ? authority : "…"};
}

std::string printable_match(const std::vector<std::string>& arguments) {
    if (arguments.empty()) {
        return {};
    }
    const std::string& path = arguments.back();
    const std::string modifier = arguments.size() > 1 && only(arguments.front(), "=~*^") ? arguments.front() + " " : "";
    if (!modifier.empty() && modifier.front() == '~') {
        return modifier + "…";
    }
    if (path.empty() || (path.front() != '/' && path.front() != '@')) {
        return modifier + "…";
    }
    const auto slash = path.find('/', 1);
    const std::string first = path.substr(1, slash == std::string::npos ? slash : slash - 1);
    if (!only(first, kLower) || first.size() > 20) {
        return modifier + path.front() + "…";
    }
    const bool more = slash != std::string::npos && slash + 1 < path.size();
    return modifier + path.front() + first + (slash == std::string::npos ? "" : more ? "/…" : "/");
}

Facts read_facts(const Configuration& configuration) {
    Facts facts;
    facts.complete = configuration.complete;
    facts.files = configuration.files;
    const Scope main{configuration.directives, nullptr};
    facts.worker_processes = plain(main.first("worker_processes"));
    facts.worker_rlimit_nofile = plain(main.first("worker_rlimit_nofile"));
    if (const Directive* const events = main.find("events")) {
        facts.worker_connections = plain(Scope{events->block, nullptr}.first("worker_connections"));
    }
    for (const Directive& directive : configuration.directives) {
        if (directive.name != "http") {
            continue;
        }
        const Scope http{directive.block, &main};
        facts.keepalive_timeout = plain(http.first("keepalive_timeout"));
        facts.client_max_body_size = plain(http.first("client_max_body_size"));
        facts.gzip = http.first("gzip") == "on";
        facts.gzip_vary = http.first("gzip_vary") == "on";
        facts.gzip_level = plain(http.first("gzip_comp_level"));
        facts.sendfile = http.first("sendfile") == "on";
        const std::string open_files = http.first("open_file_cache");
        facts.open_file_cache = !open_files.empty() && open_files != "off";
        if (const Directive* const types = http.find("gzip_types")) {
            for (const std::string& type : types->arguments) {
                facts.gzip_types.push_back(only(type, "abcdefghijklmnopqrstuvwxyz0123456789/+.-*") ? type : "…");
            }
        }
        if (const std::string resolver = http.first("resolver"); !resolver.empty()) {
            facts.resolver = is_host(resolver) ? resolver : "…";
        }
        for (const Directive& one : directive.block) {
            if (one.name == "upstream") {
                facts.upstreams.push_back(read_upstream(one));
            } else if (one.name == "server") {
                facts.servers.push_back(read_server(one, http));
            }
            facts.cache_zones += one.name == "proxy_cache_path" ? 1 : 0;
        }
    }
    return facts;
}

std::vector<std::string> resolved_once(const Facts& facts) {
    std::vector<std::string> hosts;
    const auto add = [&](const std::string& address) {
        std::string host = address.substr(0, address.rfind(':'));
        if (!host.empty() && host != "variable" && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) {
            hosts.push_back(std::move(host));
        }
    };
    for (const Upstream& upstream : facts.upstreams) {
        for (const std::string& server : upstream.servers) {
            if (!upstream.resolves) {
                add(server);
            }
        }
    }
    for (const ServerBlock& server : facts.servers) {
        for (const Location& location : server.locations) {
            add(location.target);
        }
    }
    return hosts;
}

bool is_at_least(const std::string& version, int major, int minor, int patch) {
    int parts[3] = {0, 0, 0};
    const char* at = version.data();
    const char* const end = at + version.size();
    for (int& part : parts) {
        const auto [rest, error] = std::from_chars(at, end, part);
        if (error != std::errc{}) {
            break;
        }
        at = rest == end ? rest : rest + 1;
    }
    return std::make_tuple(parts[0], parts[1], parts[2]) >= std::make_tuple(major, minor, patch);
}

const Upstream* upstream_named(const Facts& facts, const std::string& name) {
    const auto found = std::find_if(facts.upstreams.begin(), facts.upstreams.end(),
                                    [&](const Upstream& one) { return one.name == name; });
    return found == facts.upstreams.end() ? nullptr : &*found;
}

std::vector<std::string> describe(const Facts& facts) {
    if (facts.version.empty()) {
        return {};
    }
    if (!facts.is_read()) {
        std::vector<std::string> lines{fmt::format("nginx {}, {} workers running", facts.version, facts.workers)};
        if (!facts.complaint.empty()) {
            lines.push_back("nginx -t refuses the configuration files as they are now: " + facts.complaint);
        }
        return lines;
    }
    std::size_t proxied = 0;
    bool cached = false;
    for (const ServerBlock& server : facts.servers) {
        proxied += server.locations.size();
        cached = cached || std::any_of(server.locations.begin(), server.locations.end(),
                                       [](const Location& one) { return one.cached; });
    }
    std::vector<std::string> lines{
        fmt::format("nginx {}, worker_processes {} ({} running), worker_connections {}", facts.version,
                    facts.worker_processes.empty() ? "1 by default" : facts.worker_processes, facts.workers,
                    facts.worker_connections.empty() ? "512 by default" : facts.worker_connections),
        fmt::format("{} server blocks, {} locations that proxy, gzip {}, cache {}", facts.servers.size(), proxied,
                    facts.gzip ? "on" : "off", cached ? "used" : "not used")};
    return lines;
}

}  // namespace pilotpros::apps::nginx
