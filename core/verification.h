#pragma once

#include <vector>

#include "core/connection.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/profile.h"

namespace pilotpros {

/// Who is asked of a Plan: Compose whether it merges, each probe whether it works, each application whether it takes
/// what it will read.
class Verification {
  public:
    /// Refers to all of them.
    Verification(World& world, const Connection& connection, const Case& input, ProfileWatcher& watcher)
        : world_(world), connection_(connection), input_(input), watcher_(watcher) {}

    /// What everybody says who will read a part of the Plan. Lets Interrupted and EngineLost through.
    std::vector<Verdict> ask(const Plan& plan, const Bundle& bundle);

  private:
    World& world_;
    const Connection& connection_;
    const Case& input_;
    ProfileWatcher& watcher_;
};

}  // namespace pilotpros
