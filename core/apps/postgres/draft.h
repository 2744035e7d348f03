#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/apps/postgres/facts.h"
#include "core/apps/postgres/memory.h"
#include "core/apps/postgres/origin.h"
#include "core/apps/postgres/watch.h"
#include "core/model/advice.h"

namespace pilotpros::apps::postgres {

/// What the advice for one server rests on, gathered once.
struct Situation {
    Facts facts;
    Watched watched;
    Bytes limit = 0;  ///< what it has to fit into; 0: unknown
    std::string limit_from;
    bool limited = false;  ///< `limit` is a memory limit, else what is free without one
    int cpus = 0;          ///< whole ones that it may use; 0: unknown
    Bytes data = 0;        ///< all databases; 0: unknown
    int connections_seen = 0;
    MemorySet now;  ///< the present configuration, ours left out
};

/// A size as postgresql.conf takes it for this setting, where a bare number is in the setting's own unit, in bytes;
/// nothing when it is none.
std::optional<Bytes> size_in(const Facts& facts, const std::string& name, const std::string& value);

/// `share`: what the Budget gives it, or null before there is one.
Situation situation_of(const Case& input, const ServiceObservation& service, const nlohmann::json& facts,
                       const Share* share);

/// "the limit is 2.00 GiB", or "half of what the machine has free is 2.00 GiB" where there is none.
std::string limit_words(const Situation& situation);

/// One setting that is wanted.
struct Wanted {
    std::string name, value;
    std::string reason, rule, source;
    std::vector<Input> inputs;
    std::string joint;
    Risk risk = Risk::kLow;
};

/// Collects an Advice: keeps what the user set, writes what they pinned, keeps settings within their bounds.
class Draft {
  public:
    Draft(const Case& input, std::string service, const Situation& situation);

    /// Whether the value is nobody's and may be moved.
    [[nodiscard]] bool is_free(const std::string& name) const;
    /// A pinned value, or nothing.
    [[nodiscard]] std::optional<std::string> pinned(const std::string& name) const;
    [[nodiscard]] std::optional<std::string> written(const std::string& name) const;
    [[nodiscard]] std::optional<std::string> earlier(const std::string& name) const;
    void want(Wanted wanted);
    /// A Change of the Compose file; `change` lacks service, advisor and what the wishes say.
    void want(Change change);
    void leave(const std::string& key, std::string why);
    void find(Finding finding);
    /// Writes the pins that nobody wanted anything of; call it last.
    void add_pins();
    /// The PostgreSQL settings wanted so far.
    [[nodiscard]] std::vector<const Change*> settings() const;
    /// Takes the settings with this joint word out (empty: all), and says of each why.
    void drop_settings(const std::string& joint, const std::string& why);

    Advice advice;

  private:
    /// Within the user's bounds, as they wrote them.
    [[nodiscard]] std::string bounded(const Present& now, const std::string& key, const std::string& value);
    [[nodiscard]] bool may_be_written(const std::string& name, const std::string& value);
    void refuse(const char* id, const std::string& name, std::string what);
    [[nodiscard]] Cost cost_of(const Present& present) const;

    const Case& input_;
    std::string service_;
    const Situation& situation_;
    Wish wish_;
};

/// What the recipe's own line would have done to this key; empty where it has none.
std::string recipe_on(const std::string& key);

}  // namespace pilotpros::apps::postgres
