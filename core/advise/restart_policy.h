#pragma once

#include <optional>

#include "core/model/advice.h"

namespace pilotpros {

/// A service that is about to get a memory limit and that nobody starts again: a kill below the limit, or any crash,
/// leaves it down, since Docker's default is to restart nothing. Nothing where the user has a policy, be it "no" (in
/// either dialect, or on the running container), nor for a job that others wait for to complete. Source:
/// https://docs.docker.com/engine/containers/start-containers-automatically/
std::optional<Finding> no_restart_policy(const Case& input, const ServiceObservation& observed);

}  // namespace pilotpros
