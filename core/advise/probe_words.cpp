#include "core/advise/probe_words.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "core/advise/probe_url.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

bool is_blank(char letter) { return letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r'; }

bool is_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string base_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

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

bool is_assignment(const std::string& word) {
    const auto equals = word.find('=');
    return equals != std::string::npos && equals > 0 && std::isdigit(static_cast<unsigned char>(word.front())) == 0 &&
           std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](unsigned char letter) { return std::isalnum(letter) != 0 || letter == '_'; });
}

/// "5", "2.5s", "${LIMIT}".
bool is_time_limit(const std::string& word) {
    return word.starts_with('$') || (!word.empty() && word.find_first_not_of("0123456789.smhd") == std::string::npos &&
                                     is_digits(word.substr(0, 1)));
}

/// The word behind `timeout [options] N`, which stands here, or here again where it is not so written.
std::size_t behind_timeout(const std::vector<std::string>& words, std::size_t at) {
    static const std::set<std::string> kValued{"-k", "-s", "--kill-after", "--signal"};
    std::size_t next = at + 1;
    while (next < words.size() && words[next].starts_with('-')) {
        next += kValued.contains(words[next]) ? 2 : 1;
    }
    return next < words.size() && is_time_limit(words[next]) ? next + 1 : at;
}

/// How many words stand before the program: what runs it within a time or as a user, and in a shell assignments, "!"
/// and "exec". The last word is always taken for a program.
std::size_t length_before_program(const std::vector<std::string>& words, bool shell) {
    std::size_t at = 0;
    while (at < words.size()) {
        const std::string program = base_of(words[at]);
        std::size_t next = at;
        if (shell && (is_assignment(words[at]) || words[at] == "!" || words[at] == "exec")) {
            next = at + 1;
        } else if (program == "gosu" || program == "su-exec") {
            next = at + 2;
        } else if (program == "timeout") {
            next = behind_timeout(words, at);
        }
        if (next == at || next >= words.size()) {
            break;
        }
        at = next;
    }
    return at;
}

/// Takes them out of the probe's words.
void set_apart_what_runs_it(Probe& probe) {
    std::vector<std::string> texts;
    texts.reserve(probe.words.size());
    for (const Probe::Word& word : probe.words) {
        texts.push_back(unquoted_word(word.raw));
    }
    const bool shell = probe.form == Probe::Form::kShell;
    const auto first = probe.words.begin() + static_cast<std::ptrdiff_t>(length_before_program(texts, shell));
    probe.before.assign(probe.words.begin(), first);
    probe.words.erase(probe.words.begin(), first);
    // exec stays in the text, before the program that it names.
    probe.exec = shell && std::erase_if(probe.before, [](const Probe::Word& word) { return word.raw == "exec"; }) > 0;
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

/// Whether a command may stand here: behind nothing but words of a shell's and what runs another one, since the last
/// operator.
bool may_be_command(const std::string& text, std::size_t at) {
    static const std::set<std::string> kOfShell{"if", "elif", "then", "else", "until", "while", "do", "{", "!"};
    if (at > 0 && text[at - 1] == '/') {
        return true;
    }
    constexpr std::size_t kLongest = 256;  // of what runs a command, with a user and a time
    const std::size_t from = at > kLongest ? at - kLongest : 0;
    const std::string near = text.substr(from, at - from);
    const std::size_t operators = near.find_last_of("|&;(`\n");
    if (at > 0 && !is_blank(near.back()) && operators != near.size() - 1) {
        return false;
    }
    if (operators == std::string::npos && from > 0) {
        return false;
    }
    std::istringstream before(near.substr(operators == std::string::npos ? 0 : operators + 1));
    std::vector<std::string> words;
    for (std::string word; before >> word;) {
        if (!words.empty() || !kOfShell.contains(word)) {
            words.push_back(word);
        }
    }
    words.emplace_back();  // the command itself
    return length_before_program(words, true) + 1 == words.size();
}

/// Whether every word is known and plain; finds the address on the way.
bool understand(Probe& probe) {
    const Options* const options = options_of(probe.program);
    if (options == nullptr) {
        return false;
    }
    static constexpr std::string_view kMarks = "_.-/";
    // The value of an assignment may be a password.
    bool all = std::all_of(probe.before.begin(), probe.before.end(), [](const Probe::Word& word) {
        return word.raw == "!" || is_plain_word(unquoted_word(word.raw), "_.-/:");
    });
    for (std::size_t i = 1; i < probe.words.size(); ++i) {
        const std::string word = unquoted_word(probe.words[i].raw);
        const auto value_follows = [&] {
            all = all && i + 1 < probe.words.size() && is_plain_word(unquoted_word(probe.words[++i].raw), kMarks, 12);
        };
        if (word.starts_with("--") || options->names.contains(word)) {
            const auto equals = word.find('=');
            const std::string name = word.substr(0, equals);
            if (options->naming.contains(name)) {
                if (equals == std::string::npos) {
                    value_follows();
                } else {
                    all = all && is_plain_word(word.substr(equals + 1), kMarks, 12);
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
                    all = all && is_plain_word(word.substr(at + 1), kMarks, 12);
                } else {
                    value_follows();
                }
            } else {
                all = all && at == word.size();
            }
        } else if (options->url && !probe.url && read_probe_url(probe.words[i].raw, i)) {
            probe.url = read_probe_url(probe.words[i].raw, i);
            all = all && is_public_url(*probe.url);
        } else {
            all = all && options->plain.contains(word);
        }
    }
    return all && (!options->url || probe.url.has_value());
}

}  // namespace

