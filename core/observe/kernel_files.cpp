#include "core/observe/kernel_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>
#include <string_view>
#include <vector>

#include "core/model/error.h"

namespace pilotpros {

namespace {

/// One line of /proc/PID/cgroup.
struct Membership {
    std::vector<std::string> controllers;  ///< none: the unified hierarchy of v2
    std::string path;
};

/// One mounted hierarchy. Source of the format: proc(5), "/proc/[pid]/mountinfo".
struct Mounted {
    bool unified = false;
    std::vector<std::string> options;
    std::string root, point;
};

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream{text};
    for (std::string part; std::getline(stream, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

std::optional<std::string> read_quietly(const Files& files, const Path& path) {
    try {
        return files.read(path);
    } catch (const Error&) {
        return std::nullopt;  // the group went, or is not ours to read
    }
}

std::vector<Membership> memberships(const std::string& text) {
    std::vector<Membership> result;
    for (const std::string& line : split(text, '\n')) {
        const auto first = line.find(':');
        const auto second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second != std::string::npos) {
            result.push_back({split(line.substr(first + 1, second - first - 1), ','), line.substr(second + 1)});
        }
    }
    return result;
}

/// Blanks and the like stand in octal in the mount table.
std::string unescape(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        int code = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 1] + 3, code, 8).ptr == &text[i + 1] + 3) {
            result += static_cast<char>(code);
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::vector<Mounted> mounted_hierarchies(const std::string& text) {
    std::vector<Mounted> result;
    for (const std::string& line : split(text, '\n')) {
        const auto dash = line.find(" - cgroup");
        if (dash == std::string::npos) {
            continue;
        }
        const auto before = split(line.substr(0, dash), ' ');
        const auto after = split(line.substr(dash + 3), ' ');  // type, source, options
        if (before.size() < 5 || after.empty() || (after[0] != "cgroup" && after[0] != "cgroup2")) {
            continue;
        }
        result.push_back({after[0] == "cgroup2", after.size() > 2 ? split(after[2], ',') : std::vector<std::string>{},
                          unescape(before[3]), unescape(before[4])});
    }
    return result;
}

/// The path up to the component that bears the container's ID: a service manager inside it may have made groups below.
std::string up_to_container(const std::string& path, const std::string& container) {
    const auto at = container.empty() ? std::string::npos : path.find(container);
    return at == std::string::npos ? std::string{} : path.substr(0, path.find('/', at));
}

std::optional<Path> directory_of(const Mounted& mounted, const std::string& path) {
    const std::string root = mounted.root == "/" ? "" : mounted.root;
    if (!path.starts_with(root) || path.find("/..") != std::string::npos) {
        return std::nullopt;  // a group outside of what is mounted here, or outside of our own namespace
    }
    return Path{mounted.point + path.substr(root.size())};
}

Path find_directory(const Files& files, const std::vector<Membership>& groups, const std::vector<Mounted>& mounts,
                    const std::string& container, const std::string& controller) {
    for (const Membership& group : groups) {
        const bool unified = controller.empty();
        if (unified ? !group.controllers.empty()
                    : std::find(group.controllers.begin(), group.controllers.end(), controller) ==
                          group.controllers.end()) {
            continue;
        }
        const std::string path = up_to_container(group.path, container);
        for (const Mounted& mounted : mounts) {
            if (path.empty() || mounted.unified != unified ||
                (!unified &&
                 std::find(mounted.options.begin(), mounted.options.end(), controller) == mounted.options.end())) {
                continue;
            }
            const auto directory = directory_of(mounted, path);
            if (directory && files.is_directory(*directory)) {
                return *directory;
            }
        }
    }
    return {};
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value < 0) {
        return std::nullopt;  // "max", or nonsense
    }
    return value;
}

std::optional<std::int64_t> whole_file(const Files& files, const Path& path) {
    const auto content = read_quietly(files, path);
    return content ? number(*content) : std::nullopt;
}

/// A file of lines "key value".
std::map<std::string, std::int64_t> table(const Files& files, const Path& path) {
    std::map<std::string, std::int64_t> result;
    for (const std::string& line : split(read_quietly(files, path).value_or(""), '\n')) {
        const auto blank = line.find(' ');
        if (blank != std::string::npos) {
            if (const auto value = number(std::string_view{line}.substr(blank + 1))) {
                result[line.substr(0, blank)] = *value;
            }
        }
    }
    return result;
}

std::optional<std::int64_t> entry(const std::map<std::string, std::int64_t>& table, const std::string& key) {
    const auto found = table.find(key);
    return found == table.end() ? std::nullopt : std::optional{found->second};
}

/// "8:0 Read 4096" on v1, "8:0 rbytes=4096 wbytes=0 ..." on v2. Without a line for a device the kernel did not count.
void read_block(const std::string& text, KernelReading& into) {
    const auto add = [](std::optional<Bytes>& total, std::optional<std::int64_t> more) {
        if (more) {
            total = total.value_or(0) + std::min<Bytes>(*more, std::numeric_limits<Bytes>::max() - total.value_or(0));
        }
    };
    for (const std::string& line : split(text, '\n')) {
        const auto words = split(line, ' ');
        if (words.size() < 2 || words[0].find(':') == std::string::npos) {
            continue;
        }
        if (words.size() == 3 && words[1] == "Read") {
            add(into.block_read, number(words[2]));
        } else if (words.size() == 3 && words[1] == "Write") {
            add(into.block_written, number(words[2]));
        } else {
            for (const std::string& word : words) {
                if (word.starts_with("rbytes=")) {
                    add(into.block_read, number(std::string_view{word}.substr(7)));
                } else if (word.starts_with("wbytes=")) {
                    add(into.block_written, number(std::string_view{word}.substr(7)));
                }
            }
        }
    }
}

}  // namespace

