#include "core/apply/name_pin.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/docker/exec.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kMark = "# docker pilotpros";

std::string address_on(const Json& inspect, const std::string& network) {
    const Json& endpoint = member(member(member(inspect, "NetworkSettings"), "Networks"), network.c_str());
    const std::string address = text(endpoint, "IPAddress");
    return address.empty() ? text(endpoint, "GlobalIPv6Address") : address;
}

std::string reached_at(const Json& user, const Json& target) {
    for (const std::string& network : keys(member(user, "NetworkSettings"), "Networks")) {
        if (std::string address = address_on(target, network); !address.empty()) {
            return address;
        }
    }
    return {};
}

/// In place: the file is a mount, and nothing can be renamed over it. The shell's own words only, since an image may
/// have no other program.
bool edit_hosts(Engine& engine, const std::string& container, const char* script,
                const std::vector<std::string>& words) {
    ExecRequest request;
    request.container = container;
    request.argv = {"sh", "-c", script, "sh"};
    request.argv.insert(request.argv.end(), words.begin(), words.end());
    request.user = "0";
    return exec(engine, request).ok();
}

}  // namespace

std::vector<std::string> pin_lines(const Json& user, const std::vector<Json>& targets,
                                   const std::set<std::string>& names) {
    std::vector<std::string> lines;
    for (const Json& target : targets) {
        const std::string address = reached_at(user, target);
        if (address.empty()) {
            return {};
        }
        lines.push_back(fmt::format("{}\t{} {}", address, fmt::join(names, " "), kMark));
    }
    return lines;
}

bool pin(Engine& engine, const std::string& container, const std::vector<std::string>& lines) {
    return !lines.empty() && edit_hosts(engine, container, R"(printf '%s\n' "$@" >>/etc/hosts)", lines);
}

bool unpin(Engine& engine, const std::string& container) {
    constexpr const char* kScript = R"(kept=
while IFS= read -r line || [ -n "$line" ]; do
    case $line in *"$1") ;; *) kept="$kept$line
" ;; esac
done </etc/hosts && printf %s "$kept" >/etc/hosts)";
    return edit_hosts(engine, container, kScript, {kMark});
}

}  // namespace pilotpros
