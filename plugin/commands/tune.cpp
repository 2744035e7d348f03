#include "plugin/commands/tune.h"

namespace pilotpros {

void TuneCommand::declare(CLI::App& parent) {
    CLI::App* const command =
        parent.add_subcommand("tune", "Work out what to change, have the programs check it, and show it");
    one_each_time(command->add_option("--only", only_, "Only these advisors"))->type_name("ADVISOR")->delimiter(',');
    one_each_time(command->add_option("--skip", skip_, "All but these advisors"))->type_name("ADVISOR")->delimiter(',');
    declare_common(*command);
    declare_apply(*command);
    declare_live(*command);
    command->footer("Example: docker pilotpros tune --skip nginx db web");
}

ExitCode TuneCommand::run(World& world, Terminal& terminal) {
    request_.only = {only_.begin(), only_.end()};
    request_.skip = {skip_.begin(), skip_.end()};
    return apply_ ? apply(world, terminal) : show(world, terminal);
}

}  // namespace pilotpros
