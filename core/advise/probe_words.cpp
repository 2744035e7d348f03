#include "core/advise/probe_words.h"
#include "core/model/json.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <utility>

namespace pilotpros {

namespace {

using Json = nlohmann::json;

bool is_blank(char letter) { return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r'; }

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string base_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// Where the ${…} that begins here ends, or npos.
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

/// Splits as a shell would, keeping quotes. Nothing when it is more than words and operators.
std::optional<std::vector<Probe::Word>> split(const std::string& text) {
    std::vector<Probe::Word> words;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        const std::size_t begin = at;
        char quote = 0;
        while (at < text.size() && (quote != 0 || !is_blank(text[at]))) {
            const char letter = text[at];
            if (letter == '`' || letter == '\\' || letter == '\n' ||
                (letter == '$' && at + 1 < text.size() && text[at + 1] == '(')) {
                return std::nullopt;
            }
            if (letter == '$' && at + 1 < text.size() && text[at + 1] == '{') {
                at = end_of_braces(text, at);
                if (at == std::string::npos) {
                    return std::nullopt;
                }
                continue;
            }
            quote = quote == 0 && (letter == '"' || letter == '\'') ? letter : quote == letter ? char{0} : quote;
            ++at;
        }
        if (quote != 0) {
            return std::nullopt;
        }
        words.push_back({text.substr(begin, at - begin), begin, at});
    }
    return words;
}

bool is_redirection(const std::string& word, bool& target_follows) {
    static const std::set<std::string> kWhole{">/dev/null",  "1>/dev/null", "2>/dev/null", "2>&1",
                                              "&>/dev/null", ">&2",         "1>&2"};
    target_follows = word == ">" || word == "1>" || word == "2>" || word == "&>";
    return target_follows || kWhole.contains(word);
}

/// How many words the command itself has, when what follows is nothing but redirections to nowhere and `|| exit N` or
/// `|| false`; nothing otherwise.
std::optional<std::size_t> command_length(const std::vector<Probe::Word>& words) {
    std::size_t length = 0;
    while (length < words.size() && words[length].raw.find_first_of("|&;<>()#") == std::string::npos) {
        ++length;
    }
    std::size_t at = length;
    for (bool follows = false; at < words.size() && is_redirection(words[at].raw, follows); ++at) {
        if (follows && (++at >= words.size() || words[at].raw != "/dev/null")) {
            return std::nullopt;
        }
    }
    if (at < words.size()) {
        const bool fails = words[at].raw == "||" && ((at + 2 == words.size() && words[at + 1].raw == "false") ||
                                                     (at + 3 == words.size() && words[at + 1].raw == "exit" &&
                                                      is_digits(words[at + 2].raw) && words[at + 2].raw != "0"));
        if (!fails) {
            return std::nullopt;
        }
    }
    return length;
}

/// A variable reference as written is no secret; what it falls back to may be.
bool is_harmless_reference(std::string_view reference) {
    const auto fallback = reference.find_first_of(":-?+");
    return fallback == std::string_view::npos || reference.size() - fallback <= 24;
}

/// Letters, digits and a few marks, and variables; not long, not many digits: a name, not a key.
bool is_plain(const std::string& text, std::string_view marks, int most_digits = 5) {
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

bool is_plain_path(const std::string& path) {
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string segment = path.substr(at, end - at);
        if (segment.size() > 25 || !is_plain(segment, "/_.-")) {
            return false;
        }
        at = end;
    }
    return true;
}

std::optional<ProbeUrl> read_url(const std::string& raw, std::size_t index) {
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

bool is_public(const ProbeUrl& url) {
    return (url.scheme == "http" || url.scheme == "https") && is_plain(url.host, ".-[]:", 12) &&
           is_plain(url.port, "") && is_plain_path(url.path);
}

struct Options {
    std::string flags;             ///< letters without a value, which may be put together
    std::string valued;            ///< letters with one
    std::set<std::string> names;   ///< long ones without a value
    std::set<std::string> naming;  ///< long ones with a value
    std::set<std::string> plain;   ///< words that are no options
    bool url = false;
};

const Options* options_of(const std::string& program) {
    static const Options kCurl{"fsSLkI46gv",
                               "omX",
                               {"--fail", "--silent", "--show-error", "--location", "--insecure", "--head", "--ipv4"},
                               {"--output", "--max-time", "--connect-timeout", "--retry", "--request"},
                               {},
                               true};
    static const Options kWget{
        "qSc46",
        "OTt",
        {"--quiet", "--spider", "--no-verbose", "-nv", "--no-check-certificate", "--server-response"},
        {"--output-document", "--timeout", "--tries"},
        {},
        true};
    static const Options kReady{"q", "Udhpt", {"--quiet"}, {"--username", "--dbname", "--host", "--port", "--timeout"},
                                {},  false};
    static const Options kRedis{"", "hpt", {"--raw", "--no-raw"}, {}, {"ping", "PING"}, false};
    if (program == "curl") {
        return &kCurl;
    }
    if (program == "wget") {
        return &kWget;
    }
    if (program == "pg_isready") {
        return &kReady;
    }
    return program == "redis-cli" || program == "valkey-cli" ? &kRedis : nullptr;
}

/// Whether every word is known and plain; finds the address on the way.
bool understand(Probe& probe) {
    const Options* const options = options_of(probe.program);
    if (options == nullptr) {
        return false;
    }
    static constexpr std::string_view kMarks = "_.-/";
    bool all = true;
    for (std::size_t i = 1; i < probe.words.size(); ++i) {
        const std::string word = unquoted_word(probe.words[i].raw);
        const auto value_follows = [&] {
            all = all && i + 1 < probe.words.size() && is_plain(unquoted_word(probe.words[++i].raw), kMarks, 12);
        };
        if (word.starts_with("--") || options->names.contains(word)) {
            const auto equals = word.find('=');
            const std::string name = word.substr(0, equals);
            if (options->naming.contains(name)) {
                if (equals == std::string::npos) {
                    value_follows();
                } else {
                    all = all && is_plain(word.substr(equals + 1), kMarks, 12);
                }
            } else {
                all = all && options->names.contains(word);
            }
        } else if (word.size() > 1 && word.front() == '-') {
            std::size_t at = 1;
            while (at < word.size() && options->flags.find(word[at]) != std::string::npos) {
                ++at;
            }
            if (at < word.size() && options->valued.find(word[at]) != std::string::npos) {
                if (at + 1 < word.size()) {
                    all = all && is_plain(word.substr(at + 1), kMarks, 12);
                } else {
                    value_follows();
                }
            } else {
                all = all && at == word.size();
            }
        } else if (options->url && !probe.url && read_url(probe.words[i].raw, i)) {
            probe.url = read_url(probe.words[i].raw, i);
            all = all && is_public(*probe.url);
        } else {
            all = all && options->plain.contains(word);
        }
    }
    return all && (!options->url || probe.url.has_value());
}

}  // namespace

std::string ProbeUrl::text() const {
    return scheme + "://" + (host == "localhost" ? "127.0.0.1" : host) + (port.empty() ? "" : ":" + port) + path;
}

std::string unquoted_word(const std::string& raw) {
    const bool quoted = raw.size() >= 2 && (raw.front() == '"' || raw.front() == '\'') && raw.back() == raw.front();
    return quoted ? raw.substr(1, raw.size() - 2) : raw;
}

std::optional<Probe::Option> Probe::option(const std::string& letter, const std::string& name) const {
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string word = unquoted_word(words[i].raw);
        if ((word == "-" + letter || (!name.empty() && word == "--" + name)) && i + 1 < words.size()) {
            return Option{i + 1, unquoted_word(words[i + 1].raw)};
        }
        if (!name.empty() && word.starts_with("--" + name + "=")) {
            return Option{i, word.substr(name.size() + 3)};
        }
        if (word.starts_with("-" + letter) && !word.starts_with("--") && word.size() > letter.size() + 1) {
            return Option{i, word.substr(letter.size() + 1)};
        }
    }
    return std::nullopt;
}

Probe read_probe(const Json& test) {
    Probe probe;
    std::vector<std::string> list;
    if (test.is_string()) {
        list = {"CMD-SHELL", test.get<std::string>()};
    } else if (test.is_array()) {
        for (const Json& one : test) {
            list.push_back(as_text(one));
        }
    }
    if (list.size() < 2 || (list.front() != "CMD" && list.front() != "CMD-SHELL")) {
        return probe;
    }
    if (list.front() == "CMD") {
        probe.form = Probe::Form::kCmd;
        for (std::size_t i = 1; i < list.size(); ++i) {
            probe.words.push_back({list[i], 0, 0});
        }
        probe.simple = true;
    } else {
        probe.form = Probe::Form::kShell;
        probe.text = list[1];
        auto words = split(probe.text);
        const auto length = words ? command_length(*words) : std::nullopt;
        if (!length || *length == 0) {
            return probe;
        }
        probe.simple = true;
        if (*length < words->size()) {
            probe.tail = probe.text.substr((*words)[*length].begin);
        }
        words->resize(*length);
        probe.words = std::move(*words);
        if (probe.words.size() > 1 && probe.words.front().raw == "exec") {
            probe.words.erase(probe.words.begin());  // it stays in the text, before the program that it names
            probe.exec = true;
        }
    }
    probe.program = base_of(unquoted_word(probe.words.front().raw));
    probe.understood = understand(probe);
    return probe;
}

Probe within_shell(const Probe& probe) {
    const bool shell = probe.form == Probe::Form::kCmd && probe.words.size() == 3 &&
                       probe.words[1].raw.starts_with('-') && probe.words[1].raw.ends_with('c');
    return shell ? read_probe(Json::array({"CMD-SHELL", probe.words[2].raw})) : probe;
}

bool calls(const Probe& probe, const std::string& command) {
    if (probe.simple) {
        return probe.program == command;
    }
    // A word by itself, where a command may stand: at the beginning or behind an operator.
    for (std::size_t at = probe.text.find(command); at != std::string::npos; at = probe.text.find(command, at + 1)) {
        const std::size_t end = at + command.size();
        const bool ends = end == probe.text.size() || is_blank(probe.text[end]);
        std::size_t before = at;
        while (before > 0 && is_blank(probe.text[before - 1])) {
            --before;
        }
        const bool begins =
            before == 0 || std::string_view{"|&;(/`"}.find(probe.text[before - 1]) != std::string_view::npos;
        if (ends && begins) {
            return true;
        }
    }
    return false;
}

bool is_connection_string(const std::string& database) {
    return database.find("://") != std::string::npos ||
           (database.find('=') != std::string::npos && database.find('$') == std::string::npos);
}

}  // namespace pilotpros
