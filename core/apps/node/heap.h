#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/apps/node/facts.h"
#include "core/model/observation.h"

namespace pilotpros::apps::node {

// V8's own arithmetic, measured with Node.js 20.19, 22.23 and 24.21 in containers of 128 MiB to 16 GiB: old space is
// half of the container's memory, at least 256 MiB, at most 2 GiB (4 GiB from 15 GiB on); the ceiling is old space and
// three semi-spaces.

/// One heap's bounds; zero where V8 decides.
struct HeapFlags {
    Bytes old_space = 0, semi_space = 0;
    double percentage = 0;  ///< --max-old-space-size-percentage: wins over old_space where the version knows it
    [[nodiscard]] bool bounds_old_space() const { return old_space > 0 || percentage > 0; }
};

/// Reads checked flags; the last of a name wins. A value of zero is V8's default again.
HeapFlags heap_flags(const std::vector<std::string>& flags);

int major_of(const std::string& version);

/// V8's old space in a container with this limit (or a machine of this size).
Bytes default_old_space(Bytes memory);
/// V8's semi-space there: old space / 128 (Node.js 24 on: / 32), to the next power of two, at most 16 (64) MiB; 1 MiB
/// up to 512 MiB of memory.
Bytes default_semi_space(Bytes memory, int major);

/// What V8 makes of the flags in a container with this limit.
struct Heap {
    Bytes old_space = 0, semi_space = 0;
    [[nodiscard]] Bytes ceiling() const { return old_space + 3 * semi_space; }
};
Heap heap_in(Bytes memory, const HeapFlags& flags, int major);

/// What a node process is charged beside its heap ceiling: 40 MiB for itself and 5 % of old space for V8's own
/// bookkeeping. (Filled heaps of 64 to 400 MiB lived with 24 MiB, 800 MiB needed 56 MiB; 1600 MiB died with 56 MiB.)
Bytes runtime_beside(Bytes old_space);

/// What the other programs of a container that runs the server are resident with, less 40 MiB each, the node binary's
/// shared pages. Nothing where it does not run in it.
std::optional<Bytes> resident_beside(const ServiceObservation& service, const Container& container, const Facts& facts);

/// What else a container holds: its other programs, the most that was kept of them, or as they are listed now where
/// nothing was; and what the highest need had above the heap's ceiling. Rounded up to 8 MiB.
Bytes measured_beside(const ServiceObservation& service, const Facts& facts);

/// The least limit that holds a heap and all beside it.
Bytes least_limit(const Heap& heap, Bytes beside);

/// The largest old space, in steps of 8 MiB (32 from 512 MiB on), that a limit holds with everything beside it and one
/// sixteenth of the limit kept for buffers; 0 when not even 32 MiB fit.
Bytes old_space_that_fits(Bytes memory, Bytes semi_space, Bytes beside);

/// n8n's native memory and buffers beyond a bare node: it started and worked with a heap of 280 MiB in 400 MiB, and was
/// killed with a larger one.
Bytes known_beside(const Facts& facts);

}  // namespace pilotpros::apps::node
