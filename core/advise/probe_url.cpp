#include "core/advise/probe_url.h"

#include <algorithm>
#include <cctype>

namespace pilotpros {

namespace {

/// A variable reference as written is no secret; what it falls back to may be.
bool is_harmless_reference(std::string_view reference) {
    const auto fallback = reference.find_first_of(":-?+");
    return fallback == std::string_view::npos || reference.size() - fallback <= 24;
}

bool is_plain_path(const std::string& path) {
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string segment = path.substr(at, end - at);
        if (segment.size() > 25 || !is_plain_word(segment, "/_.-")) {
            return false;
        }
        at = end;
    }
    return true;
}

}  // namespace

std::size_t end_of_braces(const std::string& text, std::size_t at) {
    int depth = 0;
    for (std::size_t i = at + 1; i < text.size(); ++i) {
        depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
        if (depth == 0) {
            return i + 1;
        }
    }
    return std::string::npos;
}

bool is_plain_word(const std::string& text, std::string_view marks, int most_digits) {
    int digits = 0;
    int length = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto letter = static_cast<unsigned char>(text[at]);
        if (letter == '$') {
            while (at + 1 < text.size() && text[at + 1] == '$') {
                ++at;
            }
            if (at + 1 < text.size() && text[at + 1] == '{') {
                const std::size_t end = end_of_braces(text, at);
                if (end == std::string::npos || !is_harmless_reference(std::string_view{text}.substr(at, end - at))) {
                    return false;
                }
                at = end - 1;
            }
            continue;
        }
        if (std::isalnum(letter) == 0 && marks.find(static_cast<char>(letter)) == std::string_view::npos) {
            return false;
        }
        digits += std::isdigit(letter) != 0 ? 1 : 0;
        ++length;
    }
    return length <= 40 && digits <= most_digits;
}

std::optional<ProbeUrl> read_probe_url(const std::string& raw, std::size_t index) {
    const std::string text = unquoted_word(raw);
    ProbeUrl url;
    url.word = index;
    std::size_t at = text.find("://");
    if (at == std::string::npos) {
        // curl and wget take an address without its scheme; nothing else of theirs looks like one.
        if (!text.starts_with("localhost") && !text.starts_with("127.0.0.1")) {
            return std::nullopt;
        }
        url.scheme = "http";
        at = 0;
    } else {
        url.scheme = text.substr(0, at);
        at += 3;
    }
    std::string rest = text.substr(at);
    const auto depth_find = [&](std::string_view letters) {
        for (std::size_t i = 0; i < rest.size(); ++i) {
            if (rest[i] == '$' && i + 1 < rest.size() && rest[i + 1] == '{') {
                const std::size_t end = end_of_braces(rest, i);
                i = end == std::string::npos ? rest.size() : end - 1;
            } else if (letters.find(rest[i]) != std::string_view::npos) {
                return i;
            }
        }
        return rest.size();
    };
    const std::size_t path = depth_find("/?#");
    url.path = rest.substr(path);
    rest.resize(path);
    const std::size_t colon = rest.starts_with('[') ? rest.find(':', rest.find(']')) : depth_find(":");
    url.host = rest.substr(0, colon);
    url.port = colon < rest.size() ? rest.substr(colon + 1) : "";
    return url;
}

bool is_public_url(const ProbeUrl& url) {
    return (url.scheme == "http" || url.scheme == "https") && is_plain_word(url.host, ".-[]:", 12) &&
           is_plain_word(url.port, "") && is_plain_path(url.path);
}

std::string ProbeUrl::text() const {
    return scheme + "://" + (host == "localhost" ? "127.0.0.1" : host) + (port.empty() ? "" : ":" + port) + path;
}

}  // namespace pilotpros
