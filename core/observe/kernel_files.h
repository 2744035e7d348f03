#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/model/observation.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Where the kernel keeps the counters of one container's control group.
struct ControlGroup {
    int version = 0;                ///< of the memory controller: 1 or 2
    Path memory, cpu, pids, block;  ///< directories; empty when that controller is not there. All the same on v2
};

/// What the kernel itself knows of a container since its start. A value that could not be read is not there.
struct KernelReading {
    std::optional<Bytes> peak;           ///< highest memory usage, page cache included
    std::string peak_source;             ///< the file's name
    std::optional<Bytes> unreclaimable;  ///< as in StatsSample, from the kernel's own words
    std::optional<std::int64_t> oom_kills;
    std::optional<std::int64_t> periods, throttled_periods;
    std::optional<double> throttled_seconds;
    std::optional<std::int64_t> pids_peak;
    std::optional<Bytes> block_read, block_written;
};

/// Finds the control group of a running container from its process's own entry in /proc and our mount table, whatever
/// the driver (systemd or cgroupfs), the version, or a parent group of the user's; also where v1 and v2 are mounted
/// beside each other. The path has to bear the container's ID, or it is somebody else's: process numbers mean nothing
/// on another machine. On failure `why` says why, in one line.
std::optional<ControlGroup> find_control_group(const Files& files, int pid, const std::string& container,
                                               std::string& why);

/// Reads the counters. Never throws: what cannot be read is left out. A few small files: about 0.1 ms.
KernelReading read_kernel(const Files& files, const ControlGroup& group);

}  // namespace pilotpros
