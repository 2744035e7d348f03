#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Memory and CPU bounds, process counts, descriptors.
///
/// Memory: the Budget's share (budget.h has the rule) becomes the limit, in the service's own dialect. The user's own
/// limit is kept unless it is harmful. Memory and swap go together: memswap_limit equal to the limit, because Docker
/// otherwise allows as much swap again, and because the Engine refuses to change one without the other
/// (moby, daemon/daemon_unix.go; tried). Only where the kernel counts swap.
/// Where the limit is new and nothing would start the service again: restart_policy.h.
/// CPU: limits_cpu.h. Processes and descriptors: limits_processes.h. What the files alone show to be wrong:
/// check_limits.h, whose findings are added here.
/// Source: https://docs.docker.com/engine/containers/resource_constraints/
Advice advise_limits(const Case& input);

}  // namespace pilotpros
