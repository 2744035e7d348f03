#include <fmt/format.h>

#include <cstddef>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// A list's words were meant as they stand; a text's may be a comment that touches its first word. An option behind it
/// makes it a value, e.g. a colour.
bool is_comment_word(const std::vector<std::string>& words, std::size_t at, bool from_text) {
    const std::string& word = words[at];
    if (word == "#") {
        return true;
    }
    return from_text && word.size() > 1 && word.front() == '#' && at + 1 < words.size() &&
           !words[at + 1].starts_with('-');
}

/// How many words of the command are comments. What a shell runs is one word, and may have comments in it.
std::size_t comment_words(const Json& value, bool from_text) {
    const std::vector<std::string> words = words_of(value);
    std::size_t count = 0;
    for (std::size_t at = 0; at < words.size(); ++at) {
        count += is_comment_word(words, at, from_text) ? 1 : 0;
    }
    return count;
}

/// Whether the last file that says anything of it has a text; Compose makes a list of it.
bool is_written_as_text(const LintCase& input, const std::string& service, const char* key, const Json& resolved) {
    bool from_text = resolved.is_string();
    for (const WrittenFile& file : input.files) {
        const Json& written = member(written_service(file.model, service), key);
        from_text = written.is_null() ? from_text : written.is_string();
    }
    return from_text;
}

std::vector<Spot> look_command_comments(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        for (const char* key : {"command", "entrypoint"}) {
            const Json& resolved = member(service.resolved, key);
            const std::size_t count = comment_words(resolved, is_written_as_text(input, name, key, resolved));
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
