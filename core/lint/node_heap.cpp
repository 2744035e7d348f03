#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/advise/compose_limits.h"
#include "core/advise/memory_flags.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/advice.h"

namespace pilotpros::linting {

namespace {

constexpr const char* kRunnerHeap = "N8N_RUNNERS_MAX_OLD_SPACE_SIZE";

/// The heap of n8n's internal task runner, a second node in the same container that does not inherit NODE_OPTIONS.
Bytes runner_heap(const Service& service) {
    constexpr long kMost = 1L << 30;
    const auto mebibytes = whole_number(variable_of(service, kRunnerHeap).value_or(""));
    // Elsewhere or nowhere it takes nothing of this container.
    const bool here = variable_of(service, "N8N_RUNNERS_MODE").value_or("") != "external" &&
                      variable_of(service, "N8N_RUNNERS_ENABLED").value_or("") != "false";
    return here && runs_n8n(service) && mebibytes && *mebibytes < kMost ? *mebibytes * kMiB : 0;
}

std::vector<Spot> look_heap_above_limit(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto limit = declared_bounds(&service).memory;
        const std::vector<MemoryFlag> flags = memory_flags(service);
        const auto heap = std::find_if(flags.begin(), flags.end(),
                                       [](const MemoryFlag& flag) { return flag.flag == "--max-old-space-size"; });
        constexpr Bytes kMost = std::numeric_limits<Bytes>::max() / 4;
        if (!limit || heap == flags.end() || heap->bytes > kMost) {
            continue;
        }
        const Bytes runner = runner_heap(service);
        if (heap->bytes + runner < *limit) {
            continue;
        }
        const bool alone = heap->bytes >= *limit;
        const Bytes fitting = most_within(*heap, std::max<Bytes>(*limit - runner, 0)) / kMiB;
        const Bytes least = round_up(least_limit(*heap) + runner);
        std::string fix = fmt::format("a memory limit of at least {}", compose_size(least));
        if (fitting > 0) {
            fix += fmt::format(", or --max-old-space-size={} at most", fitting);
        }
        // The advisor knows of the one heap only.
        std::vector<std::string> said_as;
        if (alone) {
            said_as.emplace_back("memory-flag-above-limit");
        }
        spots.push_back(
            {name,
             alone ? fmt::format("--max-old-space-size in {} is {}, its memory limit {}", heap->where,
                                 format_bytes(heap->bytes), format_bytes(*limit))
                   : fmt::format("--max-old-space-size in {} is {} and {} {}, its memory limit {}", heap->where,
                                 format_bytes(heap->bytes), kRunnerHeap, format_bytes(runner), format_bytes(*limit)),
             std::move(fix), "", std::move(said_as)});
    }
    return spots;
}

}  // namespace

LintRules node_heap_rules() {
    return {{"heap-above-limit", Finding::Severity::kError, "node's heap may grow beyond the memory limit",
             "the kernel kills it (exit code 137) before it could collect garbage or report that memory is short",
             "https://nodejs.org/api/cli.html#--max-old-space-sizesize-in-mib", look_heap_above_limit}};
}

}  // namespace pilotpros::linting
