#include "core/apps/n8n/advise.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>

#include "core/apps/n8n/names.h"
#include "core/apps/words.h"
#include "core/model/json.h"
#include "core/model/yaml_key.h"

namespace pilotpros::apps::n8n {

namespace {

constexpr const char* kEnvironment = "https://docs.n8n.io/hosting/configuration/environment-variables/";
constexpr double kSpare = 10;  ///< seconds between n8n's own end and the kill
constexpr std::int64_t kPool = 10;

/// What the image's own environment says, which the files' overrides.
std::string of_image(const Case& input, const ServiceObservation& service, const std::string& name) {
    const auto image = input.observation.images.find(service.image_id);
    if (image == input.observation.images.end()) {
        return {};
    }
    const auto found = image->second.environment.find(name);
    return found == image->second.environment.end() ? std::string{} : found->second.reveal();
}

/// The user's own value: the running container's may be ours.
std::string value_of(const Case& input, const ServiceObservation& service, const Facts& facts,
                     const std::string& name) {
    const Service* const files = input.service(service.service);
    if (files == nullptr) {
        const auto found = facts.values.find(name);
        return found == facts.values.end() ? std::string{} : found->second;
    }
    const nlohmann::json& value = member(member(files->resolved, "environment"), name.c_str());
    return value.is_string() ? value.get<std::string>() : of_image(input, service, name);
}

/// n8n reads NAME_FILE where NAME is not there, and what that file says nobody has looked at.
bool is_in_a_file(const Case& input, const ServiceObservation& service, const Facts& facts, const std::string& name) {
    return value_of(input, service, facts, name).empty() && !value_of(input, service, facts, name + "_FILE").empty();
}

std::optional<double> number_of(const std::string& text) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && rest == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

const std::string* pin_of(const Case& input, const std::string& service, const std::string& key) {
    const auto wish = input.wishes.find(service);
    if (wish == input.wishes.end()) {
        return nullptr;
    }
    const auto pin = wish->second.pinned.find(key);
    return pin == wish->second.pinned.end() ? nullptr : &pin->second;
}

LeftAlone leave(const ServiceObservation& service, const std::string& key, std::string why) {
    return {service.service, "n8n", key, std::move(why)};
}

Change change_of(const ServiceObservation& service, std::string key, std::vector<std::string> path) {
    Change change;
    change.service = service.service;
    change.advisor = "n8n";
    change.key = std::move(key);
    change.target.path = std::move(path);
    return change;
}

std::string line_of(const std::string& name, const Facts& facts) {
    const auto& lines = recipe_lines();
    const auto found =
        std::find_if(lines.begin(), lines.end(), [&](const RecipeLine& line) { return line.name == name; });
    return found == lines.end() ? std::string{}
                                : fmt::format("{}: {} {}", found->name, found->value, effect_of(*found, facts));
}

void advise_grace(const Case& input, const ServiceObservation& service, const Facts& facts, Advice& advice) {
    const Service* const files = input.service(service.service);
    if (files == nullptr) {
        return;
    }
    constexpr const char* kTimeout = "N8N_GRACEFUL_SHUTDOWN_TIMEOUT";
    const std::string* const pin = pin_of(input, service.service, "stop_grace_period");
    if (pin == nullptr && is_in_a_file(input, service, facts, kTimeout)) {
        advice.left_alone.push_back(leave(
            service, "stop_grace_period",
            fmt::format("{}_FILE is yours: how long n8n takes to end its executions is known to that file", kTimeout)));
        return;
    }
    const double timeout = number_of(value_of(input, service, facts, kTimeout)).value_or(30);
    const std::string present = text(files->resolved, "stop_grace_period");
    const std::optional<double> seconds = seconds_of(present);
    Change change = change_of(service, "stop_grace_period", {"stop_grace_period"});
    change.before = present.empty() ? nlohmann::json() : nlohmann::json(present);
    change.after = fmt::format("{}s", static_cast<long>(std::ceil(std::clamp(timeout, 0.0, 86400.0) + kSpare)));
    change.reason = fmt::format("n8n takes up to {} s to end its executions, and is killed after {}", timeout,
                                present.empty() ? "10 s, Docker's default" : present + ", which you set");
    if (pin != nullptr) {
        change.after = *pin;
        change.reason = kPinned;
    } else if (seconds && *seconds > timeout) {
        advice.left_alone.push_back(
            leave(service, "stop_grace_period",
                  fmt::format("your own {} is longer than the {} s that n8n takes at most", present, timeout)));
        return;
    }
    change.rule =
        "10 s more than N8N_GRACEFUL_SHUTDOWN_TIMEOUT (30 s where it is not set), so that executions end first";
    change.source = kEnvironment;
    change.inputs = {{"time that n8n takes to shut down at most", fmt::format("{} s", timeout),
                      "N8N_GRACEFUL_SHUTDOWN_TIMEOUT, or its default"}};
    change.recipe = "it has none: an execution that runs when n8n is stopped is killed after 10 s and lost";
    advice.changes.push_back(std::move(change));
}

const Application* postgres_of(const ServiceObservation& service) {
    const auto found = std::find_if(service.applications.begin(), service.applications.end(),
                                    [](const Application& one) { return one.kind == "postgres"; });
    return found == service.applications.end() ? nullptr : &*found;
}

/// The service that n8n's database host names, which runs PostgreSQL; null when it is none of the project's.
const ServiceObservation* database_of(const Case& input, const ServiceObservation& service, const Facts& facts) {
    const std::string host = value_of(input, service, facts, "DB_POSTGRESDB_HOST");
    for (const ServiceObservation& other : input.observation.services) {
        if (!host.empty() && postgres_of(other) != nullptr && is_reached_as(input, other, host)) {
            return &other;
        }
    }
    return nullptr;
}

/// The containers of every n8n that asks the same database: each may come to take a pool of its own.
int sharers(const Case& input, const ServiceObservation& service, const ServiceObservation& database) {
    int all = most_replicas_of(input, service);
    for (const ServiceObservation& other : input.observation.services) {
        if (other.service == service.service) {
            continue;
        }
        for (const Application& application : other.applications) {
            if (application.kind == "n8n" && text(application.facts, "database") == "postgresdb" &&
                database_of(input, other, application.facts.get<Facts>()) == &database) {
                all += most_replicas_of(input, other);
                break;
            }
        }
    }
    return all;
}

double busy_cores(const ServiceObservation& service) {
    const Usage usage = usage_of(service);
    return usage.empty() ? 0 : usage.cpu.histogram().quantile(0.9);
}

std::int64_t free_connections(const ServiceObservation& service) {
    const nlohmann::json& database = postgres_of(service)->facts;
    return integer(database, "max_connections") - integer(database, "superuser_reserved_connections") -
           integer(database, "connections_now");
}

/// Why the pool is left as it is, or nothing.
std::optional<std::string> why_no_pool(const Case& input, const ServiceObservation& service, const Facts& facts) {
    const double busy = busy_cores(service);
    if (busy < (input.earlier_value(service.service, "pool_size") ? 0.25 : 0.5)) {
        return fmt::format(
            "insufficient evidence: n8n used {:.2f} cores at its 90th percentile; more than its 2 "
            "connections are of use from half a core on",
            busy);
    }
    const ServiceObservation* const database = database_of(input, service, facts);
    if (database == nullptr || integer(postgres_of(*database)->facts, "max_connections") == 0) {
        return "insufficient evidence: it is not known how many connections its database has to give";
    }
    const std::int64_t free = free_connections(*database);
    const int all = sharers(input, service, *database);
    const bool written = input.written_value(service.service, "pool_size").has_value();
    // Once written, what is in use holds the first of the two pools already.
    if (free < (written ? 1 : 2) * kPool * all) {
        return all == 1 ? fmt::format("its database has {} connections left, and {} a pool of {} should be", free,
                                      written ? "beside those in use" : "twice", kPool)
                        : fmt::format(
                              "its database has {} connections left, and {} a pool of {} for each of {} "
                              "containers of n8n should be",
                              free, written ? "beside those in use" : "twice", kPool, all);
    }
    return std::nullopt;
}

void advise_pool(const Case& input, const ServiceObservation& service, const Facts& facts, Advice& advice) {
    constexpr const char* kName = "DB_POSTGRESDB_POOL_SIZE";
    if (input.service(service.service) == nullptr || facts.database != "postgresdb" || !is_configured(facts, kName)) {
        return;
    }
    const std::string present = value_of(input, service, facts, kName);
    const std::string* const pin = pin_of(input, service.service, "pool_size");
    const bool in_a_file = is_in_a_file(input, service, facts, kName);
    if (pin == nullptr && (!present.empty() || in_a_file)) {
        advice.left_alone.push_back(
            leave(service, "pool_size",
                  in_a_file ? fmt::format("{}_FILE is yours: that file decides", kName) : "your own value stays"));
        return;
    }
    if (const auto why = why_no_pool(input, service, facts); pin == nullptr && why) {
        advice.left_alone.push_back(leave(service, "pool_size", *why));
        return;
    }
    Change change = change_of(service, "pool_size", {"environment", kName});
    // What the user has there may be anything: shown only when it is a number.
    change.before = number_of(present) ? nlohmann::json(present) : nlohmann::json();
    change.after = pin != nullptr ? *pin : fmt::format("{}", kPool);
    // Once written it runs with 10, and is busy or not with those.
    const bool before = input.written_value(service.service, "pool_size").has_value();
    change.reason = pin != nullptr ? kPinned
                    : before       ? kAsBefore
                                   : "n8n is busy with 2 connections; elsewhere 10 gave 10 to 20 % more executions of "
                                     "one workflow of two, which is not claimed here";
    change.rule = "10 connections where n8n is busy and its database has twice as many free; 20 gave no more than 10";
    change.source = kEnvironment;
    change.inputs = {{"CPUs in 90 of 100 seconds", fmt::format("{:.2f}", busy_cores(service)), "the profile"}};
    if (const ServiceObservation* const database = database_of(input, service, facts)) {
        change.inputs.push_back({"free connections", fmt::format("{}", free_connections(*database)), "its database"});
        change.inputs.push_back({"containers of n8n on that database",
                                 fmt::format("{}", sharers(input, service, *database)), "the Compose files"});
    }
    change.recipe = line_of(kName, facts);
    change.risk = Risk::kMedium;
    advice.changes.push_back(std::move(change));
}

void tell_names(const ServiceObservation& service, const Facts& facts, Advice& advice) {
    for (const std::string& name : facts.unknown_names) {
        const Meant meant = meant_by(name, facts);
        std::string fix = meant.names.empty() ? fmt::format("remove {}", name)
                                              : fmt::format("write {} in its place", fmt::join(meant.names, " or "));
        if (!meant.note.empty()) {
            fix += fmt::format(" ({})", meant.note);
        }
        advice.findings.push_back({service.service, "unknown-name." + name,
                                   meant.dangerous ? Finding::Severity::kError : Finding::Severity::kWarning,
                                   fmt::format("{} is set, and n8n {} does not read it", name, facts.version),
                                   meant.dangerous ? "what it seems to protect is open" : "the setting has no effect",
                                   fix, kEnvironment});
    }
    // Mentioned in the code, since the value "own" ends n8n at once.
    const auto& set = facts.set_names;
    if (std::find(set.begin(), set.end(), "EXECUTIONS_PROCESS") != set.end() &&
        std::find(facts.unknown_names.begin(), facts.unknown_names.end(), "EXECUTIONS_PROCESS") ==
            facts.unknown_names.end()) {
        advice.findings.push_back({service.service, "unknown-name.EXECUTIONS_PROCESS", Finding::Severity::kWarning,
                                   "EXECUTIONS_PROCESS is set; n8n has no such choice any more",
                                   R"("main" has no effect, with "own" n8n does not start)",
                                   "remove EXECUTIONS_PROCESS", kEnvironment});
    }
}

void tell_key(const ServiceObservation& service, const Facts& facts, Advice& advice) {
    const bool lost = facts.folder_lies_on == "container layer" || facts.folder_lies_on == "anonymous volume" ||
                      facts.folder_lies_on == "tmpfs";
    if (facts.key_in_environment || !lost) {
        return;
    }
    advice.findings.push_back(
        {service.service, "encryption-key-not-kept", Finding::Severity::kError,
         fmt::format("n8n's encryption key lies only in {}, on: {}", facts.folder, facts.folder_lies_on),
         "when the container is replaced n8n makes a new key, and no stored credential can be read any more",
         fmt::format(
             "docker compose cp {0}:{1}/config ./n8n-config.json    # first: the key that the credentials need\n"
             "put its encryptionKey into .env as N8N_ENCRYPTION_KEY=…, delete n8n-config.json, and add\n"
             "  services:\n    {2}:\n      environment:\n        N8N_ENCRYPTION_KEY: ${{N8N_ENCRYPTION_KEY:?}}",
             service.service, facts.folder, yaml_key(service.service)),
         "https://docs.n8n.io/hosting/configuration/configuration-examples/encryption-key/"});
}

}  // namespace

std::optional<double> seconds_of(const std::string& duration) {
    static const std::map<std::string, double> kUnits{{"h", 3600},  {"m", 60},    {"s", 1},
                                                      {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}};
    if (duration.empty()) {
        return std::nullopt;
    }
    double total = 0;
    const char* at = duration.data();
    const char* const end = at + duration.size();
    while (at != end) {
        double value = 0;
        const auto [rest, error] = std::from_chars(at, end, value);
        const char* const unit_end = std::find_if(rest, end, [](char c) { return c < 'a' || c > 'z'; });
        const auto unit = kUnits.find(std::string(rest, unit_end));
        if (error != std::errc{} || unit == kUnits.end()) {
            return std::nullopt;
        }
        total += value * unit->second;
        at = unit_end;
    }
    return total;
}

std::optional<Demand> demand(const Case& input, const ServiceObservation& service, const nlohmann::json& facts_json) {
    const auto facts = facts_json.get<Facts>();
    const bool editor = facts.role == "main" && value_of(input, service, facts, "N8N_DISABLE_UI") != "true";
    const bool runner =
        value_of(input, service, facts, "N8N_RUNNERS_ENABLED") == "true" ||
        (!facts.version.empty() && !is_configured(facts, "N8N_RUNNERS_ENABLED") && !facts.configured.empty());
    Demand result;
    result.least = (editor ? 400 : 304) * kMiB + (runner ? 64 * kMiB : 0);
    result.why = fmt::format("n8n {} needs {} to start{}", editor ? "with its editor" : "without its editor",
                             format_bytes(result.least), runner ? ", its task runner included" : "");
    return result;
}

Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts_json) {
    Advice advice;
    const auto wish = input.wishes.find(service.service);
    if (wish != input.wishes.end() && wish->second.excludes("n8n")) {
        return advice;
    }
    const auto facts = facts_json.get<Facts>();
    tell_names(service, facts, advice);
    tell_key(service, facts, advice);
    advise_grace(input, service, facts, advice);
    advise_pool(input, service, facts, advice);
    if (is_configured(facts, "N8N_RUNNERS_ENABLED") &&
        value_of(input, service, facts, "N8N_RUNNERS_ENABLED") != "true") {
        advice.left_alone.push_back(leave(service, "N8N_RUNNERS_ENABLED",
                                          "not switched on: with it Code nodes that run for more than 10 s are lost at "
                                          "each stop, whatever the grace period"));
    }
    return advice;
}

}  // namespace pilotpros::apps::n8n
