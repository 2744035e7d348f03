#include "core/observe/kernel_limits.h"

#include <charconv>
#include <sstream>
#include <string>
#include <vector>

#include "core/model/error.h"

namespace pilotpros {

namespace {

std::vector<std::string> words_of_file(const Files& files, const Path& path) {
    std::optional<std::string> content;
    try {
        content = files.read(path);
    } catch (const Error&) {
        content = std::nullopt;  // the group went, or is not ours to read
    }
    std::istringstream stream{content.value_or("")};
    std::vector<std::string> words;
    for (std::string word; stream >> word;) {
        words.push_back(word);
    }
    return words;
}

/// 0 for what says that there is no bound: "max", -1, and v1's largest number of whole pages.
std::optional<std::int64_t> bound_of(const std::vector<std::string>& words) {
    constexpr std::int64_t kUnbounded = std::int64_t{1} << 60;
    if (words.empty()) {
        return std::nullopt;
    }
    const std::string& word = words.front();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word != "max" && (error != std::errc{} || end != word.data() + word.size())) {
        return std::nullopt;
    }
    return value < 0 || value >= kUnbounded ? 0 : value;
}

std::optional<double> quota_of(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
    if (!quota || !period || *period <= 0) {
        return std::nullopt;
    }
    return static_cast<double>(*quota) / static_cast<double>(*period);
}

}  // namespace

KernelLimits read_kernel_limits(const Files& files, const ControlGroup& group) {
    const auto read = [&](const Path& directory, const char* name) {
        return directory.empty() ? std::optional<std::int64_t>{} : bound_of(words_of_file(files, directory / name));
    };
    KernelLimits limits;
    limits.pids = read(group.pids, "pids.max");
    if (group.version == 2) {
        limits.memory = read(group.memory, "memory.max");
        const auto words_of_swap = words_of_file(files, group.memory / "memory.swap.max");
        if (const auto swap = bound_of(words_of_swap); swap && limits.memory) {
            const bool swapless = words_of_swap.front() == "0";
            limits.memory_swap = *limits.memory > 0 && (*swap > 0 || swapless) ? *limits.memory + *swap : 0;
        }
        if (const auto words = words_of_file(files, group.cpu / "cpu.max"); words.size() == 2) {
            limits.cpus = quota_of(bound_of(words), bound_of({words[1]}));
        }
    } else {
        limits.memory = read(group.memory, "memory.limit_in_bytes");
        limits.memory_swap = read(group.memory, "memory.memsw.limit_in_bytes");
        limits.cpus = quota_of(read(group.cpu, "cpu.cfs_quota_us"), read(group.cpu, "cpu.cfs_period_us"));
    }
    return limits;
}

KernelLimits limits_held(const Files& files, const Container& container) {
    std::string why;
    const auto group = find_control_group(files, container.pid, container.id, why);
    return group ? read_kernel_limits(files, *group) : KernelLimits{};
}

}  // namespace pilotpros
