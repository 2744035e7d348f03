#include "plugin/complete.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>

#include "core/advising.h"
#include "core/compose/labels.h"
#include "core/connection.h"
#include "plugin/cli.h"
#include "plugin/views/text.h"

namespace pilotpros {

namespace {

// Cobra's ShellCompDirective.
constexpr int kDefault = 0;
constexpr int kNoFiles = 4;

// Somebody waits at a prompt: for Compose this long, for each answer of an engine as well.
constexpr std::chrono::milliseconds kPatience{2000};

struct Candidate {
    std::string word, description;
};

std::vector<Candidate> options_of(const CLI::App& command) {
    std::vector<Candidate> candidates;
    for (const CLI::Option* const option : command.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            candidates.push_back({"--" + name, option->get_description()});
        }
    }
    return candidates;
}

const CLI::Option* option_named(const CLI::App& command, const std::string& word) {
    const auto name = word.find_first_not_of('-');
    return word.starts_with('-') && name != std::string::npos ? command.get_option_no_throw(word) : nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_type_size() > 0; }

/// Names of the project's services, by Compose itself: `docker` is looked up in PATH, for during completion the CLI's
/// own name is overwritten by ours.
std::vector<Candidate> services(const std::vector<std::string>& selectors, World& world) {
    Command command;
    command.argv = {"docker", "compose"};
    command.argv.insert(command.argv.end(), selectors.begin(), selectors.end());
    command.argv.insert(command.argv.end(), {"config", "--services"});
    command.timeout = kPatience;
    command.memory_limit = 500U << 20U;
    const Finished finished = world.process.run(command, world.cancel);
    std::vector<Candidate> candidates;
    std::size_t at = 0;
    while (finished.ok() && at < finished.output.size()) {
        const std::size_t end = std::min(finished.output.find('\n', at), finished.output.size());
        candidates.push_back({finished.output.substr(at, end - at), "service"});
        at = end + 1;
    }
    return candidates;
}

/// Those of the project that was started from this folder or one above, by files that Compose would not look for, or
/// that -p names.
std::vector<Candidate> started_services(const std::vector<std::string>& selectors, World& world) {
    std::optional<std::string> name;
    for (std::size_t i = 0; i + 1 < selectors.size(); ++i) {
        if (selectors[i] == "-p" || selectors[i] == "--project-name") {
            name = selectors[i + 1];
        }
    }
    std::vector<Candidate> candidates;
    if (const Connection connection = connect(world, kPatience); connection.engine) {
        auto projects = labelled_projects(*connection.engine, name);
        if (!name) {
            projects = started_from(world.environment.working_directory, projects, world.files);
        }
        for (const LabelledProject& project : projects) {
            for (const auto& [service, image] : project.images) {
                candidates.push_back({service, "service"});
            }
        }
    }
    return candidates;
}

struct Answer {
    std::vector<Candidate> candidates;
    int directive = kNoFiles;
    std::optional<std::string> typed = std::nullopt;  ///< what the candidates begin with; nothing: the last word
};

/// Findings have forms of their own.
std::vector<Candidate> formats(const CLI::App& command) {
    std::vector<Candidate> candidates{{"table", "for people"}, {"json", "for programs"}};
    if (command.get_option_no_throw("--lint") != nullptr || command.get_option_no_throw("--check") != nullptr) {
        candidates.push_back({"sarif", "findings, for code scanning"});
        candidates.push_back({"github", "findings, as notes of a workflow"});
    }
    return candidates;
}

/// Several are typed with commas between them.
std::vector<Candidate> advisors_typed(const std::string& typed) {
    const std::string before = typed.substr(0, typed.rfind(',') + 1);
    std::vector<Candidate> candidates;
    for (const std::string& name : advisor_set()) {
        candidates.push_back({before + name, "advisor"});
    }
    return candidates;
}

/// What can stand where the value of `option` is being typed.
Answer values(const CLI::App& command, const CLI::Option& option, const std::string& typed) {
    if (option.check_lname("format")) {
        return {formats(command), kNoFiles};
    }
    if (option.get_type_name() == "ADVISOR") {
        return {advisors_typed(typed), kNoFiles};
    }
    return {{}, option.get_type_name() == "FILE" || option.get_type_name() == "DIR" ? kDefault : kNoFiles};
}

Answer answer(const std::vector<std::string>& words, World& world) {
    const auto commands = all_commands();
    const auto parser = make_parser(commands);
    const std::string typed = words.empty() ? "" : words.back();
    const auto first =
        std::find_if(words.begin(), words.end(), [](const std::string& word) { return !word.starts_with('-'); });
    if (words.empty() || first >= words.end() - 1) {
        Answer result{options_of(*parser), kNoFiles};
        for (const CLI::App* const command : parser->get_subcommands([](const CLI::App*) { return true; })) {
            result.candidates.push_back({command->get_name(), command->get_description()});
        }
        return result;
    }
    const auto known = parser->get_subcommands([&](const CLI::App* one) { return one->check_name(*first); });
    if (known.empty()) {
        return {};
    }
    const CLI::App* const command = known.front();
    std::vector<std::string> selectors;
    std::vector<std::string> named;
    for (auto word = first + 1; word < words.end() - 1; ++word) {
        const bool is_long = word->starts_with("--");
        const bool glued = !is_long && word->starts_with('-') && word->size() > 2;  // -fFILE
        const auto equals = is_long ? word->find('=') : std::string::npos;
        const CLI::Option* const option = option_named(*command, word->substr(0, glued ? 2 : equals));
        const bool selector = option != nullptr && option->get_group() == "Compose's own selectors";
        if (option != nullptr && (glued || equals != std::string::npos)) {
            if (selector) {
                selectors.insert(selectors.end(),
                                 {word->substr(0, glued ? 2 : equals), word->substr(glued ? 2 : equals + 1)});
            }
        } else if (option != nullptr && takes_value(*option)) {
            if (word + 1 == words.end() - 1) {
                return values(*command, *option, typed);
            }
            if (selector) {
                selectors.insert(selectors.end(), {*word, *(word + 1)});
            }
            ++word;
        } else if (!word->starts_with('-')) {
            named.push_back(*word);
        }
    }
    if (const auto equals = typed.find('='); typed.starts_with("--") && equals != std::string::npos) {
        // The shell's own part puts the flag back before what is completed.
        const CLI::Option* const option = option_named(*command, typed.substr(0, equals));
        Answer result =
            option != nullptr && takes_value(*option) ? values(*command, *option, typed.substr(equals + 1)) : Answer{};
        result.typed = typed.substr(equals + 1);
        return result;
    }
    if (typed.starts_with('-')) {
        return {options_of(*command), kNoFiles};
    }
    Answer result{services(selectors, world), kNoFiles};
    const bool by_file = std::any_of(selectors.begin(), selectors.end(),
                                     [](const std::string& word) { return word == "-f" || word == "--file"; });
    if (result.candidates.empty() && !by_file) {
        result.candidates = started_services(selectors, world);
    }
    std::erase_if(result.candidates, [&](const Candidate& candidate) {
        return std::find(named.begin(), named.end(), candidate.word) != named.end();
    });
    return result;
}

}  // namespace

int complete(const std::vector<std::string>& words, World& world, Terminal& terminal) {
    Answer result;
    try {
        result = answer(words, world);
    } catch (const std::exception&) {
        result = {};
    }
    const std::string typed = result.typed.value_or(words.empty() ? "" : words.back());
    std::string text;
    for (const Candidate& candidate : result.candidates) {
        if (candidate.word.starts_with(typed)) {
            text += candidate.description.empty()
                        ? fmt::format("{}\n", printable(candidate.word))
                        : fmt::format("{}\t{}\n", printable(candidate.word), printable(candidate.description));
        }
    }
    terminal.out(fmt::format("{}:{}\n", text, result.directive));
    return 0;
}

}  // namespace pilotpros
