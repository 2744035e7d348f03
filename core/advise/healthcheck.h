#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Probes that exist, answer and are asked at the right time. A test of the user's stays as it is but for what is wrong
/// with it: a command that the image does not have, localhost, pg_isready over the socket. A service without one gets
/// one where an application or a known port gives something that can be proven; else it is a finding.
///
/// Timing, from moby's daemon/health.go: the first probe waits out `interval`, or, inside start_period, start_interval
/// (5 s unless set). start_interval outside a start_period does nothing, so both come together: start_period above
/// twice the slowest start seen and at least a generous default for the kind, start_interval by what a probe takes.
/// interval, timeout and retries stay the user's unless the fastest probe seen takes more than a fifth of the interval,
/// or the slowest more than nine tenths of the timeout (a probe's time holds what the machine does beside it, so both
/// bounds are wide).
Advice advise_healthcheck(const Case& input);

}  // namespace pilotpros
