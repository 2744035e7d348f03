#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/advice.h"
#include "core/model/change.h"

namespace pilotpros {

/// What a program said when it was asked whether it takes a value.
struct Verdict {
    enum class Outcome {
        kAccepted,  ///< the program that will read it takes it
        kRefused,   ///< it does not: the Change goes
        kDerived,   ///< computed by a stated rule: that it can be written was asked, that it is right was not
        kNotAsked,  ///< nobody could be asked; `said` tells why
    };
    std::string service;  ///< empty: the whole Bundle
    std::string key;      ///< of the Change; empty: all of the service
    Outcome outcome = Outcome::kNotAsked;
    std::string by;    ///< who was asked, e.g. "PostgreSQL 17.2 of this image", "docker compose config"
    std::string said;  ///< one line, no secrets, e.g. "heap limit 560 MiB", "bind: port is in use"
    Seconds took{0};
};
NLOHMANN_JSON_SERIALIZE_ENUM(Verdict::Outcome, {{Verdict::Outcome::kAccepted, "accepted"},
                                                {Verdict::Outcome::kRefused, "refused"},
                                                {Verdict::Outcome::kDerived, "derived"},
                                                {Verdict::Outcome::kNotAsked, "not asked"}})

/// Ordered Changes, what was left alone, and what the programs said. Has a hash: what was shown is what is applied.
struct Plan {
    std::string project;
    std::vector<Change> changes;  ///< by service, advisor, key
    std::vector<Finding> findings;
    std::vector<LeftAlone> left_alone;
    std::vector<Verdict> verdicts;
    Budget budget;

    /// The verdict on a Change: the strictest that names it, its service, or the whole; null when there is none.
    [[nodiscard]] const Verdict* verdict_on(const Change& change) const;
};

/// SHA-256 over what would be written where, in a form that does not depend on measured numbers in reasons: service,
/// key, target, after, and what stood there before.
std::string hash_of(const Plan& plan);

/// Sorts the Changes, and drops those that change nothing (after equals before) and carriers without a load.
void put_in_order(Plan& plan);

/// Takes out each Change that a verdict refuses, with those that are joint with it, and the carriers that have nothing
/// to carry any more; each but a carrier becomes a LeftAlone that names who refused and what was said. Returns how many
/// went.
int drop_refused(Plan& plan);

}  // namespace pilotpros
