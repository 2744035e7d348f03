#include "core/apps/node/heap.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>

#include "core/apps/programs.h"
#include "core/model/advice.h"

namespace pilotpros::apps::node {

namespace {

constexpr Bytes kGiB = Bytes{1} << 30U;

double number_of(const std::string& text) {
    double value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && value > 0 && value < 1e8 ? value : 0;
}

Bytes power_of_two(Bytes mib) { return static_cast<Bytes>(std::bit_ceil(static_cast<std::uint64_t>(mib))); }

Bytes next_step(Bytes bytes, Bytes step) { return (bytes + step - 1) / step * step; }

}  // namespace

HeapFlags heap_flags(const std::vector<std::string>& flags) {
    HeapFlags result;
    for (const std::string& flag : flags) {
        const auto equals = flag.find('=');
        const std::string name = flag.substr(0, equals);
        const double value = equals == std::string::npos ? 0 : number_of(flag.substr(equals + 1));
        if (name == "--max-old-space-size") {
            result.old_space = static_cast<Bytes>(value) * kMiB;
        } else if (name == "--max-semi-space-size") {
            result.semi_space = value < 1 ? 0 : power_of_two(static_cast<Bytes>(value)) * kMiB;
        } else if (name == "--max-old-space-size-percentage") {
            result.percentage = std::min(value, 100.0);
        }
    }
    return result;
}

int major_of(const std::string& version) {
    int major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    return major;
}

Bytes default_old_space(Bytes memory) {
    return std::clamp(memory / 2, 256 * kMiB, memory >= 15 * kGiB ? 4 * kGiB : 2 * kGiB);
}

Bytes default_semi_space(Bytes memory, int major) {
    if (memory <= 512 * kMiB) {
        return kMiB;
    }
    const bool wide = major >= 24;
    const Bytes share = next_step(default_old_space(memory), kMiB) / (wide ? 32 : 128);
    return std::min(power_of_two(next_step(share, kMiB) / kMiB), Bytes{wide ? 64 : 16}) * kMiB;
}

Heap heap_in(Bytes memory, const HeapFlags& flags, int major) {
    Heap heap;
    heap.semi_space = flags.semi_space > 0 ? flags.semi_space : default_semi_space(memory, major);
    heap.old_space = flags.percentage > 0  ? static_cast<Bytes>(static_cast<double>(memory) * flags.percentage / 100)
                     : flags.old_space > 0 ? flags.old_space
                                           : default_old_space(memory);
    return heap;
}

Bytes runtime_beside(Bytes old_space) { return 40 * kMiB + old_space / 20; }

std::optional<Bytes> resident_beside(const ServiceObservation& service, const Container& container,
                                     const Facts& facts) {
    const auto listed = service.processes.find(container.id);
    if (listed == service.processes.end()) {
        return std::nullopt;
    }
    // Not a health check's: whether one runs at this very moment is chance.
    const std::vector<const ContainerProcess*> processes = main_processes(&container, listed->second);
    const auto is_server = [&](const ContainerProcess* process) { return process->pid == facts.server_pid; };
    if (std::none_of(processes.begin(), processes.end(), is_server)) {
        return std::nullopt;
    }
    Bytes sum = 0;
    for (const ContainerProcess* process : processes) {
        sum += is_server(process) ? 0 : std::max<Bytes>(0, process->resident - 40 * kMiB);
    }
    return sum;
}

Bytes measured_beside(const ServiceObservation& service, const Facts& facts) {
    const Usage usage = usage_of(service);
    Bytes others = usage.beside.value_or(0);
    if (!usage.beside) {
        for (const Container& container : service.containers) {
            others = std::max(others, resident_beside(service, container, facts).value_or(0));
        }
    }
    const Bytes above = facts.heap_limit > 0 && facts.memory_limit > 0
                            ? std::max<Bytes>(0, usage.need_peak() - facts.heap_limit - 40 * kMiB)
                            : 0;
    return next_step(std::max(others, above), 8 * kMiB);
}

Bytes least_limit(const Heap& heap, Bytes beside) { return heap.ceiling() + runtime_beside(heap.old_space) + beside; }

Bytes old_space_that_fits(Bytes memory, Bytes semi_space, Bytes beside) {
    const Bytes room = memory - memory / 16 - 3 * semi_space - beside - 40 * kMiB;
    const Bytes old_space = room > 0 ? room / 21 * 20 : 0;
    const Bytes step = old_space < 512 * kMiB ? 8 * kMiB : 32 * kMiB;
    return old_space < 32 * kMiB ? 0 : old_space / step * step;
}

Bytes known_beside(const Facts& facts) { return facts.package == "n8n" ? 80 * kMiB : 0; }

}  // namespace pilotpros::apps::node
