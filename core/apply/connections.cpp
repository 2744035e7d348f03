#include "core/apply/connections.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <sstream>
#include <vector>

namespace pilotpros {

namespace {

// include/net/tcp_states.h of the kernel.
constexpr const char* kSynSent = "02";
constexpr const char* kFinWait2 = "05";
constexpr const char* kTimeWait = "06";
constexpr const char* kClose = "07";
constexpr const char* kListen = "0A";

struct Line {
    std::string local, remote, state;
    [[nodiscard]] std::string port() const { return local.substr(local.find(':') + 1); }
};

std::vector<Line> lines_of(const std::string& table) {
    std::vector<Line> result;
    std::istringstream lines(table);
    std::string text;
    std::getline(lines, text);  // the head
    while (std::getline(lines, text)) {
        std::istringstream words(text);
        std::string number;
        Line line;
        if (words >> number >> line.local >> line.remote >> line.state) {
            result.push_back(std::move(line));
        }
    }
    return result;
}

/// The kernel prints an address as 32-bit words in its own byte order: 8 digits for IPv4, 32 for IPv6.
bool loopback(const std::string& address) {
    constexpr std::size_t kDigits = 8;
    std::vector<unsigned char> bytes;
    for (std::size_t at = 0; at + kDigits <= address.find(':'); at += kDigits) {
        const auto word = static_cast<std::uint32_t>(std::stoul(address.substr(at, kDigits), nullptr, 16));
        std::array<unsigned char, sizeof word> part{};
        std::memcpy(part.data(), &word, sizeof word);
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    constexpr unsigned char kLoopbackNetwork = 127;
    if (bytes.size() == 4) {
        return bytes[0] == kLoopbackNetwork;
    }
    const std::vector<unsigned char> one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    const std::vector<unsigned char> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, kLoopbackNetwork};
    return bytes == one || (bytes.size() == one.size() && std::equal(mapped.begin(), mapped.end(), bytes.begin()));
}

}  // namespace

Callers callers_of(const std::string& tcp, const std::string& tcp6) {
    std::vector<Line> all = lines_of(tcp);
    const std::vector<Line> six = lines_of(tcp6);
    all.insert(all.end(), six.begin(), six.end());
    std::set<std::string> ports;
    for (const Line& line : all) {
        if (line.state == kListen && !loopback(line.local)) {
            ports.insert(line.port());
        }
    }
    Callers callers;
    for (const Line& line : all) {
        if (line.state == kListen || line.state == kSynSent || !ports.contains(line.port()) || loopback(line.local)) {
            continue;
        }
        const bool done = line.state == kFinWait2 || line.state == kTimeWait || line.state == kClose;
        (done ? callers.gone : callers.open).insert(line.remote);
    }
    return callers;
}

}  // namespace pilotpros
