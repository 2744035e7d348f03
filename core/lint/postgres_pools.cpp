#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/advise/service_state.h"
#include "core/lint/as_written.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

constexpr long kMaxConnections = 100;
constexpr long kReserved = 3;    // superuser_reserved_connections
constexpr long kN8nPool = 2;     // DB_POSTGRESDB_POOL_SIZE, docs.n8n.io/hosting/configuration/environment-variables
constexpr long kUsualPool = 10;  // node-postgres, HikariCP and SQLAlchemy's 5 with 10 more at most

struct Pools {
    long known = 0, clients = 0;       ///< connections that are known; how many clients do not say
    std::vector<std::string> parts;    ///< "n8n 20"
    std::vector<std::string> unknown;  ///< names of those clients
};

/// How many containers of it there are to be: as Compose resolves it, or as written where Compose did not.
long active_copies(const LintCase& input, const std::string& name) {
    const auto found = input.project.services.find(name);
    if (found != input.project.services.end()) {
        return found->second.profiled_out ? 0 : found->second.replicas;
    }
    const Json& service = input.services.at(name).resolved;
    for (const Json* written : {&member(service, "scale"), &member(member(service, "deploy"), "replicas")}) {
        if (const auto number = written->is_null() ? std::nullopt : whole_number(as_text(*written))) {
            return std::min(*number, 1000L);
        }
    }
    return 1;
}

/// The names under which a service reaches another one: its own, its container's, aliases on networks, and links.
std::set<std::string> names_for(const Service& service, const Service& other) {
    std::set<std::string> names{other.name};
    if (const std::string container = text(other.resolved, "container_name"); !container.empty()) {
        names.insert(container);
    }
    const Json& networks = member(other.resolved, "networks");
    for (const Json& network : networks.is_object() ? networks : Json::object()) {
        for (const std::string& alias : texts(network, "aliases")) {
            names.insert(alias);
        }
    }
    const std::string linked = other.name + ":";
    for (const std::string& link : texts(service.resolved, "links")) {
        if (link.starts_with(linked)) {
            names.insert(link.substr(linked.size()));
        }
    }
    return names;
}

/// n8n that asks this database.
bool asks(const Service& service, const Service& database) {
    return runs_n8n(service) && variable_of(service, "DB_TYPE").value_or("") == "postgresdb" &&
           names_for(service, database).contains(variable_of(service, "DB_POSTGRESDB_HOST").value_or(""));
}

bool waits_for(const Service& service, const std::string& database) {
    const Json& waits = member(service.resolved, "depends_on");
    return waits.is_object() ? waits.contains(database)
                             : waits.is_array() && std::find(waits.begin(), waits.end(), database) != waits.end();
}

/// Whether a variable of it holds a PostgreSQL address with this host, or PGHOST is it.
bool names_host(const Service& service, const std::string& database) {
    const std::string host = "@" + database;
    for (const auto& variable : member(service.resolved, "environment").items()) {
        const std::string value = as_text(variable.value());
        const std::size_t at = value.find(host);
        const char behind = at == std::string::npos || at + host.size() >= value.size() ? '/' : value[at + host.size()];
        if ((variable.key() == "PGHOST" && value == database) ||
            (value.starts_with("postgres") && value.find("://") != std::string::npos && at != std::string::npos &&
             (behind == '/' || behind == ':' || behind == '?'))) {
            return true;
        }
    }
    return false;
}

bool names_it(const Service& service, const Service& database) {
    const std::set<std::string> names = names_for(service, database);
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return names_host(service, name); });
}

/// What waits for a database, or is started behind it, and keeps no connections to it.
bool keeps_no_pool(const Service& service) {
    static const std::set<std::string> kOthers{"nginx",
                                               "traefik",
                                               "caddy",
                                               "haproxy",
                                               "httpd",
                                               "envoy",
                                               "adminer",
                                               "pgadmin4",
                                               "pgweb",
                                               "mailhog",
                                               "mailpit",
                                               "postgres-exporter",
                                               "postgres_exporter",
                                               "redis",
                                               "valkey",
                                               "memcached",
                                               "rabbitmq",
                                               "minio",
                                               "postgres-backup-local",
                                               "busybox",
                                               "alpine",
                                               "nginx-unprivileged",
                                               "cloudflared"};
    return kOthers.contains(image_name(service.image));
}

