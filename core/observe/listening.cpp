#include "core/observe/listening.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "core/docker/exec.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

constexpr int kFirstOfTheKernel = 32768;

bool is_loopback(const std::string& address) {
    constexpr std::size_t kFour = 8;  // digits of an IPv4 address
    constexpr const char* kLoopback6 = "00000000000000000000000001000000";
    constexpr const char* kMapped = "0000000000000000FFFF0000";
    const bool four = address.size() == kFour || address.starts_with(kMapped);
    return four ? address.ends_with("7F") : address == kLoopback6;
}

/// Process numbers mean nothing on another machine: the one that we see has to be in the container's control group.
std::optional<std::string> table_in_our_proc(const Files& files, const Container& container) {
    if (container.pid <= 0) {
        return std::nullopt;
    }
    try {
        const std::string process = fmt::format("/proc/{}/", container.pid);
        const std::string group = files.read(process + "cgroup").value_or("");
        if (group.find(container.id) == std::string::npos) {
            return std::nullopt;
        }
        const auto table = files.read(process + "net/tcp");
        return table ? std::optional{*table + files.read(process + "net/tcp6").value_or("")} : std::nullopt;
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool declares(const Container& container, int port) {
    const auto names = [&](const std::string& declared) { return declared == fmt::format("{}/tcp", port); };
    return std::any_of(container.exposed_ports.begin(), container.exposed_ports.end(), names) ||
           std::any_of(container.ports.begin(), container.ports.end(),
                       [&](const PortBinding& binding) { return names(binding.container_port); });
}

}  // namespace

std::set<int> listening_ports(const std::string& table) {
    std::set<int> ports;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string number;
        std::string local;
        std::string remote;
        std::string state;
        words >> number >> local >> remote >> state;
        const std::size_t colon = local.find(':');
        if (state != "0A" || colon == std::string::npos || is_loopback(local.substr(0, colon))) {
            continue;
        }
        int port = 0;
        std::from_chars(local.data() + colon + 1, local.data() + local.size(), port, 16);
        ports.insert(port);
    }
    return ports;
}

std::optional<std::set<int>> ports_listened_on(Engine& engine, const Files& files, const Container& container) {
    if (!container.running() || container.network_mode == "host" || container.network_mode.starts_with("container:")) {
        return std::nullopt;
    }
    auto table = table_in_our_proc(files, container);
    if (!table) {
        // Without IPv6 the second file is not there, and cat says so with its status.
        const ExecResult result = exec(engine, {container.id, {"cat", "/proc/net/tcp", "/proc/net/tcp6"}, ""});
        if (!result.started || result.timed_out || result.output.empty()) {
            return std::nullopt;
        }
        table = result.output;
    }
    std::set<int> ports = listening_ports(*table);
    std::erase_if(ports, [&](int port) { return port >= kFirstOfTheKernel && !declares(container, port); });
    return ports;
}

}  // namespace pilotpros
