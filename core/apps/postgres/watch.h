#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/application.h"
#include "core/apps/postgres/facts.h"

namespace pilotpros::apps::postgres {

/// What was seen while the container's usage was measured; the member "watched" of the facts.
struct Watched {
    int connections_max = -1;  ///< most client connections at one of the looks, ours left out; -1: none was had
    int active_often = -1;  ///< so many or more of them were at a statement in a tenth of the looks; -1: none was had
    int connection_samples = 0;  ///< looks, one a second
    std::optional<Rates> rates;  ///< between the first and the last reading; transactions between the looks
};

void to_json(nlohmann::json& json, const Watched& watched);
void from_json(const nlohmann::json& json, Watched& watched);

/// What the sampler wrote, and two readings, as Watched. Pure.
Watched summarise(const std::string& written, const Reading& first, const std::optional<Reading>& last);

/// For people; empty when nothing was watched.
std::vector<std::string> describe_watched(const nlohmann::json& facts);

// The module's doors of the same names.
std::vector<std::string> watch(const Evidence& evidence, const nlohmann::json& facts, int seconds);
void conclude(Asking& asking, const std::string& written, nlohmann::json& facts);

}  // namespace pilotpros::apps::postgres
