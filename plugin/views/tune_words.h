#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/compose/yaml_place.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"

namespace pilotpros {

/// A value of a Change in one line: "not set" for null, a list with blanks between, what is quoted in a shell quoted.
std::string value_words(const nlohmann::json& value);

/// Where Changes stand in the generated files.
class BundlePlaces {
  public:
    explicit BundlePlaces(const Bundle& bundle);
    /// File below .pilotpros/ and line from 1; line 0 when it is not there.
    [[nodiscard]] std::pair<std::string, int> of(const Change& change) const;

  private:
    const Bundle& bundle_;
    YamlPlaces places_;  ///< of the override
};

/// "accepted by PostgreSQL 17.2 of this image", "derived", "not asked"; what has no Verdict was not asked.
std::string verdict_words(const Verdict* verdict);

/// What a carrier does: "mounts .pilotpros/postgres/db", "adds -c config_file".
std::string carrier_words(const Change& carrier);

std::string cost_word(Cost cost);
std::string risk_word(Risk risk);

/// "1 change", "2 changes".
std::string count_of(std::size_t count, const std::string& one);

/// "a", "a and b", "a, b and c".
std::string enumerated(const std::vector<std::string>& words);

}  // namespace pilotpros
