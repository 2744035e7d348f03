#pragma once

#include <set>
#include <string>

namespace pilotpros {

/// Who is connected to a program that listens, each as the other end's address and port, in the kernel's digits.
struct Callers {
    std::set<std::string> open;  ///< there may still be something to read or to be sent
    std::set<std::string> gone;  ///< both sides are done; the kernel remembers them for a minute
};

/// Reads /proc/PID/net/tcp and tcp6, which hold the connections of the process's network namespace. Left out: those
/// that its own programs made to others, and those over loopback (health checks, the engine's resolver). Pure.
Callers callers_of(const std::string& tcp, const std::string& tcp6);

}  // namespace pilotpros
