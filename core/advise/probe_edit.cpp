#include "core/advise/probe_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <initializer_list>
#include <set>
#include <string_view>
#include <utility>

#include "core/model/json.h"
#include "core/model/shell_word.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// The word with 127.0.0.1 wherever localhost stands as a host.
std::string with_address(const std::string& raw) {
    std::string result;
    for (std::size_t at = 0; at < raw.size();) {
        constexpr std::string_view kName = "localhost";
        const bool here = std::string_view{raw}.substr(at).starts_with(kName);
        const char before = at == 0 ? ' ' : raw[at - 1];
        const char after = at + kName.size() < raw.size() ? raw[at + kName.size()] : ' ';
        const bool whole = std::string_view{" /'\"=@h(,"}.find(before) != std::string_view::npos &&
                           std::string_view{" :/?'\"),;"}.find(after) != std::string_view::npos;
        if (here && whole) {
            result += "127.0.0.1";
            at += kName.size();
        } else {
            result += raw[at++];
        }
    }
    return result;
}

/// Whether a pg_isready that is part of more, e.g. of a list, names a host.
bool names_host(const std::string& text) {
    return text.find(" -h") != std::string::npos || text.find(" -qh") != std::string::npos ||
           text.find("--host") != std::string::npos || text.find("PGHOST") != std::string::npos;
}

/// Whether an assignment before the program does.
bool is_given_host(const Probe& probe) {
    return std::any_of(probe.before.begin(), probe.before.end(),
                       [](const Probe::Word& word) { return word.raw.starts_with("PGHOST"); });
}

bool is_timed(const Probe& probe) {
    return calls(probe, "timeout") ||
           std::any_of(probe.before.begin(), probe.before.end(),
                       [](const Probe::Word& word) { return word.raw == "timeout" || word.raw.ends_with("/timeout"); });
}

/// Who of those that try every address is called, as its users know it; empty: none. Of several commands libpq's need
/// not be what asks there.
std::string first_that_tries(const Probe& probe) {
    const auto one_of = [&](std::initializer_list<const char*> names) {
        return std::any_of(names.begin(), names.end(), [&](const char* name) { return calls(probe, name); });
    };
    if (one_of({"curl"})) {
        return "curl";
    }
    if (one_of({"python", "python3"})) {
        return "Python";
    }
    return probe.simple && one_of({"pg_isready", "psql"}) ? "libpq" : "";
}

/// The words of a test and those within its quotes and parentheses, so that each address is one; operators that end a
/// command stand by themselves.
std::vector<std::string> pieces_of(const Probe& probe) {
    std::string all = probe.text;
    if (probe.form != Probe::Form::kShell) {
        for (const Probe::Word& word : probe.words) {
            all += word.raw;
            all += ' ';
        }
    }
    std::vector<std::string> pieces(1);
    for (const char letter : all) {
        const bool ends = letter == ';' || letter == '|';
        if (ends || std::string_view{" \t\r\n\"'`(){}"}.find(letter) != std::string_view::npos) {
            if (!pieces.back().empty()) {
                pieces.emplace_back();
            }
            if (ends) {
                pieces.back() = letter;
                pieces.emplace_back();
            }
        } else {
            pieces.back() += letter;
        }
    }
    return pieces;
}

/// The host of the address that begins in the piece; what a query holds is none.
std::string host_in(const std::string& piece) {
    const auto scheme = piece.find("://");
    if (scheme == std::string::npos) {
        return {};
    }
    std::string host = piece.substr(scheme + 3);
    host.resize(std::min(host.find_first_of("/?#"), host.size()));
    host.erase(0, host.find_last_of('@') + 1);
    const auto end = std::find_if(host.begin(), host.end(), [](unsigned char letter) {
        return std::isalnum(letter) == 0 && letter != '.' && letter != '-' && letter != '_';
    });
    return {host.begin(), end};
}

/// curl's and wget's "-4", also among letters without a value.
bool asks_ipv4(const std::string& piece) {
    const auto four = piece.find_first_not_of("fsSLkIgvq", 1);
    return piece == "--ipv4" || piece == "--inet4-only" ||
           (piece.starts_with('-') && four != std::string::npos && piece[four] == '4');
}

