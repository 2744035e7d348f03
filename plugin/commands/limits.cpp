#include "plugin/commands/limits.h"

#include "core/advise/check_limits.h"

namespace pilotpros {

void LimitsCommand::declare(CLI::App& parent) {
    CLI::App* const command =
        parent.add_subcommand("limits", "Work out memory, CPU and process limits from what was measured");
    CLI::Option* const check = command->add_flag(
        "--check", check_, "Only say what the files miss or contradict; needs no engine, exits with 6 on findings");
    declare_common(*command);
    declare_apply(*command);
    declare_live(*command);
    check->excludes("--apply");
    command->footer(
        "Examples:\n"
        "  docker pilotpros limits                    memory, CPUs and processes, from what was measured\n"
        "  docker pilotpros limits --check            what the files miss; exits with 6 on findings\n"
        "  docker pilotpros limits --apply --live     set in the running containers, nothing is interrupted");
}

ExitCode LimitsCommand::run(World& world, Terminal& terminal) {
    if (check_) {
        refuse_beside(world, "--check");
        return report(world, terminal, check_files(world, request_.profile, check_limits));
    }
    request_.only = {"limits"};
    return apply_ ? apply(world, terminal) : show(world, terminal);
}

}  // namespace pilotpros
