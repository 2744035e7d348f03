#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/inplace/in_place.h"

namespace pilotpros::testing {

inline Change wanted(const std::string& service, std::vector<std::string> path, nlohmann::json after) {
    Change change;
    change.service = service;
    change.target.path = std::move(path);
    change.after = std::move(after);
    return change;
}

inline Plan plan_of(std::vector<Change> changes) {
    Plan plan;
    plan.changes = std::move(changes);
    return plan;
}

/// The text after it was changed in place; where that is refused "refused: " and why.
inline std::string in_place(const std::string& yaml, std::vector<Change> changes) {
    const InPlaceEdits result = edits_in_place({{"/shop/compose.yaml", yaml}}, plan_of(std::move(changes)));
    if (!result.refusals.empty()) {
        return "refused: " + result.refusals.front().why;
    }
    const auto edits = result.edits.find("/shop/compose.yaml");
    return edits == result.edits.end() ? yaml : with_edits(yaml, edits->second);
}

}  // namespace pilotpros::testing