std::optional<ControlGroup> find_control_group(const Files& files, int pid, const std::string& container,
                                               std::string& why) {
    if (pid <= 0) {
        why = "the container does not run";
        return std::nullopt;
    }
    const auto groups_text = read_quietly(files, fmt::format("/proc/{}/cgroup", pid));
    const auto mounts_text = read_quietly(files, "/proc/self/mountinfo");
    if (!groups_text || !mounts_text) {
        why = "its process is not visible on this machine";
        return std::nullopt;
    }
    if (groups_text->find(container) == std::string::npos) {
        why = "the process of that number on this machine is not the container's";
        return std::nullopt;
    }
    const auto groups = memberships(*groups_text);
    const auto mounts = mounted_hierarchies(*mounts_text);
    ControlGroup group;
    group.memory = find_directory(files, groups, mounts, container, "memory");
    group.version = 1;
    group.cpu = find_directory(files, groups, mounts, container, "cpu");
    group.pids = find_directory(files, groups, mounts, container, "pids");
    group.block = find_directory(files, groups, mounts, container, "blkio");
    if (group.memory.empty()) {
        group.version = 2;
        group.memory = find_directory(files, groups, mounts, container, "");
        // A hybrid machine mounts an empty v2 beside the controllers of v1.
        if (!group.memory.empty() && !read_quietly(files, group.memory / "memory.current")) {
            group.memory.clear();
        }
        group.cpu = group.cpu.empty() ? group.memory : group.cpu;
        group.pids = group.pids.empty() ? group.memory : group.pids;
        group.block = group.block.empty() ? group.memory : group.block;
    }
    if (group.memory.empty()) {
        why = "its control group is not mounted here";
        return std::nullopt;
    }
    return group;
}

KernelReading read_kernel(const Files& files, const ControlGroup& group) {
    KernelReading reading;
    const auto memory = table(files, group.memory / "memory.stat");
    const auto sum = [&](std::initializer_list<const char*> keys) {
        Bytes total = 0;
        for (const char* const key : keys) {
            total += entry(memory, key).value_or(0);
        }
        return total;
    };
    std::optional<Bytes> usage;
    if (group.version == 2) {
        usage = whole_file(files, group.memory / "memory.current");
        reading.peak_source = "memory.peak";
        reading.oom_kills = entry(table(files, group.memory / "memory.events"), "oom_kill");
    } else {
        usage = whole_file(files, group.memory / "memory.usage_in_bytes");
        reading.peak_source = "memory.max_usage_in_bytes";
        reading.oom_kills = entry(table(files, group.memory / "memory.oom_control"), "oom_kill");
    }
    reading.peak = whole_file(files, group.memory / reading.peak_source);
    if (usage && !memory.empty()) {
        const Bytes reclaimable = group.version == 2 ? sum({"active_file", "inactive_file", "slab_reclaimable"})
                                                     : sum({"total_active_file", "total_inactive_file"});
        reading.unreclaimable = std::clamp<Bytes>(*usage - reclaimable, 0, *usage);
    }
    if (!group.cpu.empty()) {
        const auto cpu = table(files, group.cpu / "cpu.stat");
        reading.periods = entry(cpu, "nr_periods");
        reading.throttled_periods = entry(cpu, "nr_throttled");
        if (const auto nanoseconds = entry(cpu, "throttled_time")) {
            reading.throttled_seconds = static_cast<double>(*nanoseconds) / 1e9;
        } else if (const auto microseconds = entry(cpu, "throttled_usec")) {
            reading.throttled_seconds = static_cast<double>(*microseconds) / 1e6;
        }
    }
    if (!group.pids.empty()) {
        reading.pids_peak = whole_file(files, group.pids / "pids.peak");
    }
    if (!group.block.empty()) {
        const char* const name = group.block == group.memory ? "io.stat" : "blkio.throttle.io_service_bytes_recursive";
        read_block(read_quietly(files, group.block / name).value_or(""), reading);
    }
    return reading;
}

}  // namespace pilotpros
