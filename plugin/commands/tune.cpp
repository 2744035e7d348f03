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
        "Examples:\n"
        "  docker pilotpros tune                      what would change, why, and what to type next\n"
        "  docker pilotpros tune --skip nginx db web  without one advisor, for two services\n"
        "  docker pilotpros tune --explain memory     all about one change\n"
        "  docker pilotpros tune --diff               the files that would be written\n"
        "  docker pilotpros tune --apply db           applied to db, after asking\n"
        "  docker pilotpros tune --lint               what is wrong in the files; exits with 6 on findings");
}

ExitCode TuneCommand::run(World& world, Terminal& terminal) {
    request_.only = {only_.begin(), only_.end()};
    request_.skip = {skip_.begin(), skip_.end()};
    if (lint_) {
        refuse_beside(world, "--lint", {{"--only", !only_.empty()}, {"--skip", !skip_.empty()}});
        return report(world, terminal, lint_files(world, request_.profile));
    }
    return apply_ ? apply(world, terminal) : show(world, terminal);
}

}  // namespace pilotpros
