#include "plugin/commands/tune.h"

namespace pilotpros {

void TuneCommand::declare(CLI::App& parent) {
    CLI::App* const command =
        parent.add_subcommand("tune", "Work out what to change, have the programs check it, and show it");
    one_each_time(command->add_option("--only", only_, "Only these advisors"))->type_name("ADVISOR")->delimiter(',');
    one_each_time(command->add_option("--skip", skip_, "All but these advisors"))->type_name("ADVISOR")->delimiter(',');
    CLI::Option* const lint = command->add_flag(
        "--lint", lint_,
        "Only say what is wrong in the files; needs no engine, exits with 6 on findings (docs/lint.md)");
    declare_common(*command);
    declare_apply(*command);
    declare_live(*command);
    lint->excludes("--apply");
    command->footer(
        "Example: docker pilotpros tune --skip nginx db web\nExample: docker pilotpros tune --lint -f compose.yaml");
}

ExitCode TuneCommand::run(World& world, Terminal& terminal) {
    request_.only = {only_.begin(), only_.end()};
    request_.skip = {skip_.begin(), skip_.end()};
    if (lint_) {
        return report(world, terminal, lint_files(world, request_.profile));
    }
    return apply_ ? apply(world, terminal) : show(world, terminal);
}

}  // namespace pilotpros
