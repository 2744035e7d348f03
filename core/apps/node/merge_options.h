#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pilotpros::apps::node {

/// One word of NODE_OPTIONS: as it stands there, and as Node reads it.
struct OptionWord {
    std::string written;  ///< with its quotes and its ${…}
    std::string read;     ///< without quotes and backslashes; ${…} as it stands
    bool open = false;    ///< holds a ${…} whose value is not known here
};

/// Splits as Node does (blanks, double quotes, a backslash within quotes), and keeps each word as it was written. A
/// `${…}` of Compose is never split. `interpolated`: there is no `${…}`, a $ is a $.
std::vector<OptionWord> option_words(const std::string& text, bool interpolated);

/// The name of an option as `--max-old-space-size`, whatever its spelling; empty for what is no option.
std::string option_name(const std::string& word);

/// Puts heap flags ("--name=value") into NODE_OPTIONS. All else keeps its words and their order. A flag of the same
/// name is replaced where its last one stands (the last one counts), earlier ones go; a new one is appended. An
/// absolute size takes the place of `--max-old-space-size-percentage`, too, which would win over it. Within a ${…}
/// nothing is touched: what is appended counts. Applied twice, it changes nothing more.
std::string merge_options(const std::string& text, const std::vector<std::string>& flags, bool interpolated);

/// The first word that may not be copied into a file of ours, as its option's name or "a value", or nothing when all
/// may: heap flags, options without a value, and values on a list of ours; `${NAME}` as it is written, and its default
/// when that may be copied. A path or an address may hold a secret.
std::optional<std::string> uncopiable_option(const std::string& text, bool interpolated);

/// The options of a resolved NODE_OPTIONS that can be tried in a container that has nothing of the user's: without
/// what loads files, opens ports or has values that are not on our list.
std::vector<std::string> triable_options(const std::string& text);

/// The options of a server's own command line, apart: what can be tried there, and the names of all others.
struct CommandOptions {
    std::vector<std::string> tried;     ///< heap flags are not among them: they are checked by themselves
    std::vector<std::string> left_out;  ///< names; they load files, open ports, end node or have values of the user's
};
/// Stricter than triable_options(): a command line takes more, and node may do something else than start with it. Only
/// V8's switches that change how memory is used, and node's with a value on our list.
CommandOptions command_options(const std::vector<std::string>& words);

}  // namespace pilotpros::apps::node
