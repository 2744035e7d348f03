#include "core/apps/nginx/advise.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/apps/nginx/facts.h"
#include "core/apps/nginx/keepalive.h"
#include "core/model/json.h"

namespace pilotpros::apps::nginx {

namespace {

using Json = nlohmann::json;
using Severity = Finding::Severity;

constexpr const char* kProxy = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html";
constexpr const char* kUpstream = "https://nginx.org/en/docs/http/ngx_http_upstream_module.html";
/// nginx's own way of writing time: "60", "60s", "5m", "1h 30m"; nothing when it is none.
std::optional<double> seconds_of(const std::string& text) {
    static const std::map<std::string, double> kUnits{{"ms", 1e-3}, {"", 1},     {"s", 1},
                                                      {"m", 60},    {"h", 3600}, {"d", 86400}};
    double total = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at != end) {
        if (*at == ' ') {
            ++at;
            continue;
        }
        double number = 0;
        const auto [rest, error] = std::from_chars(at, end, number);
        const char* const unit_end = std::find_if(rest, end, [](char c) { return c < 'a' || c > 'z'; });
        const auto unit = kUnits.find({rest, unit_end});
        if (error != std::errc{} || unit == kUnits.end()) {
            return std::nullopt;
        }
        total += number * unit->second;
        at = unit_end;
    }
    return text.empty() ? std::nullopt : std::optional{total};
}

/// 0 for what is none.
int whole_number(const std::string& text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// A size in nginx's writing, in MiB; 1 when it is not set.
double mebibytes_of(const std::string& text) {
    double number = 1;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{}) {
        return 1;
    }
    const std::string unit{rest, text.data() + text.size()};
    return unit == "g" || unit == "G"   ? number * 1024
           : unit == "m" || unit == "M" ? number
           : unit == "k" || unit == "K" ? number / 1024
                                        : number / 1024 / 1024;
}

class Reading {
  public:
    Reading(const Case& input, const ServiceObservation& service, Facts facts)
        : input_(input), service_(service), facts_(std::move(facts)) {}

    Advice advise() {
        workers();
        compression();
        keepalive();
        static_names();
        for (const ServerBlock& server : facts_.servers) {
            for (const Location& location : server.locations) {
                cache(location);
                upgrade(location);
                in_front_of_n8n(server, location);
            }
        }
        return std::move(advice_);
    }

  private:
    void find(const char* id, Severity severity, std::string what, std::string harm, std::string fix,
              const char* source) {
        advice_.findings.push_back(
            {service_.service, id, severity, std::move(what), std::move(harm), std::move(fix), source});
    }

    /// The hosts behind a location.
    [[nodiscard]] std::vector<std::string> hosts(const Location& location) const {
        std::vector<std::string> servers{location.target};
        if (const Upstream* const group = upstream_named(facts_, location.target)) {
            servers = group->servers;
        }
        for (std::string& server : servers) {
            server = server.substr(0, server.rfind(':'));
        }
        return servers;
    }

    [[nodiscard]] const ServiceObservation* service_named(const std::string& host) const {
        for (const ServiceObservation& one : input_.observation.services) {
            if (is_reached_as(input_, one, host)) {
                return &one;
            }
        }
        return nullptr;
    }

    [[nodiscard]] const Application* n8n_behind(const Location& location) const {
        for (const std::string& host : hosts(location)) {
            if (const ServiceObservation* const service = service_named(host)) {
                for (const Application& application : service->applications) {
                    if (application.kind == "n8n") {
                        return &application;
                    }
                }
            }
        }
        return nullptr;
    }

    /// worker_processes auto counts the machine's CPUs, whatever the container may use of them: nginx/docker-nginx#31.
    void workers() {
        double quota = service_.containers.empty() ? 0 : service_.containers.front().limits.cpus;
        if (const auto share = input_.budget.shares.find(service_.service); share != input_.budget.shares.end()) {
            quota = share->second.cpus > 0 && share->second.cpus < input_.budget.cpus ? share->second.cpus : quota;
        }
        const int cpus = input_.observation.engine ? input_.observation.engine->cpus : 0;
        const int wanted = static_cast<int>(std::ceil(quota));
        const int running = facts_.workers > 0                  ? facts_.workers
                            : facts_.worker_processes == "auto" ? cpus
                                                                : whole_number(facts_.worker_processes);
        if (quota <= 0 || running <= wanted) {
            return;
        }
        find(
            "workers-above-quota", Severity::kWarning,
            fmt::format("{} workers share {} CPUs (worker_processes {})", running, quota,
                        facts_.worker_processes.empty() ? "1" : facts_.worker_processes),
            "each takes memory, and together they use up the quota in a part of each tenth of a second, then all wait; "
            "the recipe sets quotas and leaves auto",
            fmt::format(
                "in the main context (nginx.conf; not also with -g, that is a duplicate):\n  worker_processes {};",
                wanted),
            "https://github.com/nginxinc/docker-nginx/issues/31");
    }