Pools pools_of(const LintCase& input, const std::string& database) {
    Pools pools;
    for (const auto& [name, service] : input.services) {
        const long replicas = active_copies(input, name);
        if (replicas == 0) {
            continue;
        }
        if (asks(service, input.services.at(database))) {
            const bool set = sets_variable(service, "DB_POSTGRESDB_POOL_SIZE");
            const auto pool = whole_number(variable_of(service, "DB_POSTGRESDB_POOL_SIZE").value_or(""));
            if (set && (!pool || *pool > kMaxConnections * kMaxConnections)) {
                continue;
            }
            const long each = pool.value_or(kN8nPool);
            pools.known += each * replicas;
            pools.parts.push_back(replicas == 1 ? fmt::format("{} {}", name, each)
                                                : fmt::format("{} {} x {}", name, replicas, each));
        } else if (!runs_n8n(service) &&
                   ((waits_for(service, database) && !keeps_no_pool(service)) ||
                    names_it(service, input.services.at(database))) &&
                   !is_job(input.services, name)) {
            pools.clients += replicas;
            pools.unknown.push_back(name);
        }
    }
    return pools;
}

/// The one PostgreSQL that clients can mean; empty: there is none, or more than one.
std::string only_postgres(const LintCase& input) {
    std::string only;
    for (const auto& [name, service] : input.services) {
        if (runs_postgres(service) && active_copies(input, name) > 0) {
            if (!only.empty()) {
                return {};
            }
            only = name;
        }
    }
    return only;
}

std::vector<Spot> look_pools(const LintCase& input) {
    const std::string name = only_postgres(input);
    if (name.empty()) {
        return {};
    }
    const Service& service = input.services.at(name);
    const auto settings = postgres_settings(service);
    const auto written = count_setting(settings, "max_connections");
    if (!written && (settings.contains("max_connections") || !shows_all_settings(service, settings))) {
        return {};
    }
    const long most = written.value_or(kMaxConnections);
    const long left = most - count_setting(settings, "superuser_reserved_connections").value_or(kReserved);
    const Pools pools = pools_of(input, name);
    const bool known = !pools.parts.empty() && pools.known > left - left / 10;
    // Whoever lowers max_connections has counted; with the default there is mostly more than is needed.
    const bool likely = written && pools.known + pools.clients * kUsualPool > left;
    if (!known && !likely) {
        return {};
    }
    const long wanted = pools.known + (known ? 0 : pools.clients * kUsualPool);
    std::vector<std::string> parts = pools.parts;
    if (!known) {
        for (const std::string& client : pools.unknown) {
            parts.push_back(fmt::format("{} {} if it says nothing else", client, kUsualPool));
        }
    }
    Spot spot{name,
              fmt::format("pools want {}{} connections ({}), max_connections leaves {} for them",
                          known ? "at least " : "", wanted, fmt::join(parts, ", "), left),
              fmt::format("smaller pools, or max_connections of at least {}", most - left + wanted + wanted / 4 + 1),
              "",
              {"pools-over-max-connections"}};
    if (known && pools.known > left) {
        spot.severity = Finding::Severity::kError;
    } else if (known) {
        spot.harm = "a backup, a migration or one more client meets \"too many clients already\"";
    }
    return {std::move(spot)};
}

}  // namespace

LintRules postgres_pools_rules() {
    return {{"pools-over-max-connections", Finding::Severity::kWarning,
             "the clients' pools want more connections than PostgreSQL has",
             "under load \"too many clients already\": requests fail, workflows with them",
             "https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS", look_pools,
             "an error where the pools that are known are too many by themselves"}};
}

}  // namespace pilotpros::linting
