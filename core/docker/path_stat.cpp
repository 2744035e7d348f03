#include "core/docker/path_stat.h"

#include <filesystem>

#include "core/docker/json.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

/// RFC 4648, padding optional; nothing when a letter is none of it.
std::optional<std::string> decode_base64(const std::string& text) {
    std::string result;
    std::uint32_t bits = 0;
    int filled = 0;
    for (const char letter : text) {
        if (letter == '=') {
            break;
        }
        static const std::string kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const auto value = kAlphabet.find(letter == '-' ? '+' : letter == '_' ? '/' : letter);
        if (value == std::string::npos) {
            return std::nullopt;
        }
        bits = (bits << 6U) | static_cast<std::uint32_t>(value);
        filled += 6;
        if (filled >= 8) {
            filled -= 8;
            result.push_back(static_cast<char>((bits >> static_cast<unsigned>(filled)) & 0xffU));
        }
    }
    return result;
}

Request look_at(const std::string& container, const std::string& path) {
    Request request;
    request.method = "HEAD";
    request.path = "/containers/" + container + "/archive";
    request.query = {{"path", path}};
    return request;
}

}  // namespace

std::optional<PathStat> read_path_stat(const std::string& header) {
    const auto decoded = decode_base64(header);
    const nlohmann::json stat = decoded ? nlohmann::json::parse(*decoded, nullptr, false) : nlohmann::json{};
    if (!stat.is_object() || !member(stat, "mode").is_number_unsigned()) {
        return std::nullopt;
    }
    const std::uint64_t mode = member(stat, "mode").get<std::uint64_t>();
    const bool is_link = (mode & (1ULL << 27U)) != 0;
    return PathStat{is_link ? text(stat, "linkTarget") : std::string{}, mode, integer(stat, "size")};
}

std::vector<std::optional<PathStat>> stat_paths(Engine& engine, const std::string& container,
                                                const std::vector<std::string>& paths) {
    std::vector<Request> requests{look_at(container, "/")};
    for (const std::string& path : paths) {
        requests.push_back(look_at(container, path));
    }
    std::vector<std::optional<PathStat>> result;
    for (const Response& response : engine.call_all(requests)) {
        if (response.status == 0) {
            throw EngineLost("the engine gave no answer: " + response.body);
        }
        const auto header = response.headers.find("x-docker-container-path-stat");
        const bool there = response.ok() && header != response.headers.end();
        result.push_back(there ? read_path_stat(header->second) : std::nullopt);
    }
    // A missing path and a missing container are the same 404 without a body; a container has a root.
    if (!result.front()) {
        throw Error(ExitCode::kEngineNeeded, "the engine does not let us look at the container's files",
                    "docker logs and the engine's own log say more; run the command again");
    }
    result.erase(result.begin());
    return result;
}

std::vector<std::optional<PathStat>> stat_resolved(Engine& engine, const std::string& container,
                                                   const std::vector<std::string>& paths,
                                                   std::vector<std::string>& resolved) {
    resolved = paths;
    auto result = stat_paths(engine, container, paths);
    for (int links = 0; links < 8; ++links) {
        std::vector<std::size_t> which;
        std::vector<std::string> next;
        for (std::size_t i = 0; i < result.size(); ++i) {
            if (result[i] && !result[i]->link_target.empty()) {
                const std::filesystem::path target{result[i]->link_target};
                resolved[i] = (std::filesystem::path{resolved[i]}.parent_path() / target).lexically_normal().string();
                which.push_back(i);
                next.push_back(resolved[i]);
            }
        }
        if (which.empty()) {
            break;
        }
        const auto stats = stat_paths(engine, container, next);
        for (std::size_t i = 0; i < which.size(); ++i) {
            result[which[i]] = stats[i];
        }
    }
    return result;
}

}  // namespace pilotpros
