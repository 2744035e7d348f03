#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "core/apps/node/options.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"

namespace pilotpros::linting {

namespace {

/// The first three were tried with 20, 22 and 24, the V8 options behind them with 20; the others make no sense for
/// every node of an environment, and are in no version's list (https://nodejs.org/api/cli.html#node_optionsoptions).
const std::set<std::string>& refused_options() {
    static const std::set<std::string> kRefused{"--optimize-for-size",
                                                "--max-heap-size",
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

std::vector<Spot> look_node_options(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const std::vector<std::string> words =
            apps::node::split_node_options(variable_of(service, "NODE_OPTIONS").value_or(""));
        std::vector<std::string> refused;
        for (const std::string& word : words) {
            const std::string option = option_name(word);
            if (refused_options().contains(option) &&
                std::find(refused.begin(), refused.end(), option) == refused.end()) {
                refused.push_back(option);
            }
        }
        if (!refused.empty()) {
            spots.push_back({name,
                             fmt::format("NODE_OPTIONS has {}, which node takes on its command line alone",
                                         fmt::join(refused, " and ")),
                             accepted_line(name, words, refused)});
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
