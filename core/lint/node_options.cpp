#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "core/advise/probe_words.h"
#include "core/apps/node/options.h"
#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// Those up to --test were tried with 20.20.2, 22.23.5 and 24.22.3; the others make no sense for every node of an
/// environment, and are in no version's list (https://nodejs.org/api/cli.html#node_optionsoptions). What node has of V8
/// is hundreds of options: another one that is refused is not told.
const std::set<std::string>& refused_options() {
    static const std::set<std::string> kRefused{"--optimize-for-size",
                                                "--gc-interval",
                                                "--stack-size",
                                                "--harmony",
                                                "--trace-gc",
                                                "--prof",
                                                "--nouse-idle-notification",
                                                "--always-compact",
                                                "--allow-natives-syntax",
                                                "--single-threaded",
                                                "--lite-mode",
                                                "--use-strict",
                                                "--trace-opt",
                                                "--trace-deopt",
                                                "--max-new-space-size",
                                                "--initial-old-space-size",
                                                "--always-sparkplug",
                                                "--gc-global",
                                                "--initial-heap-size",
                                                "--lazy",
                                                "--no-lazy",
                                                "--nolazy",
                                                "--no-opt",
                                                "--noopt",
                                                "--maglev",
                                                "--no-maglev",
                                                "--max-lazy",
                                                "--min-semi-space-size",
                                                "--minor-mc",
                                                "--no-compilation-cache",
                                                "--no-concurrent-marking",
                                                "--no-flush-bytecode",
                                                "--noflush-bytecode",
                                                "--no-idle-time-scavenge",
                                                "--no-incremental-marking",
                                                "--no-sparkplug",
                                                "--no-turbofan",
                                                "--predictable",
                                                "--random-seed",
                                                "--semi-space-growth-factor",
                                                "--single-threaded-gc",
                                                "--sparkplug",
                                                "--stress-compaction",
                                                "--trace-gc-nvp",
                                                "--trace-gc-verbose",
                                                "--trace-ic",
                                                "--verify-heap",
                                                "--build-snapshot",
                                                "--env-file",
                                                "--env-file-if-exists",
                                                "--experimental-sea-config",
                                                "--experimental-test-coverage",
                                                "--expose-internals",
                                                "--run",
                                                "--test",
                                                "-e",
                                                "--eval",
                                                "-p",
                                                "--print",
                                                "-c",
                                                "--check",
                                                "-v",
                                                "--version",
                                                "-h",
                                                "--help",
                                                "-i",
                                                "--interactive",
                                                "--v8-options",
                                                "--prof-process"};
    return kRefused;
}

/// Those that a later node takes, and the last of the tried ones that refuses them.
const std::map<std::string, long>& refused_until() {
    static const std::map<std::string, long> kUntil{{"--cpu-prof", 20},          {"--cpu-prof-dir", 20},
                                                    {"--cpu-prof-interval", 20}, {"--cpu-prof-name", 20},
                                                    {"--max-heap-size", 22},     {"--test-name-pattern", 20}};
    return kUntil;
}

constexpr long kOfAnotherImage = 22;  // the middle one of those that were tried

bool is_refused(const std::string& option, const Service& service) {
    const auto until = refused_until().find(option);
    return until == refused_until().end() ? refused_options().contains(option)
                                          : node_major(service).value_or(kOfAnotherImage) <= until->second;
}

/// The command as one list: of an entrypoint that is a shell, the text that it reads, too.
std::vector<std::string> whole_command(const Service& service) {
    std::vector<std::string> words = words_of(member(service.resolved, "entrypoint"));
    const std::vector<std::string> command = words_of(member(service.resolved, "command"));
    words.insert(words.end(), command.begin(), command.end());
    return words;
}

/// bun takes node's place and does not read NODE_OPTIONS.
bool runs_bun(const Service& service) {
    const std::vector<std::string> words = whole_command(service);
    return image_name(service.image) == "bun" || (!words.empty() && file_name(words.front()) == "bun");
}

