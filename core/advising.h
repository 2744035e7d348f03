#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/model/advice.h"

namespace pilotpros {

/// Whom to ask, and about what.
struct AdvisorChoice {
    std::set<std::string> only, skip;   ///< advisors; `only` empty: all
    std::vector<std::string> services;  ///< empty: all; findings on the project as a whole are never out of place
};

/// What every advisor has to say, those of the services first, then the applications'. Pure.
Advice all_advice(const Case& input, const AdvisorChoice& choice);

/// The memory that the applications know they need, by service, before the Budget is made. Pure.
std::map<std::string, Demand> demands_of(const Case& input);

/// Facts that could not be asked are none: an advisor that would guess is not asked.
bool has_facts(const Application& application);

/// Every name that --only and --skip take, with what it is about.
std::vector<std::pair<std::string, std::string>> advisor_names();
/// The names alone.
std::set<std::string> advisor_set();

/// Throws Error (kUsage), naming all that exist, unless each is an advisor's name.
void require_advisors(const std::set<std::string>& names);

}  // namespace pilotpros