    /// Vite and Express 5 send JavaScript as text/javascript (RFC 9239); nginx compresses what the list names only.
    void compression() {
        const auto& types = facts_.gzip_types;
        const auto has = [&](const char* type) { return std::find(types.begin(), types.end(), type) != types.end(); };
        if (!facts_.gzip || has("text/javascript") || has("*")) {
            return;
        }
        std::vector<std::string> all = types;
        if (all.empty()) {
            all = {"text/css", "text/plain", "text/xml", "application/javascript", "application/json", "image/svg+xml"};
        }
        all.emplace_back("text/javascript");
        std::erase(all, "text/html");  // always in; named again, nginx warns
        std::erase(all, "…");
        find("gzip-without-javascript", Severity::kWarning, "gzip is on, and its types lack text/javascript",
             "JavaScript that is sent under its registered type goes out uncompressed; the recipe's list lacks it, too",
             fmt::format("where gzip_types stands, or in http:\n  gzip_types {};", fmt::join(all, " ")),
             "https://www.rfc-editor.org/rfc/rfc9239");
    }

    /// Measured, 5000 requests: 5001 connections without, 17 with both lines, and half as many requests a second again.
    void keepalive() {
        const Keepalive told = keepalive_of(facts_);
        if (told.hidden) {
            advice_.left_alone.push_back({service_.service, "nginx", "keepalive",
                                          "no lines are told for gRPC, unix sockets and hosts that are not shown"});
        }
        if (!told.targets.empty()) {
            find("no-upstream-keepalive", Severity::kWarning,
                 fmt::format("every request to {} opens a connection of its own", fmt::join(told.targets, ", ")),
                 "in a laboratory 5001 connections for 5000 requests instead of 17, and a third fewer requests a "
                 "second; the recipe's Connection \"upgrade\" on every request does the same",
                 told.lines, kUpstream);
        }
    }

    /// A name is asked for once, at start and reload.
    void static_names() {
        std::set<std::string> names;
        for (const ServerBlock& server : facts_.servers) {
            for (const Location& location : server.locations) {
                const Upstream* const group = upstream_named(facts_, location.target);
                if (location.target == "variable" || (group != nullptr && group->resolves)) {
                    continue;
                }
                for (const std::string& host : hosts(location)) {
                    if (service_named(host) != nullptr) {
                        names.insert(host);
                    }
                }
            }
        }
        if (names.empty()) {
            return;
        }
        const bool resolves = is_at_least(facts_.version, 1, 27, 3);
        find("static-upstream-names", Severity::kNote,
             fmt::format("{} {} resolved once, when nginx starts", fmt::join(names, ", "),
                         names.size() == 1 ? "is" : "are"),
             "after such a service is replaced its old address is asked until nginx is reloaded, and nginx does not "
             "start "
             "while a name is missing; so do the recipe's lines",
             resolves
                 ? "in http:\n  resolver 127.0.0.11 valid=10s ipv6=off;\nin the upstream:\n  zone NAME 64k;\n  server "
                   "HOST:PORT resolve;"
                 : "this nginx cannot resolve anew inside an upstream (1.27.3 can): reload it after a service was "
                   "replaced:\n  docker compose exec " +
                       service_.service + " nginx -s reload",
             kUpstream);
    }

    /// Tried: the second user gets the first one's answer, X-Cache: HIT. nginx does not look at a request's
    /// Authorization (nginx/nginx#824); only what the upstream allows is safe to keep.
    void cache(const Location& location) {
        if (!location.cached || !location.cache_valid) {
            return;
        }
        find("cache-may-leak", Severity::kError,
             fmt::format("location {} keeps answers that its upstream did not allow to be kept (proxy_cache_valid)",
                         location.match),
             "one user's answer is served to the next: neither Authorization nor cookies are looked at; the recipe's "
             "cache "
             "on /api/ leaks in this very way",
             "in http:\n  map \"$http_authorization$http_cookie\" $skip_cache { \"\" 0; default 1; }\nin the location: "
             "take "
             "proxy_cache_valid out, and\n  proxy_cache_bypass $skip_cache;\n  proxy_no_cache $skip_cache;",
             "https://github.com/nginx/nginx/issues/824");
    }

