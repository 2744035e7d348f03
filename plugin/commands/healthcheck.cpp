#include "plugin/commands/healthcheck.h"

#include "core/advise/check_healthcheck.h"

namespace pilotpros {

void HealthcheckCommand::declare(CLI::App& parent) {
    CLI::App* const command = parent.add_subcommand(
        "healthcheck", "Work out health checks that exist, answer and are asked at the right time");
    CLI::Option* const check = command->add_flag(
        "--check", check_, "Only say what the files miss or contradict; needs no engine, exits with 6 on findings");
    declare_common(*command);
    declare_apply(*command);
    check->excludes("--apply");
    command->footer(
        "Examples:\n"
        "  docker pilotpros healthcheck               probes, proven on the running services\n"
        "  docker pilotpros healthcheck --check       what is wrong in the files; exits with 6 on findings");
}

ExitCode HealthcheckCommand::run(World& world, Terminal& terminal) {
    if (check_) {
        refuse_beside(world, "--check");
        return report(world, terminal, check_files(world, request_.profile, check_healthcheck));
    }
    request_.only = {"healthcheck"};
    return apply_ ? apply(world, terminal) : show(world, terminal);
}

}  // namespace pilotpros
