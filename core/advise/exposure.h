#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Ports that are open wider than needed: a database, a cache or a debugger that the machine publishes on every
/// interface. Docker's own rules come before the firewall's (ufw and the like do not see them), so such a port is open
/// to whoever reaches the machine. Findings only: who uses the port is not known. Source:
/// https://docs.docker.com/engine/network/packet-filtering-firewalls/#docker-and-ufw
Advice advise_exposure(const Case& input);

}  // namespace pilotpros
