#pragma once

#include <cstdint>
#include <optional>

#include "core/model/observation.h"
#include "core/model/units.h"
#include "core/observe/kernel_files.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What the kernel holds a control group to. Nothing: it was not read; 0: no bound.
struct KernelLimits {
    std::optional<Bytes> memory;
    std::optional<Bytes> memory_swap;  ///< memory and swap together
    std::optional<double> cpus;        ///< the quota
    std::optional<std::int64_t> pids;
    [[nodiscard]] bool known() const { return memory || memory_swap || cpus || pids; }
};

/// Reads the bounds. Never throws: what cannot be read is left out. The kernel rounds memory down to whole pages.
/// Source: docs.kernel.org, admin-guide/cgroup-v1/memory.html, scheduler/sched-bwc.html, admin-guide/cgroup-v2.html.
KernelLimits read_kernel_limits(const Files& files, const ControlGroup& group);

/// The same of a running container; nothing is known of one whose process is not on this machine.
KernelLimits limits_held(const Files& files, const Container& container);

}  // namespace pilotpros