/// Whether the piece is what curl or wget sends, and not whom they ask.
bool is_sent(const std::string& piece, const std::string& before, const std::string& header) {
    static const std::set<std::string> kValued{"-e",        "--referer", "-A",          "--user-agent",
                                               "--noproxy", "--resolve", "--connect-to"};
    const bool field = before.ends_with(':') && (header == "-H" || header.starts_with("--header"));
    return field || kValued.contains(before) || piece.starts_with("-H") || piece.starts_with("--header") ||
           (before.ends_with(':') && (before.starts_with("-H") || before.starts_with("--header=")));
}

bool is_operator(const std::string& word) { return word == "||" || word == "&&"; }

/// The word as a shell has to get it. A $ stands: whoever writes for a shell wants it filled in.
std::string as_shell_word(const std::string& word) {
    if (is_operator(word) || (!word.empty() && word.find_first_of(" \t\n'\"\\`;&|<>()*?#~[]!") == std::string::npos)) {
        return word;
    }
    return single_quoted(word);
}

Json as_edited_test(const Probe& probe, const std::vector<std::string>& words) {
    Json test = Json::array({"CMD"});
    for (const Probe::Word& word : probe.before) {
        test.push_back(word.raw);
    }
    for (const std::string& word : words) {
        test.push_back(word);
    }
    return probe.words.empty() ? Json{} : test;
}

}  // namespace

Json with_word(const Probe& probe, std::size_t index, const std::string& raw) {
    if (probe.form == Probe::Form::kShell) {
        const Probe::Word& word = probe.words.at(index);
        std::string text = probe.text;
        text.replace(word.begin, word.end - word.begin, raw);
        return Json::array({"CMD-SHELL", text});
    }
    std::vector<std::string> words;
    for (std::size_t i = 0; i < probe.words.size(); ++i) {
        words.push_back(i == index ? raw : probe.words[i].raw);
    }
    return as_edited_test(probe, words);
}

Json with_words_after(const Probe& probe, std::size_t index, const std::vector<std::string>& words) {
    if (probe.form == Probe::Form::kShell) {
        std::string more;
        for (const std::string& word : words) {
            more += ' ';
            more += word;
        }
        std::string text = probe.text;
        text.insert(probe.words.at(index).end, more);
        return Json::array({"CMD-SHELL", text});
    }
    std::vector<std::string> all;
    for (std::size_t i = 0; i < probe.words.size(); ++i) {
        all.push_back(probe.words[i].raw);
        if (i == index) {
            all.insert(all.end(), words.begin(), words.end());
        }
    }
    return as_edited_test(probe, all);
}

std::optional<Json> behind_exec(const Probe& probe) {
    if (probe.form != Probe::Form::kShell || !probe.simple || probe.exec || !probe.before.empty()) {
        return std::nullopt;
    }
    std::string text = probe.text;
    const std::size_t list = probe.tail.find("||");
    if (list != std::string::npos) {
        text.resize(text.size() - probe.tail.size() + list);
        text.resize(text.find_last_not_of(" \t\r\n") + 1);
    }
    text.insert(probe.words.front().begin, "exec ");
    return Json::array({"CMD-SHELL", text});
}

std::optional<Probe> meant_for_shell(const Probe& probe) {
    static const std::set<std::string> kShells{"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"};
    if (probe.form != Probe::Form::kCmd || kShells.contains(probe.program)) {
        return std::nullopt;
    }
    const std::string& first = probe.words.front().raw;
    // A path may have blanks in it.
    const bool line = !first.starts_with('/') && first.find_first_of(" \t\n") != std::string::npos;
    const bool list = std::any_of(probe.words.begin() + 1, probe.words.end(),
                                  [](const Probe::Word& word) { return is_operator(word.raw); });
    if (!line && !list) {
        return std::nullopt;
    }
    std::string text;
    for (const Probe::Word& word : probe.before) {
        text += as_shell_word(word.raw);
        text += ' ';
    }
    text += line ? first : as_shell_word(first);
    for (std::size_t i = 1; i < probe.words.size(); ++i) {
        text += " " + as_shell_word(probe.words[i].raw);
    }
    return read_probe(Json::array({"CMD-SHELL", text}));
}

