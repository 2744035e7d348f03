#pragma once

#include "core/advise/health_service.h"

namespace pilotpros {

/// When the health check is asked: start_period and start_interval, then interval, timeout and retries. The rules are
/// healthcheck.h's, the figures health_timing.h's. After the test is decided.
void advise_schedule(HealthDraft& draft);

}  // namespace pilotpros
