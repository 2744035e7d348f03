#include "core/advise/registry.h"

#include "core/advise/data.h"
#include "core/advise/development.h"
#include "core/advise/exposure.h"
#include "core/advise/healthcheck.h"
#include "core/advise/limits.h"
#include "core/advise/logging.h"
#include "core/advise/pools.h"

namespace pilotpros {

const std::vector<Advisor>& advisors() {
    static const std::vector<Advisor> kAdvisors{
        {"limits", "memory, CPU, processes and descriptors", advise_limits},
        {"healthcheck", "probes that exist, answer, and are asked at the right time", advise_healthcheck},
        {"logging", "rotation of logs that grow without bound", advise_logging},
        {"data", "data that lies where the next container does not find it", advise_data},
        {"exposure", "ports that are open wider than needed", advise_exposure},
        {"development", "development servers in production", advise_development},
        {"pools", "connections that services may open, against what their database takes", advise_pools},
    };
    return kAdvisors;
}

}  // namespace pilotpros