/// NODE_OPTIONS as a shell is told it before the one node, or program in node, that it runs; empty where it is not so,
/// or holds more than that.
std::string options_in_command(const Service& service) {
    std::vector<std::string> words = whole_command(service);
    words.insert(words.begin(), "CMD");
    const Probe shell = within_shell(read_probe(words));
    static const std::set<std::string> kInNode{"node", "npm", "npx", "yarn", "pnpm", "next", "vite", "nest", "tsx"};
    if (shell.form != Probe::Form::kShell || !kInNode.contains(shell.program)) {
        return {};
    }
    constexpr std::string_view kName = "NODE_OPTIONS=";
    for (const Probe::Word& word : shell.before) {
        if (word.raw.starts_with(kName) && word.raw.find('$') == std::string::npos) {
            return unquoted_word(word.raw.substr(kName.size()));
        }
    }
    return {};
}

/// Names as node reads them: V8's may be written with underscores.
std::string option_name(const std::string& word) {
    std::string name = word.substr(0, word.find('='));
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

/// The line without what is refused, where all that is left is known to hold no secret.
std::string accepted_line(const std::string& service, const std::vector<std::string>& words,
                          const std::vector<std::string>& refused) {
    std::vector<std::string> left;
    std::copy_if(words.begin(), words.end(), std::back_inserter(left), [&](const std::string& word) {
        return std::find(refused.begin(), refused.end(), option_name(word)) == refused.end();
    });
    const apps::node::Options options = apps::node::read_options(left);
    if (options.heap.empty() || options.heap.size() != left.size()) {
        return fmt::format("take {} out of NODE_OPTIONS", fmt::join(refused, " and "));
    }
    return service_lines(service,
                         {"environment:", fmt::format("  NODE_OPTIONS: \"{}\"", fmt::join(options.heap, " "))});
}

std::vector<std::string> refused_of(const std::vector<std::string>& words, const Service& service) {
    std::vector<std::string> refused;
    for (const std::string& word : words) {
        std::string option = option_name(word);
        if (is_refused(option, service) && std::find(refused.begin(), refused.end(), option) == refused.end()) {
            refused.push_back(std::move(option));
        }
    }
    return refused;
}

/// One that a pair of quotes made of two, and of which node knows that its value is a number.
bool is_two_in_quotes(const std::string& word) {
    const std::size_t blank = word.find(' ');
    return blank != std::string::npos && word.find('-', blank) == blank + 1 &&
           !apps::node::read_options({word.substr(0, word.find('=')) + "=1"}).heap.empty();
}

std::vector<Spot> look_node_options(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        if (runs_bun(service)) {
            continue;
        }
        const std::vector<std::string> words =
            apps::node::split_node_options(variable_of(service, "NODE_OPTIONS").value_or(""));
        if (const auto refused = refused_of(words, service); !refused.empty()) {
            spots.push_back({name,
                             fmt::format("NODE_OPTIONS has {}, which node takes on its command line alone",
                                         fmt::join(refused, " and ")),
                             accepted_line(name, words, refused)});
        }
        if (std::any_of(words.begin(), words.end(), is_two_in_quotes)) {
            spots.push_back(
                {name,
                 "NODE_OPTIONS has quotes of its own: node takes what is between them for one option, whose "
                 "value is no number",
                 "NODE_OPTIONS without quotes in its value; around a whole `NAME=value` of a list they are "
                 "YAML's, and do no harm"});
        }
        const auto in_command = refused_of(apps::node::split_node_options(options_in_command(service)), service);
        if (!in_command.empty()) {
            spots.push_back(
                {name,
                 fmt::format("its command sets NODE_OPTIONS to {}, which node takes on its command line "
                             "alone",
                             fmt::join(in_command, " and ")),
                 fmt::format("take {} out of NODE_OPTIONS in the command", fmt::join(in_command, " and "))});
        }
    }
    return spots;
}

}  // namespace

LintRules node_options_rules() {
    return {{"node-options-refused", Finding::Severity::kError, "NODE_OPTIONS holds an option that node refuses there",
             "node ends at once with exit code 9: the service never starts, and is restarted for ever",
             "https://nodejs.org/api/cli.html#node_optionsoptions", look_node_options}};
}

}  // namespace pilotpros::linting
