#include "core/apps/node/merge_options.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/apps/node/options.h"

namespace pilotpros::apps::node {

namespace {

constexpr const char* kNameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

/// Where the ${…} that begins at `at` ends, one past its brace; defaults may hold further ones.
std::size_t end_of_variable(const std::string& text, std::size_t at) {
    int depth = 0;
    for (std::size_t i = at; i < text.size(); ++i) {
        if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') {
            ++depth;
            ++i;
        } else if (text[i] == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return text.size();
}

bool is_heap_flag(const std::string& word) { return !read_options({word}).heap.empty(); }

/// What takes a value that is a file, a module, an address or free text: never copied, never tried, with or without
/// `=`.
bool loads_or_listens(const std::string& name) {
    static const std::set<std::string> kNames{
        "-r", "--require", "--import",   "--loader",         "--conditions",
        "-C", "--title",   "--env-file", "--diagnostic-dir", "--experimental-loader"};
    return kNames.contains(name) || name.rfind("--inspect", 0) == 0 || name.rfind("--watch", 0) == 0 ||
           name.rfind("--cpu-prof", 0) == 0 || name.rfind("--heap-prof", 0) == 0 || name.rfind("--report-d", 0) == 0;
}

/// Options whose values are numbers or words that Node itself defines.
bool has_public_value(const std::string& name, const std::string& value) {
    static const std::set<std::string> kNumbers{"--max-http-header-size",
                                                "--stack-trace-limit",
                                                "--v8-pool-size",
                                                "--heapsnapshot-near-heap-limit",
                                                "--network-family-autoselection-attempt-timeout",
                                                "--secure-heap",
                                                "--secure-heap-min"};
    static const std::set<std::pair<std::string, std::string>> kWords{
        {"--dns-result-order", "ipv4first"},  {"--dns-result-order", "ipv6first"},
        {"--dns-result-order", "verbatim"},   {"--unhandled-rejections", "strict"},
        {"--unhandled-rejections", "warn"},   {"--unhandled-rejections", "none"},
        {"--unhandled-rejections", "throw"},  {"--unhandled-rejections", "warn-with-error-code"},
        {"--disable-proto", "delete"},        {"--disable-proto", "throw"},
        {"--heapsnapshot-signal", "SIGUSR2"}, {"--report-signal", "SIGUSR2"}};
    const bool number =
        !value.empty() && value.size() < 12 && value.find_first_not_of("0123456789") == std::string::npos;
    return (kNumbers.contains(name) && number) || kWords.contains({name, value});
}

/// A bare option, one of ours, or a value on the list.
bool is_harmless(const std::string& word) {
    const std::string name = option_name(word);
    if (name.empty() || loads_or_listens(name)) {
        return false;
    }
    const auto equals = word.find('=');
    return is_heap_flag(word) || equals == std::string::npos || has_public_value(name, word.substr(equals + 1));
}

/// `${NAME}`, or `${NAME:-default}` and `${NAME-default}` with a default that may be copied, alone in its word.
bool is_harmless_variable(const std::string& written) {
    if (written.size() < 4 || written.compare(0, 2, "${") != 0 || end_of_variable(written, 0) != written.size()) {
        return false;
    }
    const std::string inside = written.substr(2, written.size() - 3);
    const auto end = inside.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    if (end == std::string::npos) {
        return true;
    }
    const std::size_t dash = inside[end] == ':' ? end + 1 : end;
    return end > 0 && dash < inside.size() && inside[dash] == '-' && !uncopiable_option(inside.substr(dash + 1), false);
}

}  // namespace

std::vector<OptionWord> option_words(const std::string& text, bool interpolated) {
    std::vector<OptionWord> words;
    OptionWord word;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char letter = text[i];
        if (letter == ' ' && !quoted) {
            if (!word.written.empty()) {
                words.push_back(std::exchange(word, {}));
            }
            continue;
        }
        if (!interpolated && letter == '$' && i + 1 < text.size() && text[i + 1] != '$') {
            const std::size_t end = text[i + 1] == '{' ? end_of_variable(text, i) : i + 1;
            word.written += text.substr(i, end - i);
            word.read += text.substr(i, end - i);
            word.open = true;
            i = end - 1;
            continue;
        }
        word.written += letter;
        if (letter == '\\' && quoted && i + 1 < text.size()) {
            word.written += text[++i];
            word.read += text[i];
        } else if (letter == '"') {
            quoted = !quoted;
        } else {
            word.read += letter;
        }
    }
    if (!word.written.empty()) {
        words.push_back(word);
    }
    return words;
}

std::string option_name(const std::string& word) {
    std::string name = word.substr(0, word.find('='));
    if (name.size() < 2 || name.front() != '-' || name.size() > 64) {
        return {};
    }
    std::replace(name.begin(), name.end(), '_', '-');
    return name.find_first_not_of(kNameLetters) == std::string::npos ? name : std::string{};
}

std::string merge_options(const std::string& text, const std::vector<std::string>& flags, bool interpolated) {
    std::vector<OptionWord> words = option_words(text, interpolated);
    for (const std::string& flag : flags) {
        const std::string name = option_name(flag);
        const auto same = [&](const OptionWord& word) {
            const std::string other = option_name(word.read);
            return !word.open &&
                   (other == name || (name == "--max-old-space-size" && other == "--max-old-space-size-percentage"));
        };
        const auto last = std::find_if(words.rbegin(), words.rend(), same);
        const bool stands_open = std::any_of(words.rbegin(), last, [](const OptionWord& word) { return word.open; });
        if (last == words.rend() || stands_open) {
            // A variable behind it may hold the same flag: only what comes after it counts for sure.
            words.erase(std::remove_if(words.begin(), words.end(), same), words.end());
            words.push_back({flag, flag, false});
            continue;
        }
        last->written = last->read = flag;
        const auto kept = static_cast<std::size_t>(std::distance(last, words.rend())) - 1;
        for (std::size_t i = kept; i-- > 0;) {
            if (same(words[i])) {
                words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    }
    std::string merged;
    for (const OptionWord& word : words) {
        merged += (merged.empty() ? "" : " ") + word.written;
    }
    return merged;
}

std::optional<std::string> uncopiable_option(const std::string& text, bool interpolated) {
    for (const OptionWord& word : option_words(text, interpolated)) {
        if (word.open ? !is_harmless_variable(word.written) : !is_harmless(word.read)) {
            const std::string name = word.open ? std::string{} : option_name(word.read);
            return name.empty() ? "a value" : name;
        }
    }
    return std::nullopt;
}

CommandOptions command_options(const std::vector<std::string>& words) {
    // Names of V8's flags: node --v8-options.
    static const std::set<std::string> kSwitches{"--optimize-for-size",  "--expose-gc",
                                                 "--always-compact",     "--jitless",
                                                 "--lite-mode",          "--single-threaded",
                                                 "--single-threaded-gc", "--no-opt",
                                                 "--no-turbofan",        "--no-sparkplug",
                                                 "--no-maglev",          "--no-flush-bytecode",
                                                 "--no-compact",         "--no-concurrent-recompilation"};
    CommandOptions result;
    for (const std::string& word : words) {
        const std::string name = option_name(word);
        if (name.empty() || is_heap_flag(word)) {
            continue;
        }
        const auto equals = word.find('=');
        const bool tried = equals == std::string::npos
                               ? kSwitches.contains(name)
                               : !loads_or_listens(name) && has_public_value(name, word.substr(equals + 1));
        (tried ? result.tried : result.left_out).push_back(tried ? word : name);
    }
    return result;
}

std::vector<std::string> triable_options(const std::string& text) {
    std::vector<std::string> result;
    for (const OptionWord& word : option_words(text, true)) {
        if (is_harmless(word.read)) {
            result.push_back(word.read);
        }
    }
    return result;
}

}  // namespace pilotpros::apps::node
