#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <charconv>
#include <compare>
#include <optional>

#include "core/apps/n8n/names.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"

namespace pilotpros::linting {

namespace {

constexpr const char* kN8nDocs = "https://docs.n8n.io/hosting/configuration/environment-variables/";
/// A tag without a minor version moves with the newest of its line, which is past every bound below.
constexpr int kNewest = 9999;

struct N8nVersion {
    int major = 0, minor = 0;
    auto operator<=>(const N8nVersion&) const = default;  // NOLINT(modernize-use-nullptr): in what the compiler makes
};

/// Of a tag such as "1.80.0" or "2"; nothing for "latest", "next" and all else that moves without saying where.
std::optional<N8nVersion> n8n_version(const std::string& tag) {
    N8nVersion version{0, kNewest};
    const char* const end = tag.data() + tag.size();
    const auto [rest, error] = std::from_chars(tag.data(), end, version.major);
    if (error != std::errc{} || version.major > 100 || (rest != end && *rest != '.' && *rest != '-')) {
        return std::nullopt;
    }
    if (rest != end && *rest == '.') {
        const auto [after, fault] = std::from_chars(rest + 1, end, version.minor);
        if (fault != std::errc{} || (after != end && *after != '.' && *after != '-')) {
            return std::nullopt;
        }
    }
    return version;
}

/// The names that somebody can have meant. The table of mistakes asks whether a version reads them, and the files alone
/// do not say which version runs: the present ones do.
const apps::n8n::Facts& names_of_any_version() {
    static const apps::n8n::Facts kFacts = [] {
        apps::n8n::Facts facts;
        facts.configured = {"N8N_CONCURRENCY_PRODUCTION_LIMIT",
                            "DB_POSTGRESDB_CONNECTION_TIMEOUT",
                            "N8N_RUNNERS_MAX_PAYLOAD",
                            "N8N_DEFAULT_BINARY_DATA_MODE",
                            "QUEUE_BULL_REDIS_HOST",
                            "N8N_CACHE_BACKEND"};
        return facts;
    }();
    return kFacts;
}

std::string rename_advice(const std::string& name) {
    const apps::n8n::Meant meant = apps::n8n::meant_by(name, names_of_any_version());
    std::string advice = meant.names.empty() ? fmt::format("take {} out", name)
                                             : fmt::format("write {} in its place", fmt::join(meant.names, " or "));
    return meant.note.empty() ? advice : fmt::format("{} ({})", advice, meant.note);
}

std::vector<Spot> look_unknown_variables(const LintCase& input) {
    static constexpr std::array kNever{"N8N_EXECUTION_PROCESS",
                                       "N8N_CONCURRENCY",
                                       "DB_POSTGRESDB_POOL_CONNECTION_TIMEOUT",
                                       "N8N_RUNNERS_MAX_PAYLOAD_SIZE",
                                       "N8N_BINARY_DATA_BUFFER_SIZE",
                                       "N8N_QUEUE_BULL_REDIS_HOST",
                                       "N8N_WORKERS"};
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        for (const char* variable : kNever) {
            if (runs_n8n(service) && sets_variable(service, variable)) {
                spots.push_back({name,
                                 fmt::format("{} is set, and no n8n reads it", variable),
                                 rename_advice(variable),
                                 "",
                                 {fmt::format("unknown-name.{}", variable)}});
            }
        }
    }
    return spots;
}

/// From the packages of 1.60 to 2.41; where a bound is known to within some versions, the one that says less stands.
struct Lifetime {
    const char* variable;
    N8nVersion since;  ///< earlier ones do not read it
    N8nVersion until;  ///< this one and later ones do not
    const char* harm = "";
    const char* fix = "";  ///< where the table of mistakes has none
};

const std::vector<Lifetime>& lifetimes() {
    static constexpr N8nVersion kAlways{0, 0};
    static constexpr N8nVersion kStill{kNewest, 0};
    static constexpr const char* kOpen = "whoever believes that the editor is behind this password is wrong";
    static const std::vector<Lifetime> kLifetimes{
        {"N8N_BASIC_AUTH_ACTIVE", kAlways, {1, 0}, kOpen},
        {"N8N_BASIC_AUTH_USER", kAlways, {1, 0}, kOpen},
        {"N8N_BASIC_AUTH_PASSWORD", kAlways, {1, 0}, kOpen},
        {"N8N_CACHE_ENABLED", kAlways, {1, 24}},
        {"EXECUTIONS_PROCESS", kAlways, {1, 27}, "with the value own n8n does not start, main has no effect"},
        {"QUEUE_RECOVERY_INTERVAL", kAlways, {1, 65}},
        {"QUEUE_WORKER_MAX_STALLED_COUNT", kAlways, {2, 0}},
        {"N8N_RUNNERS_ENABLED", {1, 64}, {2, 0}},
        {"N8N_WEBHOOK_URL",
         {2, 28},
         kStill,
         "webhooks are shown with the address that n8n guesses",
         "write WEBHOOK_URL in its place"},
        {"DB_MYSQLDB_HOST",
         kAlways,
         {2, 0},
         "n8n has no MySQL any more: it starts without that data, or not at all",
         "export from a 1.x version and import into PostgreSQL before going to 2.0"}};
    return kLifetimes;
}

std::vector<Spot> look_variables_of_other_versions(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const std::string tag = image_tag(service.image);
        const auto version = runs_n8n(service) && image_name(service.image) == "n8n" ? n8n_version(tag) : std::nullopt;
        for (const Lifetime& life : lifetimes()) {
            const bool read = version && *version >= life.since && *version < life.until;
            if (!version || read || !sets_variable(service, life.variable)) {
                continue;
            }
            const bool early = *version < life.since;
            const N8nVersion& bound = early ? life.since : life.until;
            const std::string fix = *life.fix != '\0' ? std::string{life.fix}
                                    : early           ? fmt::format("take {} out", life.variable)
                                                      : rename_advice(life.variable);
            spots.push_back({name,
                             fmt::format("{} is set, and n8n {} does not read it: it was {} {}.{}", life.variable, tag,
                                         early ? "added around" : "removed in", bound.major, bound.minor),
                             fix,
                             life.harm,
                             {fmt::format("unknown-name.{}", life.variable)}});
        }
    }
    return spots;
}

}  // namespace

LintRules n8n_variables_rules() {
    return {{"n8n-unknown-variable", Finding::Severity::kWarning, "a variable that no version of n8n reads",
             "the setting has no effect: n8n says nothing about it", kN8nDocs, look_unknown_variables},
            {"n8n-variable-of-another-version", Finding::Severity::kWarning,
             "a variable that this version of n8n does not read", "the setting has no effect", kN8nDocs,
             look_variables_of_other_versions}};
}

}  // namespace pilotpros::linting
