#include "core/advise/probe_edit.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <sstream>
#include <string_view>

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
    return text.find(" -h") != std::string::npos || text.find("--host") != std::string::npos ||
           text.find("PGHOST") != std::string::npos;
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
    if (probe.form != Probe::Form::kShell || !probe.simple || probe.exec) {
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
    std::string text = line ? first : as_shell_word(first);
    for (std::size_t i = 1; i < probe.words.size(); ++i) {
        text += " " + as_shell_word(probe.words[i].raw);
    }
    return read_probe(Json::array({"CMD-SHELL", text}));
}

bool leaves_child(const Probe& probe, const std::string& image) {
    const Probe asked = within_shell(probe);
    if (asked.form != Probe::Form::kShell || asked.exec) {
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
    std::string all = probe.text;
    for (const Probe::Word& word : probe.words) {
        all += probe.form == Probe::Form::kShell ? "" : " " + word.raw;
    }
    constexpr std::string_view kUrl = "://localhost";
    for (auto at = all.find(kUrl); at != std::string::npos; at = all.find(kUrl, at + 1)) {
        const std::size_t end = at + kUrl.size();
        const char next = end < all.size() ? all[end] : ' ';
        if (std::isalnum(static_cast<unsigned char>(next)) == 0 && next != '.' && next != '-') {
            return true;
        }
    }
    if (!calls(probe, "curl") && !calls(probe, "wget")) {
        return false;
    }
    std::transform(all.begin(), all.end(), all.begin(),
                   [](char c) { return c == '"' || c == '\'' || c == '(' ? ' ' : c; });
    std::istringstream words(all);
    static const std::set<std::string> kReaders{"grep", "egrep", "fgrep", "awk", "sed", "echo", "printf"};
    std::string before;
    bool reads = false;  // what was answered, or nothing at all
    for (std::string word; words >> word; before = word) {
        reads = kReaders.contains(word) || (reads && word.find_first_of("|;&") == std::string::npos);
        const bool address = word == "localhost" || word.starts_with("localhost:") || word.starts_with("localhost/");
        if (address && !reads && before != "Host:" && before != "host:" && before != "--noproxy") {
            return true;
        }
    }
    return false;
}

bool asks_over_socket(const Probe& probe) {
    const Probe asked = within_shell(probe);
    if (!calls(asked, "pg_isready")) {
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
    static constexpr std::array<const char*, 8> kOthers{"node", "python", "python3", "php",
                                                        "perl", "ruby",   "bun",     "nc"};
    const Probe asked = within_shell(probe);
    if (asked.simple) {
        return asked.program == "curl";
    }
    return calls(asked, "curl") && asked.text.find("wget") == std::string::npos &&
           std::none_of(kOthers.begin(), kOthers.end(), [&](const char* other) { return calls(asked, other); });
}

}  // namespace pilotpros
