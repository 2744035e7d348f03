#include "core/observe/redactor.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace pilotpros {

namespace {

constexpr std::size_t kPiece = 8;
constexpr std::size_t kShortest = 4;
constexpr std::size_t kLongestLine = 1024;  // of one that is looked at: expressions take stack for each letter
constexpr const char* kHidden = "…";

std::string lower(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return result;
}

/// Behind ESC: "[" up to a letter, "]" up to BEL or ESC \, else one character.
std::size_t end_of_escape(std::string_view line, std::size_t at) {
    if (at >= line.size()) {
        return at;
    }
    if (line[at] == '[') {
        const auto end = std::find_if(line.begin() + static_cast<std::ptrdiff_t>(at) + 1, line.end(),
                                      [](char letter) { return letter >= '@' && letter <= '~'; });
        return std::min(line.size(), static_cast<std::size_t>(end - line.begin()) + 1);
    }
    if (line[at] == ']') {
        const std::size_t end = line.find_first_of("\a\x1b", at);
        return end == std::string_view::npos ? line.size() : line[end] == '\a' ? end + 1 : end;
    }
    return at + 1;
}

/// Of "scheme://rest" the rest: the scheme is no secret, and a word of many lines.
std::string_view without_scheme(std::string_view value) {
    const std::size_t at = value.find("://");
    return at == std::string_view::npos ? value : value.substr(at + 3);
}

std::string replaced(const std::string& line, const std::regex& expression, const char* with) {
    return std::regex_replace(line, expression, with);
}

/// What may be confidential whoever wrote it.
std::string without_usual_places(const std::string& line) {
    static const std::regex kUser(R"x(://[^\s/@"']*@)x");
    static const std::regex kAddress(R"x(([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#"'<>]*)[/?#][^\s"'<>]*)x");
    static const std::regex kRequest(R"x(\b(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) +/[^\s"']*)x");
    static const std::regex kQuery(R"x(\?[^\s"']+=[^\s"']*)x");
    // Behind a colon or an equals sign whatever comes, else only what is no plain word: "password authentication
    // failed".
    static const std::regex kNamed(
        R"x(((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|credentials?|authorization|bearer|basic|cookie|)x"
        R"x(private[-_]?key|signature)["']?)(\s*[=:]\s*(?:(?:bearer|basic)\s+)?(?:"[^"]*"|'[^']*'|[^\s,;"']+)|)x"
        R"x(\s+(?=[^\s]*[0-9])[^\s,;"']+))x",
        std::regex::icase);
    static const std::regex kKey(R"x(\b(?=[A-Za-z0-9_+=-]*[0-9])(?=[A-Za-z0-9_+=-]*[A-Za-z])[A-Za-z0-9_+=-]{16,})x");
    std::string result = replaced(line, kUser, "://…@");
    result = replaced(result, kAddress, "$1/…");
    result = replaced(result, kRequest, "$1 /…");
    result = replaced(result, kQuery, "?…");
    result = replaced(result, kNamed, "$1 …");
    return replaced(result, kKey, kHidden);
}

/// A word that names an option whose value nobody should see.
bool names_a_secret(std::string_view option) {
    const std::string name = lower(option);
    const auto says = [&](const char* word) { return name.find(word) != std::string::npos; };
    return says("pass") || says("secret") || says("token") || says("key") || says("auth") || says("cred");
}

}  // namespace

std::string without_escapes(std::string_view line) {
    std::string result;
    for (std::size_t at = 0; at < line.size();) {
        const auto letter = static_cast<unsigned char>(line[at]);
        if (letter == 0x1b) {
            at = end_of_escape(line, at + 1);
            continue;
        }
        if (letter == '\t') {
            result += ' ';
        } else if (letter >= ' ' && letter != 0x7f) {
            result += line[at];
        }
        ++at;
    }
    return result;
}

Redactor::Redactor(const std::vector<Secret>& secrets) {
    for (const Secret& secret : secrets) {
        const std::string value = lower(without_scheme(secret.reveal()));
        if (value.size() >= kShortest && value.size() < kPiece) {
            whole_.push_back(value);
        }
        for (std::size_t at = 0; at + kPiece <= value.size(); ++at) {
            pieces_.insert(value.substr(at, kPiece));
        }
    }
}

std::string Redactor::without_known(const std::string& line) const {
    const std::string folded = lower(line);
    std::vector<bool> hidden(line.size(), false);
    const auto hide = [&](std::size_t at, std::size_t length) {
        std::fill_n(hidden.begin() + static_cast<std::ptrdiff_t>(at), length, true);
    };
    for (std::size_t at = 0; at + kPiece <= folded.size(); ++at) {
        if (pieces_.contains(folded.substr(at, kPiece))) {
            hide(at, kPiece);
        }
    }
    for (const std::string& value : whole_) {
        for (std::size_t at = folded.find(value); at != std::string::npos; at = folded.find(value, at + 1)) {
            hide(at, value.size());
        }
    }
    std::string result;
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (!hidden[at]) {
            result += line[at];
        } else if (at == 0 || !hidden[at - 1]) {
            result += kHidden;
        }
    }
    return result;
}

std::string Redactor::clean(std::string_view line, std::size_t longest) const {
    std::string result = without_usual_places(without_known(without_escapes(line.substr(0, kLongestLine))));
    if (result.size() > longest) {
        std::size_t end = longest;
        while (end > 0 && (static_cast<unsigned char>(result[end]) & 0xC0U) == 0x80U) {
            --end;  // not inside a character
        }
        result.resize(end);
        result += kHidden;
    }
    return result;
}

std::vector<Secret> secrets_of(const Container& container, const Image* image,
                               const std::set<std::string>& public_names) {
    std::vector<Secret> secrets;
    const auto is_of_image = [&](const std::string& name, const Secret& value) {
        if (image == nullptr) {
            return false;
        }
        const auto own = image->environment.find(name);
        return own != image->environment.end() && own->second.reveal() == value.reveal();
    };
    for (const auto& [name, value] : container.environment) {
        if (!is_of_image(name, value) && !public_names.contains(name)) {
            secrets.push_back(value);
        }
    }
    for (const auto& [name, value] : container.labels) {
        if (!name.starts_with("com.docker.compose.") && value.reveal().size() >= kPiece) {
            secrets.push_back(value);
        }
    }
    for (std::size_t at = 0; at < container.argv.size(); ++at) {
        const std::string& word = container.argv[at].reveal();
        const std::size_t equals = word.find('=');
        if (word.starts_with('-') && equals != std::string::npos) {
            secrets.emplace_back(word.substr(equals + 1));
        } else if (word.starts_with('-') && names_a_secret(word) && at + 1 < container.argv.size()) {
            secrets.push_back(container.argv[at + 1]);
        }
    }
    return secrets;
}

}  // namespace pilotpros