bool leaves_child(const Probe& probe, const std::string& image) {
    const Probe asked = within_shell(probe);
    if (asked.form != Probe::Form::kShell || asked.exec || is_timed(probe) || is_timed(asked)) {
        return false;
    }
    const bool bash = probe.form == Probe::Form::kCmd && probe.program == "bash";
    // timescale/timescaledb is made of postgres:…-alpine, and its tags do not say so.
    const bool alpine = image.find("alpine") != std::string::npos || image.find("timescaledb:") != std::string::npos;
    const bool becomes_it = bash || alpine;
    return !(becomes_it && asked.simple && asked.tail.find("||") == std::string::npos);
}

std::optional<Json> without_localhost(const Probe& probe) {
    Probe now = probe;
    bool any = false;
    Json test;
    for (std::size_t i = 1; i < now.words.size(); ++i) {
        const std::string raw = with_address(now.words[i].raw);
        if (raw != now.words[i].raw) {
            test = with_word(now, i, raw);
            now = read_probe(test);
            any = true;
        }
    }
    return any ? std::optional{test} : std::nullopt;
}

bool asks_localhost(const Probe& probe) {
    static const std::set<std::string> kReaders{"grep", "egrep", "fgrep", "awk", "sed", "echo", "printf"};
    const Probe asked = within_su(within_shell(probe));
    const std::vector<std::string> pieces = pieces_of(asked);
    const bool http = calls(asked, "curl") || calls(asked, "wget");
    const bool node = calls(asked, "node");
    if (http && std::any_of(pieces.begin(), pieces.end(), [](const std::string& piece) {
            return asks_ipv4(piece) || piece == "--unix-socket" || piece == "--abstract-unix-socket";
        })) {
        return false;
    }
    std::string before;
    std::string header;  // the piece before that one
    bool reads = false;  // what was answered, or nothing at all
    for (const std::string& piece : pieces) {
        reads = kReaders.contains(piece) || (reads && piece.find_first_of("|;&") == std::string::npos);
        const bool plain = piece == "localhost" || piece.starts_with("localhost:") || piece.starts_with("localhost/");
        const bool named = node && plain && (before.ends_with("host:") || before.ends_with("hostname:"));
        const bool address = host_in(piece) == "localhost" || (http && plain && before != "Host:" && before != "host:");
        if (!reads && (named || (address && !(http && is_sent(piece, before, header))))) {
            return true;
        }
        header = std::exchange(before, piece);
    }
    return false;
}

bool has_no_ipv6(const Json& resolved) {
    constexpr const char* kSwitch = "net.ipv6.conf.all.disable_ipv6";
    const Json& sysctls = member(resolved, "sysctls");
    if (sysctls.is_object()) {
        return as_text(member(sysctls, kSwitch)) == "1";
    }
    const std::vector<std::string> list = texts(resolved, "sysctls");
    return std::find(list.begin(), list.end(), std::string{kSwitch} + "=1") != list.end();
}

bool asks_over_socket(const Probe& probe) {
    const Probe asked = within_su(within_shell(probe));
    if (!calls(asked, "pg_isready") || is_given_host(probe) || is_given_host(asked)) {
        return false;
    }
    if (!asked.simple) {
        return !names_host(asked.text);
    }
    const auto host = asked.option("h", "host");
    const auto database = asked.option("d", "dbname");
    return host ? host->value.starts_with('/') : !(database && is_connection_string(database->value));
}

bool service_asks_over_socket(const Json& resolved, const Probe& probe) {
    const Json& test = member(member(resolved, "healthcheck"), "test");
    return !member(resolved, "environment").contains("PGHOST") &&
           asks_over_socket(test.is_null() ? probe : read_probe(test));
}

bool tries_every_address(const Probe& probe) {
    static constexpr std::array<const char*, 6> kOthers{"node", "php", "perl", "ruby", "bun", "nc"};
    const Probe asked = within_su(within_shell(probe));
    const std::string first = first_that_tries(asked);
    if (first.empty() || asked.simple) {
        return !first.empty();
    }
    return asked.text.find("wget") == std::string::npos &&
           std::none_of(kOthers.begin(), kOthers.end(), [&](const char* other) { return calls(asked, other); });
}

std::string tries_in_vain(const Probe& probe) {
    return fmt::format(
        "it passes all the same: {} tries ::1 in vain and goes on to 127.0.0.1; another program that takes its place "
        "may not",
        first_that_tries(within_su(within_shell(probe))));
}

}  // namespace pilotpros
