#pragma once

#include <string>
#include <vector>

#include "core/model/plan.h"

namespace pilotpros::testing {

/// The Plan that gives each of these services the same memory limit, as `limits` would.
inline Plan memory_plan(const std::string& project, const std::vector<std::string>& services,
                        const std::string& memory) {
    Plan plan;
    plan.project = project;
    for (const std::string& service : services) {
        Change change;
        change.service = service;
        change.advisor = "limits";
        change.key = "memory";
        change.target.path = {"mem_limit"};
        change.after = memory;
        change.rule = "given by the test";
        plan.changes.push_back(change);
    }
    return plan;
}

}  // namespace pilotpros::testing
