#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>
#include <string>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// The text in which the last file that says anything of it has it; nothing where that is a list, whose words were
/// meant as they stand: to MQTT a # is a topic.
std::optional<std::string> written_text(const LintCase& input, const std::string& service, const char* key,
                                        const Json& resolved) {
    std::optional<std::string> text;
    if (resolved.is_string()) {
        text = resolved.get<std::string>();
    }
    for (const WrittenFile& file : input.files) {
        const Json& written = member(written_service(file.model, service), key);
        if (written.is_string()) {
            text = written.get<std::string>();
        } else if (!written.is_null()) {
            text.reset();
        }
    }
    return text;
}

/// The word before `at` is an option that takes the next one: "-t #", "--bg #fff".
bool is_asked_for(const std::string& text, std::size_t at) {
    const std::size_t end = text.find_last_not_of(" \n\t", at == 0 ? 0 : at - 1);
    if (at == 0 || end == std::string::npos) {
        return false;
    }
    const std::size_t blank = text.find_last_of(" \n\t", end);
    const std::string word =
        text.substr(blank == std::string::npos ? 0 : blank + 1, end - (blank == std::string::npos ? 0 : blank + 1) + 1);
    return word.starts_with("-") && word.find('=') == std::string::npos;
}

/// Nothing but blanks stand before it on its line, and it is not the only one.
bool begins_line(const std::string& text, std::size_t at) {
    const std::size_t before = at == 0 ? std::string::npos : text.find_last_not_of(" \t", at - 1);
    return before == std::string::npos ? text.find('\n') != std::string::npos : text[before] == '\n';
}

/// Whether the # there, with which a word begins, was meant as a comment. Behind an option, alone before another one or
/// at the end, it is that option's value, e.g. MQTT's wildcard; a word that it begins there is, too, e.g. a colour.
bool is_comment(const std::string& text, std::size_t at) {
    const std::size_t end = std::min(text.find_first_of(" \n\t", at), text.size());
    const std::size_t next = text.find_first_not_of(" \n\t", end);
    const bool words_follow = next != std::string::npos && text[next] != '-';
    const bool alone = end == at + 1;
    if (begins_line(text, at)) {
        const std::size_t line = std::min(text.find('\n', at), text.size());
        const bool one_word =
            end == line && end > at + 1 && std::isalnum(static_cast<unsigned char>(text[at + 1])) != 0;
        return !(one_word && is_asked_for(text, at));
    }
    return is_asked_for(text, at) ? alone && words_follow : alone || words_follow;
}

/// Those that begin a word and are not quoted.
std::size_t comment_words(const std::string& text) {
    std::size_t count = 0;
    char quote = 0;
    char before = ' ';
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        const bool begins = before == ' ' || before == '\n' || before == '\t';
        if (quote != 0) {
            quote = letter == quote ? '\0' : quote;
        } else if (letter == '"' || letter == '\'') {
            quote = letter;
        } else if (letter == '#' && begins) {
            count += is_comment(text, at) ? 1 : 0;
        }
        before = letter;
    }
    return count;
}

std::vector<Spot> look_command_comments(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        for (const char* key : {"command", "entrypoint"}) {
            const Json& resolved = member(service.resolved, key);
            const auto text = written_text(input, name, key, resolved);
            const std::size_t count = text ? comment_words(*text) : 0;
            if (count == 0) {
                continue;
            }
            spots.push_back(
                {name,
                 fmt::format("its {} holds {} as {} of its own: inside a folded or quoted text a # begins no comment",
                             key, count == 1 ? "a #" : fmt::format("{} times #", count),
                             count == 1 ? "a word" : "words"),
                 service_lines(name, {fmt::format("{}:", key), "  - PROGRAM", "  - ARGUMENT    # one word a line"})});
        }
    }
    return spots;
}

}  // namespace

LintRules command_comments_rules() {
    return {{"comment-in-command", Finding::Severity::kError, "a comment within a command is handed to the program",
             "the program gets # and the words behind it as arguments: most end at once, PostgreSQL does",
             "https://docs.docker.com/reference/compose-file/services/#command", look_command_comments}};
}

}  // namespace pilotpros::linting
