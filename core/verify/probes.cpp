#include "core/verify/probes.h"

namespace pilotpros {

std::vector<Verdict> verify_probes(Engine& /*engine*/, const Case& /*input*/, const ServiceObservation& /*service*/,
                                   const std::vector<const Change*>& /*changes*/) {
    return {};
}

}  // namespace pilotpros
