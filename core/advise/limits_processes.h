#pragma once

#include "core/advise/limits_service.h"

namespace pilotpros {

/// Processes and descriptors.
///
/// pids: the smallest power of two that is at least 4 times the most processes and threads ever seen (the kernel's own
/// peak where it can be read), twice the connections that a program with a process for each of them allows
/// (PostgreSQL's max_connections), and 512. It is there for a fork bomb, so width costs nothing. Only where it
/// was seen at work. The user's own is kept unless nine tenths of it were in use. An earlier value stands while it is
/// at least 3 times the most seen and at most 4 times the new value. ulimits.nofile: only where the files set it below
/// what the program itself needs: nginx two a connection (worker_connections; the client's and the upstream's) unless
/// it raises it by worker_rlimit_nofile, PostgreSQL max_files_per_process. Docker's default is the engine's and is not
/// known here. memlock: nothing for PostgreSQL, which locks no memory, so that the recipe's line changes nothing; where
/// it does something: memlock.h.
/// Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (pids.max),
/// https://nginx.org/en/docs/ngx_core_module.html#worker_connections, and
/// https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-MAX-FILES-PER-PROCESS
void advise_processes(const LimitsView& view, Advice& into);
/// The pins alone, for a service of which nothing is known.
void take_process_pins(const LimitsView& view, Advice& into);

}  // namespace pilotpros
