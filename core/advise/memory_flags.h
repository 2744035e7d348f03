#pragma once

#include <string>
#include <vector>

#include "core/model/project.h"

namespace pilotpros {

/// Memory that a program was told to use by a flag in the Compose files.
struct MemoryFlag {
    std::string flag;   ///< e.g. "--max-old-space-size"
    std::string value;  ///< the number with its unit as written, e.g. "1024", "2GB"
    std::string where;  ///< "command", "entrypoint" or a variable, e.g. "NODE_OPTIONS"
    Bytes bytes = 0;
    /// The share of a limit from which on it is dangerous; at 1 and more the program cannot use what it was told to.
    double dangerous = 1;
};

/// The limit from which on the program can use what it was told to without danger.
Bytes least_limit(const MemoryFlag& flag);
/// The most that the flag may say within this limit, likewise; in whole MiB, rounded down, where it is as much as one.
Bytes most_within(const MemoryFlag& flag, Bytes limit);

/// Node.js's --max-old-space-size (MiB), PostgreSQL's shared_buffers (8 KiB blocks without a unit), a JVM's -Xmx (also
/// in the variables that JVMs and their images read), InnoDB's innodb_buffer_pool_size, Redis' --maxmemory,
/// memcached's -m (MiB of items; what it keeps for connections and its index comes on top).
/// The last one of a name in one place wins, as the programs have it; the command line wins over variables.
std::vector<MemoryFlag> memory_flags(const Service& service);

}  // namespace pilotpros
