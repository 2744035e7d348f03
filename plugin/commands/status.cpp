#include "plugin/commands/status.h"

#include "core/apply/locate.h"
#include "core/apply/rollback.h"
#include "core/apply/status.h"
#include "core/connection.h"
#include "plugin/views/apply_lines.h"
#include "plugin/views/status_table.h"

namespace pilotpros {

void StatusCommand::declare(CLI::App& parent) {
    CLI::App* const command =
        parent.add_subcommand("status", "Show what is applied, and where the running project has drifted from it");
    command->add_option("--format", format_, "table or json")
        ->capture_default_str()
        ->check(CLI::IsMember({"table", "json"}));
    declare_selectors(*command, selectors_);
    command->footer(
        "Examples:\n"
        "  docker pilotpros status                    what is applied, and what drifted from it\n"
        "  docker pilotpros status --format json      the same for programs");
}

ExitCode StatusCommand::run(World& world, Terminal& terminal) {
    const Connection connection = connect(world);
    if (!connection.engine) {
        throw EngineLost(*connection.why_not);
    }
    Engine& engine = *connection.engine;
    const Located located = locate_project(world, engine, selectors_);
    refuse_another_engine(world, located);
    ApplyStore store(world.files, world.environment.state_directory(), located.engine, located.name);
    if (store.used()) {
        ApplyLines lines(terminal);
        const FileLock lock = store.lock();
        finish_pending(world, engine, store, lines);
    }
    const ProjectStatus status = read_status(world, engine, located.project, store, located.swap_limit);
    terminal.out(format_ == "json"
                     ? status_as_json(status).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                     : status_as_table(status, terminal.width()));
    return ExitCode::kDone;
}

}  // namespace pilotpros