std::string unquoted_word(const std::string& raw) {
    const bool quoted = raw.size() >= 2 && (raw.front() == '"' || raw.front() == '\'') && raw.back() == raw.front();
    return quoted ? raw.substr(1, raw.size() - 2) : raw;
}

std::optional<Probe::Option> Probe::option(const std::string& letter, const std::string& name) const {
    const Options* const known = options_of(program);
    const std::string flags = known == nullptr ? "" : known->flags;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string word = unquoted_word(words[i].raw);
        if (!name.empty() && word == "--" + name && i + 1 < words.size()) {
            return Option{i + 1, unquoted_word(words[i + 1].raw)};
        }
        if (!name.empty() && word.starts_with("--" + name + "=")) {
            return Option{i, word.substr(name.size() + 3)};
        }
        if (word.size() < 2 || word.front() != '-' || word[1] == '-') {
            continue;
        }
        std::size_t at = 1;
        while (at < word.size() && word[at] != letter.front() && flags.find(word[at]) != std::string::npos) {
            ++at;
        }
        if (at + 1 < word.size() && word[at] == letter.front()) {
            return Option{i, word.substr(at + 1)};
        }
        if (at + 1 == word.size() && word[at] == letter.front() && i + 1 < words.size()) {
            return Option{i + 1, unquoted_word(words[i + 1].raw)};
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
    }
    set_apart_what_runs_it(probe);
    probe.program = base_of(unquoted_word(probe.words.front().raw));
    probe.understood = understand(probe);
    return probe;
}

Probe within_shell(const Probe& probe) {
    static const std::set<std::string> kShells{"sh", "bash", "ash", "dash", "zsh", "ksh"};
    const bool shell = probe.simple && probe.words.size() == 3 && kShells.contains(probe.program) &&
                       probe.words[1].raw.starts_with('-') && probe.words[1].raw.ends_with('c');
    // What a shell was told before it, e.g. PGHOST, decides what is asked within.
    const bool told = probe.form == Probe::Form::kShell &&
                      std::any_of(probe.before.begin(), probe.before.end(),
                                  [](const Probe::Word& word) { return word.raw.find('=') != std::string::npos; });
    if (!shell || told) {
        return probe;
    }
    const std::string& text = probe.words[2].raw;
    return read_probe(Json::array({"CMD-SHELL", probe.form == Probe::Form::kCmd ? text : unquoted_word(text)}));
}

Probe within_su(const Probe& probe) {
    if (!probe.simple || probe.program != "su") {
        return probe;
    }
    for (std::size_t i = 1; i + 1 < probe.words.size(); ++i) {
        if (probe.words[i].raw == "-c") {
            return read_probe(Json::array({"CMD-SHELL", unquoted_word(probe.words[i + 1].raw)}));
        }
    }
    return probe;
}

bool calls(const Probe& probe, const std::string& command) {
    if (probe.simple) {
        return probe.program == command;
    }
    // A word by itself, where a command may stand: at the beginning, behind an operator, or behind what runs it.
    for (std::size_t at = probe.text.find(command); at != std::string::npos; at = probe.text.find(command, at + 1)) {
        const std::size_t end = at + command.size();
        const bool ends =
            end == probe.text.size() || std::string_view{" \t\r\n;|&)"}.find(probe.text[end]) != std::string_view::npos;
        if (ends && may_be_command(probe.text, at)) {
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