    void upgrade(const Location& location) {
        if (location.upgrade.empty()) {
            return;
        }
        if (location.http_version != "1.1" && !is_at_least(facts_.version, 1, 29, 7)) {
            find("upgrade-without-http-1.1", Severity::kError,
                 fmt::format("location {} passes Upgrade on, but speaks HTTP/1.0 to {}", location.match,
                             location.target),
                 "no WebSocket comes about", "in the location:\n  proxy_http_version 1.1;",
                 "https://nginx.org/en/docs/http/websocket.html");
        }
        // Unset: 60 s. n8n pings every 60 s, Vite every 30 s: tried, an idle one is closed at exactly that time.
        const double timeout = seconds_of(location.read_timeout).value_or(60);
        const bool n8n = n8n_behind(location) != nullptr;
        if (timeout < 60 || (n8n && timeout <= 60)) {
            find("short-websocket-timeout", Severity::kWarning,
                 fmt::format("location {} upgrades, and closes a connection that is quiet for {} s", location.match,
                             timeout),
                 n8n ? "n8n pings every 60 s: its editor loses the connection now and then"
                     : "idle WebSockets are cut off; Vite's client reloads the page each time: the recipe's 10 s do "
                       "that",
                 "in the location:\n  proxy_read_timeout 3600s;\n  proxy_send_timeout 3600s;", kProxy);
        } else if (location.read_timeout.empty()) {
            find(
                "default-websocket-timeout", Severity::kNote,
                fmt::format("location {} upgrades, and closes a connection that is quiet for 60 s, nginx's default",
                            location.match),
                "a WebSocket whose two ends do not ping at least once a minute is cut off; the recipe's 10 s are worse",
                "in the location:\n  proxy_read_timeout 3600s;\n  proxy_send_timeout 3600s;", kProxy);
        }
    }

    [[nodiscard]] bool published_on_own_port(const ServerBlock& server) const {
        for (const Container& container : service_.containers) {
            for (const PortBinding& port : container.ports) {
                const std::string inside = port.container_port.substr(0, port.container_port.find('/'));
                const bool here = std::any_of(
                    server.listen.begin(), server.listen.end(),
                    [&](const std::string& listen) { return listen == inside || listen.ends_with(":" + inside); });
                if (here && port.host_port != "80" && port.host_port != "443" && !port.host_port.empty()) {
                    return true;
                }
            }
        }
        return false;
    }

    void in_front_of_n8n(const ServerBlock& server, const Location& location) {
        const Application* const n8n = n8n_behind(location);
        if (n8n == nullptr) {
            return;
        }
        // The editor's push connection compares Origin with Host, the port included (n8n#14653). Webhooks do not.
        const bool editor = !location.match.starts_with("/webhook") && !location.match.starts_with("/form");
        if (editor && (location.host == "$host" || location.host.empty()) && published_on_own_port(server)) {
            find("host-without-port", Severity::kWarning,
                 fmt::format("location {} tells n8n {}, and the port is lost", location.match,
                             location.host.empty() ? "the upstream's name as host" : "Host $host"),
                 "n8n's editor says \"Connection lost\": the browser's Origin has the port; the recipe's Host $host "
                 "does this",
                 "in the location:\n  proxy_set_header Host $http_host;\n  proxy_set_header X-Forwarded-Host "
                 "$http_host;\n  "
                 "proxy_set_header X-Forwarded-Proto $scheme;\nand N8N_PROXY_HOPS=1 for n8n; " +
                     std::string{kHeadersDropped},
                 "https://github.com/n8n-io/n8n/issues/14653");
        }
        const std::string size =
            server.client_max_body_size.empty() ? facts_.client_max_body_size : server.client_max_body_size;
        const std::string payload = text(member(n8n->facts, "values"), "N8N_PAYLOAD_SIZE_MAX");
        const double takes = payload.empty() ? 16 : std::max(1.0, mebibytes_of(payload + "m"));
        if (const double passes = mebibytes_of(size); passes > 0 && passes < takes && body_said_.insert(size).second) {
            find("body-smaller-than-n8n-takes", Severity::kWarning,
                 fmt::format("bodies above {} are refused, n8n takes {} MiB",
                             size.empty() ? "1m, nginx's default," : size, takes),
                 "a webhook with a larger body gets 413, and n8n never hears of it",
                 fmt::format("in the server, or the location of the webhooks:\n  client_max_body_size {}m;", takes),
                 "https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size");
        }
    }

    const Case& input_;
    const ServiceObservation& service_;
    Facts facts_;
    std::set<std::string> body_said_;
    Advice advice_;
};

}  // namespace

Advice advise(const Case& input, const ServiceObservation& service, const Json& facts) {
    const auto wish = input.wishes.find(service.service);
    if (wish != input.wishes.end() && wish->second.excludes("nginx")) {
        return {{}, {}, {{service.service, "nginx", "*", "excluded by x-pilotpros"}}};
    }
    const auto read = facts.get<Facts>();
    if (!read.is_read()) {
        return {
            {}, {}, {{service.service, "nginx", "*", "insufficient evidence: its configuration could not be read"}}};
    }
    Advice advice = Reading(input, service, read).advise();
    if (!read.complete) {
        advice.left_alone.push_back(
            {service.service, "nginx", "*", "only a part of its configuration could be read: the rest may hold more"});
    }
    return advice;
}

}  // namespace pilotpros::apps::nginx
