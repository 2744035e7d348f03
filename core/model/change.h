#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// What it takes until a Change is in force; the later ones include the earlier ones.
enum class Cost { kLive, kReload, kRestart, kRecreate, kRebuild };
/// What could go wrong at worst: nothing that a gate would not see (low), the service may need another try (medium), it
/// may not start or may lose work (high).
enum class Risk { kLow, kMedium, kHigh };

NLOHMANN_JSON_SERIALIZE_ENUM(Cost, {{Cost::kLive, "live"},
                                    {Cost::kReload, "reload"},
                                    {Cost::kRestart, "restart"},
                                    {Cost::kRecreate, "recreate"},
                                    {Cost::kRebuild, "rebuild"}})
NLOHMANN_JSON_SERIALIZE_ENUM(Risk, {{Risk::kLow, "low"}, {Risk::kMedium, "medium"}, {Risk::kHigh, "high"}})

/// Where a value goes.
struct Target {
    enum class Kind {
        kCompose,   ///< below services.SERVICE in the override; `path` is the way to the leaf, e.g. {"deploy",
                    ///< "resources", "limits", "memory"}
        kPostgres,  ///< a setting in the mounted configuration directory; `path` holds its name alone
    };
    Kind kind = Kind::kCompose;
    std::vector<std::string> path;
    friend bool operator==(const Target&, const Target&) = default;
};
NLOHMANN_JSON_SERIALIZE_ENUM(Target::Kind, {{Target::Kind::kCompose, "compose"}, {Target::Kind::kPostgres, "postgres"}})

/// One number or fact that a decision rests on.
struct Input {
    std::string name;   ///< e.g. "highest memory that cannot be reclaimed"
    std::string value;  ///< formatted, with its unit; never a secret
    std::string from;   ///< who says so, e.g. "profile of 2 min, 14 looks", "pg_settings", "the Compose files"
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Input, name, value, from)

/// One thing that an advisor wants changed, with all that is needed to argue about it.
struct Change {
    std::string service;
    std::string advisor;  ///< "limits", "postgres", "node", "n8n", "healthcheck", "logging" …
    std::string key;      ///< stable within the service and the same in every dialect: "memory", "shared_buffers",
                          ///< "healthcheck.test"; what x-pilotpros pins and `--explain SERVICE.KEY` names
    Target target;
    nlohmann::json before;  ///< what is in force without us, as shown; null: not set. Never a secret.
    nlohmann::json after;   ///< what is written: a text, number, boolean or list of texts
    /// `after` holds the user's own ${…} as they wrote it (see Project::uninterpolated): a literal $ of ours in it must
    /// already be doubled. Otherwise `after` is literal, and the writer doubles each $.
    bool as_written = false;
    /// What stands in the Compose file for `after` where the user pinned it with ${…}: that text. `after` is its value,
    /// which is what everybody compares and checks. Empty: `after` itself is written.
    std::string users_text;
    std::string reason;         ///< one line with the deciding numbers, for the table
    std::string rule;           ///< the rule in one line without measured numbers: the comment in the file
    std::string source;         ///< a URL, or a document and its section
    std::vector<Input> inputs;  ///< what the rule was applied to
    std::string recipe;         ///< what the recipe's own line would have done here; empty where it has none
    Risk risk = Risk::kLow;
    Cost cost = Cost::kRecreate;
    /// Changes of the same service with the same word stand or fall together, e.g. a memory limit and the heap that
    /// follows it. Empty: alone.
    std::string joint;
    /// It only makes room for others, e.g. mounts the directory that a setting lies in: it goes when no other Change of
    /// the same service and advisor is left.
    bool carrier = false;

    /// What a Compose file gets, and whether a $ in it is the user's own.
    [[nodiscard]] nlohmann::json in_file() const { return users_text.empty() ? after : nlohmann::json(users_text); }
    [[nodiscard]] bool has_users_variables() const { return as_written || !users_text.empty(); }
};
void to_json(nlohmann::json& json, const Change& change);

/// Reason and rule of a value that the user pinned, and what is said of it in the file.
inline constexpr const char* kPinned = "pinned by x-pilotpros";
inline constexpr const char* kWishSource = "x-pilotpros in the Compose files";
/// How the reason of a value begins that the user's bound cut, and its rule in the file.
inline constexpr const char* kBounded = "bounded by x-pilotpros";
/// Whether a rule in a file of ours says that its value is the user's wish.
inline bool is_wish(std::string_view rule) { return rule.starts_with(kPinned) || rule.starts_with(kBounded); }
/// Whether the value is the user's, and nothing that we worked out.
inline bool is_pinned(const Change& change) { return change.rule == kPinned || change.reason == kPinned; }

/// Something an advisor saw and does not change: it is wrong or dangerous, and the fix is the user's.
struct Finding {
    enum class Severity { kNote, kWarning, kError };
    std::string service;  ///< empty: the project as a whole
    std::string id;       ///< stable, e.g. "data-in-container-layer"
    Severity severity = Severity::kWarning;
    std::string what;    ///< one line: what is so
    std::string harm;    ///< one line: what that leads to
    std::string fix;     ///< the exact lines or command; may have several lines
    std::string source;  ///< a URL, or a document and its section
};
NLOHMANN_JSON_SERIALIZE_ENUM(Finding::Severity, {{Finding::Severity::kNote, "note"},
                                                 {Finding::Severity::kWarning, "warning"},
                                                 {Finding::Severity::kError, "error"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Finding, service, id, severity, what, harm, fix, source)

/// What an advisor looked at and left as it is, and why: the user's own choice, too little evidence, a refusal.
struct LeftAlone {
    std::string service, advisor, key;
    std::string why;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LeftAlone, service, advisor, key, why)

}  // namespace pilotpros
