#include "core/advise/pools.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

const Application* find(const ServiceObservation& service, const char* kind) {
    const auto found = std::find_if(service.applications.begin(), service.applications.end(),
                                    [&](const Application& one) { return one.kind == kind && one.confidence >= 0.5; });
    return found == service.applications.end() ? nullptr : &*found;
}

std::optional<int> pool_number(const std::string& text) {
    int value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && rest == text.data() + text.size() && value > 0 ? std::optional{value} : std::nullopt;
}

/// The host of the database that this n8n asks, as far as the files say it; nothing where they do not: it may be a
/// file's content, or what a script sets.
std::optional<std::string> database_host(const Case& input, const ServiceObservation& service) {
    const Service* const of_files = input.service(service.service);
    const Json nothing;
    const Json& host =
        of_files == nullptr ? nothing : member(member(of_files->resolved, "environment"), "DB_POSTGRESDB_HOST");
    return host.is_string() && !host.get_ref<const std::string&>().empty() ? std::optional{host.get<std::string>()}
                                                                           : std::nullopt;
}

bool asks_postgres(const ServiceObservation& service) {
    const Application* const n8n = find(service, "n8n");
    return n8n != nullptr && text(n8n->facts, "database") == "postgresdb";
}

/// The server's own word for a setting that is a number; 0 where it said none.
int setting_number(const Json& facts, const char* name) {
    const Json& settings = member(facts, "settings");
    if (settings.is_array()) {
        for (const Json& setting : settings) {
            if (text(setting, "name") == name) {
                return pool_number(text(setting, "value")).value_or(0);
            }
        }
    }
    return 0;
}

/// What one container of it keeps open at most; nothing when it asks no PostgreSQL, or does not say.
std::optional<int> pool_of(const Case& input, const ServiceObservation& service, const ServiceObservation& database) {
    const auto host = asks_postgres(service) ? database_host(input, service) : std::nullopt;
    if (!host || !is_reached_as(input, database, *host)) {
        return std::nullopt;
    }
    const std::string set = text(member(find(service, "n8n")->facts, "values"), "DB_POSTGRESDB_POOL_SIZE");
    return set.empty() ? std::optional{2} : pool_number(set);
}

/// Services that wait for it, so that they are its clients, and that do not say how many connections they keep.
std::vector<std::string> unknown_pools(const Case& input, const std::string& database) {
    std::vector<std::string> names;
    for (const auto& [name, service] : input.project.services) {
        const ServiceObservation* const seen = input.observation.service(name);
        const bool says = seen != nullptr && find(*seen, "n8n") != nullptr;
        const Json& waits = member(service.resolved, "depends_on");
        if (!says && !service.profiled_out && waits.is_object() && waits.contains(database)) {
            names.push_back(name);
        }
    }
    return names;
}

/// What is not known of the pools, and what was seen of them all; empty when all are known.
std::string unknown_words(const Case& input, const std::string& database, const Json& facts) {
    const std::vector<std::string> names = unknown_pools(input, database);
    std::vector<std::string> hidden;
    for (const ServiceObservation& service : input.observation.services) {
        if (asks_postgres(service) && !database_host(input, service)) {
            hidden.push_back(service.service);
        }
    }
    std::string whose = hidden.empty()
                            ? std::string{}
                            : fmt::format("which database {} {} is not known, no Compose file names its host",
                                          fmt::join(hidden, ", "), hidden.size() == 1 ? "asks" : "ask");
    if (names.empty()) {
        return whose;
    }
    const Json& watched = member(facts, "watched");
    const auto most =
        watched.is_object() && watched.contains("connections_max") ? integer(watched, "connections_max") : -1;
    return fmt::format("{}{}how many connections {} may open is not known, their own code decides{}", whose,
                       whose.empty() ? "" : "; ", fmt::join(names, ", "),
                       most >= 0 ? fmt::format("; at most {} were seen at once, of all clients", most) : std::string{});
}

void count_pools(const Case& input, const ServiceObservation& database, Advice& advice) {
    const Json& facts = find(database, "postgres")->facts;
    const auto most = static_cast<int>(integer(facts, "max_connections"));
    // From 16 on there are some for pg_use_reserved_connections, too.
    const int reserved = static_cast<int>(integer(facts, "superuser_reserved_connections")) +
                         setting_number(facts, "reserved_connections");
    int wanted = 0;
    std::vector<std::string> parts;
    for (const ServiceObservation& service : input.observation.services) {
        if (const auto pool = pool_of(input, service, database)) {
            const int replicas = most_replicas_of(input, service);
            wanted += *pool * replicas;
            parts.push_back(replicas == 1 ? fmt::format("{} {}", service.service, *pool)
                                          : fmt::format("{} {} x {}", service.service, replicas, *pool));
        }
    }
    if (most <= 0) {
        return;
    }
    const int left = most - reserved;
    const std::string unknown = unknown_words(input, database.service, facts);
    if (parts.empty()) {
        advice.left_alone.push_back(
            {database.service, "pools", "max_connections",
             unknown.empty()
                 ? fmt::format("who shares its {} connections is not known: no service of the project waits "
                               "for it and says how large its pool is",
                               left)
                 : fmt::format("{}; there are {}", unknown, left)});
        return;
    }
    // Beside the pools there are migrations, backups, people with psql: a tenth is kept for them.
    if (wanted <= left - left / 10) {
        advice.left_alone.push_back(
            {database.service, "pools", "max_connections",
             fmt::format("the pools that are known want at least {} of {} connections ({}){}{}", wanted, left,
                         fmt::join(parts, ", "), unknown.empty() ? "" : "; ", unknown)});
        return;
    }
    const bool over = wanted > left;
    advice.findings.push_back(
        {database.service, "pools-over-max-connections", over ? Finding::Severity::kError : Finding::Severity::kWarning,
         fmt::format("pools want at least {} connections ({}), max_connections leaves {} for them", wanted,
                     fmt::join(parts, ", "), left),
         over ? "under load \"too many clients already\": requests fail, workflows with them"
              : "a backup, a migration or one more client meets \"too many clients already\"",
         fmt::format("smaller pools (DB_POSTGRESDB_POOL_SIZE for n8n), or max_connections of at least {}",
                     reserved + wanted + wanted / 4 + 1),
         "https://www.postgresql.org/docs/current/runtime-config-connection.html"});
}

}  // namespace

Advice advise_pools(const Case& input) {
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        if (const Application* const one = find(service, "postgres"); one != nullptr && !one->facts.empty()) {
            count_pools(input, service, advice);
        }
    }
    return advice;
}

}  // namespace pilotpros
