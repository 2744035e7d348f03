#include "plugin/cli.h"

#include <fmt/format.h>

#include "plugin/commands/healthcheck.h"
#include "plugin/commands/limits.h"
#include "plugin/commands/profile.h"
#include "plugin/commands/rollback.h"
#include "plugin/commands/status.h"
#include "plugin/commands/tune.h"
#include "plugin/version.h"

namespace pilotpros {

namespace {

/// CLI11's help with the command line as it is typed: behind docker's word.
class Help final : public CLI::Formatter {
  public:
    std::string make_usage(const CLI::App* command, std::string /*name*/) const override {
        const bool top = command->get_parent() == nullptr;
        return fmt::format(
            "Usage: docker pilotpros {}[OPTIONS]{}\n", top ? "" : command->get_name() + " ",
            top ? " COMMAND"
            : command->get_option_no_throw("services") != nullptr
                ? (command->get_option_no_throw("--list") != nullptr ? " [ID] [SERVICE...]" : " [SERVICE...]")
                : "");
    }
};

}  // namespace

std::vector<std::unique_ptr<PluginCommand>> all_commands() {
    std::vector<std::unique_ptr<PluginCommand>> commands;
    commands.push_back(std::make_unique<TuneCommand>());
    commands.push_back(std::make_unique<LimitsCommand>());
    commands.push_back(std::make_unique<HealthcheckCommand>());
    commands.push_back(std::make_unique<ProfileCommand>());
    commands.push_back(std::make_unique<StatusCommand>());
    commands.push_back(std::make_unique<RollbackCommand>());
    return commands;
}

std::unique_ptr<CLI::App> make_parser(const std::vector<std::unique_ptr<PluginCommand>>& commands) {
    auto parser =
        std::make_unique<CLI::App>("Makes a Compose stack fast, bounded and safe, and proves it", "docker pilotpros");
    parser->formatter(std::make_shared<Help>());
    parser->require_subcommand(0, 1);
    parser->set_version_flag("-v,--version", std::string{"docker pilotpros "} + PILOTPROS_VERSION,
                             "Print the version and exit");
    parser->footer(
        "Examples:\n"
        "  docker pilotpros tune --lint               what is wrong in the Compose files, without an engine\n"
        "  docker pilotpros tune                      what would change, why, and what to type next\n\n"
        "Run `docker pilotpros COMMAND --help` for a command's options. docker's own flags (--context, --host …) stand "
        "before the word pilotpros. Exit codes: 0 done, 2 done without an engine, 3 refused, 4 a gate failed, 5 no "
        "engine, 6 findings of --check and --lint, 7 not restored, 64 usage, 65 bad input, 130 interrupted.");
    for (const auto& command : commands) {
        command->declare(*parser);
    }
    return parser;
}

CLI::Option* one_each_time(CLI::Option* option) {
    return option->expected(1)->allow_extra_args(false)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void declare_selectors(CLI::App& command, Selectors& into) {
    const std::string group = "Compose's own selectors";
    one_each_time(
        command.add_option("-f,--file", into.files, "Compose files, as docker compose takes them; - is standard input"))
        ->type_name("FILE")
        ->group(group);
    command.add_option("-p,--project-name", into.project_name, "Project name; finds a running project from anywhere")
        ->type_name("NAME")
        ->group(group);
    command.add_option("--project-directory", into.project_directory, "Folder that relative paths start from")
        ->type_name("DIR")
        ->group(group);
    one_each_time(command.add_option("--env-file", into.env_files, "Files of variables, in place of .env"))
        ->type_name("FILE")
        ->group(group);
    one_each_time(command.add_option("--profile", into.profiles, "Compose profiles to activate"))
        ->type_name("NAME")
        ->group(group);
}

}  // namespace pilotpros
