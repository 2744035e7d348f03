#include "core/advise/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pilotpros {

namespace {

/// Memory that stays within this share of its peak, or within this amount, does not follow the load.
constexpr double kFlatShare = 0.05;
constexpr double kFlatBytes = 2.0 * 1024 * 1024;

double network_a_second(const Usage& usage) {
    return usage.container_seconds > 0
               ? static_cast<double>(usage.network_received + usage.network_sent) / usage.container_seconds
               : 0;
}

double independent_looks(const Usage& usage) {
    const Histogram& memory = usage.unreclaimable.histogram();
    const double spread = memory.max() - memory.quantile(0.05);
    const bool flat = spread <= std::max(kFlatShare * memory.max(), kFlatBytes);
    const double looks = flat ? std::max(usage.unreclaimable.looks(), usage.cpu.looks()) : usage.unreclaimable.looks();
    return std::min(looks, usage.seconds / MemoryEvidence::kSecondsALook);
}

/// The kernel's peak since the start holds it, or it was watched.
bool start_known(const Usage& usage) { return usage.kernel_peak > 0 || !usage.start_unreclaimable.empty(); }

std::string what_lacks(const Usage& usage, double looks) {
    if (usage.empty() || usage.unreclaimable.histogram().empty()) {
        return usage.empty() ? "nothing was measured" : "it was only seen starting";
    }
    const std::string watched = format_duration(Seconds{std::round(usage.seconds)});
    if (usage.seconds < MemoryEvidence::kFewestSeconds) {
        return fmt::format("{} were seen, {:.0f} s are the least", watched, MemoryEvidence::kFewestSeconds);
    }
    if (!exercised(usage)) {
        return fmt::format("it was idle: {} in {}", work_of(usage), watched);
    }
    if (looks < MemoryEvidence::kFewestLooks) {
        const bool growing = usage.unreclaimable.last() >= usage.unreclaimable.histogram().max();
        return fmt::format("its memory was {} for all of {}, which is {:.0f} independent look{} at it",
                           growing ? "growing" : "on the move", watched, std::max(looks, 1.0), looks < 1.5 ? "" : "s");
    }
    if (!start_known(usage)) {
        return "its start was not seen and the kernel's peak could not be read";
    }
    return "";
}

}  // namespace

bool exercised(const Usage& usage) {
    return usage.seconds >= MemoryEvidence::kWholeDay ||
           usage.cpu.histogram().quantile(0.5) >= MemoryEvidence::kBusyCores ||
           (usage.network_known && network_a_second(usage) >= MemoryEvidence::kBusyNetwork);
}

std::string work_of(const Usage& usage) {
    const std::string network = usage.network_known
                                    ? format_bytes(static_cast<Bytes>(network_a_second(usage))) + "/s over the network"
                                    : "its network could not be counted";
    return fmt::format("{:.3f} CPUs in the median, {}", usage.cpu.histogram().quantile(0.5), network);
}

MemoryEvidence weigh_memory(const Usage& usage) {
    MemoryEvidence evidence;
    evidence.measured = !usage.empty();
    evidence.need = usage.need_peak();
    evidence.kernel_peak = usage.kernel_peak;
    evidence.page_cache = std::min(static_cast<Bytes>(usage.page_cache.quantile(0.95)), evidence.need);
    evidence.seconds = usage.seconds;
    evidence.looks = independent_looks(usage);
    evidence.margin = 0.25 + 1 / (evidence.looks + 1);
    evidence.lacking = what_lacks(usage, evidence.looks);
    evidence.at_work = usage.seconds >= MemoryEvidence::kFewestSeconds && exercised(usage);
    evidence.few_looks = evidence.at_work && evidence.looks < MemoryEvidence::kFewestLooks &&
                         !usage.unreclaimable.histogram().empty() && start_known(usage);
    return evidence;
}

std::string MemoryEvidence::words() const {
    const std::string peak =
        kernel_peak > 0 ? fmt::format(" (kernel's peak {})", format_bytes(kernel_peak)) : std::string{};
    return fmt::format("needs at most {}{}, {:.0f} looks", format_bytes(need), peak, looks);
}

std::string MemoryEvidence::from() const {
    return fmt::format("profile of {}, {:.0f} looks", format_duration(Seconds{std::round(seconds)}), looks);
}

}  // namespace pilotpros
