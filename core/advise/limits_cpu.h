#pragma once

#include "core/advise/limits_service.h"

namespace pilotpros {

/// CPU: weights before quotas.
///
/// No quota is ever advised where there is none: a quota counts in periods of 100 ms, so that a burst waits although
/// the mean is a tenth of it (measured with Node.js, 0.1 cores in the mean: a quota of 0.25 made p99 407 ms instead of
/// 125), while a weight costs nothing until the CPUs are short.
/// A quota that the user set is kept. It is argued with when more than 5 % of the periods with work were throttled (100
/// periods at least): then at least half as much again, 1.2 times the most that was used, running or starting, 1 CPU
/// for programs with one main thread, in quarters, up to the machine's CPUs. Over 1 %: a finding. Under 1 CPU for a
/// program with one main thread: a note.
/// A weight, cpu_shares 2048 instead of 1024, for a service that another one of the project waits for or is wired to by
/// depends_on and that uses CPU (p95 at least 0.1 cores), where a rival of the same project could take the CPUs from
/// it: a development server, or a service that nothing depends on, that was seen to take half of the machine's CPUs.
/// Source: https://docs.docker.com/engine/containers/resource_constraints/#cpu and
/// https://docs.kernel.org/scheduler/sched-bwc.html (quota, period and throttling)
void advise_cpu(const LimitsView& view, Advice& into);
/// The pins alone, for a service of which nothing is known.
void take_cpu_pins(const LimitsView& view, Advice& into);

}  // namespace pilotpros
