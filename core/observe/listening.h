#pragma once

#include <optional>
#include <set>
#include <string>

#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/sys/files.h"

namespace pilotpros {

/// The TCP ports of /proc/net/tcp and /proc/net/tcp6 (one after the other in `table`) that somebody listens on where
/// others reach it: loopback is left out. Pure. Source: proc(5); addresses are in the byte order of a little-endian
/// machine.
std::set<int> listening_ports(const std::string& table);

/// The ports that a running container listens on: those that it declares (published or exposed), and those below 32768,
/// where the kernel begins to give ports out by itself (net.ipv4.ip_local_port_range): such a one is another one after
/// each start. Nothing where it cannot be told: its network is not its own, or neither our /proc shows its process nor
/// it has a `cat`. Throws EngineLost and Interrupted.
std::optional<std::set<int>> ports_listened_on(Engine& engine, const Files& files, const Container& container);

}  // namespace pilotpros
