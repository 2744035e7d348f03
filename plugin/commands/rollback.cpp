#include "plugin/commands/rollback.h"

#include <fmt/format.h>

#include "core/apply/locate.h"
#include "core/apply/rollback.h"
#include "core/apply/status.h"
#include "core/connection.h"
#include "plugin/confirm.h"
#include "plugin/views/apply_lines.h"
#include "plugin/views/status_table.h"

namespace pilotpros {

void RollbackCommand::declare(CLI::App& parent) {
    CLI::App* const command = parent.add_subcommand("rollback", "Take back what was applied last");
    command->add_flag("--list", list_, "Show what was applied and taken back, change nothing");
    command->add_flag("--dry-run", dry_run_, "Show what would be done, change nothing");
    command->add_flag("--all", all_, "Take back everything that was ever applied");
    command->add_flag("--purge", purge_, "With --all: leave no trace, neither history nor what was measured")
        ->needs("--all");
    command->add_flag("-y,--yes", yes_, "Do not ask");
    declare_selectors(*command, selectors_);
    command->footer("Example: docker pilotpros rollback --dry-run");
}

ExitCode RollbackCommand::run(World& world, Terminal& terminal) {
    const Connection connection = connect(world);
    if (!connection.engine) {
        throw EngineLost(*connection.why_not);
    }
    Engine& engine = *connection.engine;
    const Located located = locate_project(world, engine, selectors_);
    ApplyStore store(world.files, world.environment.state_directory(), located.engine, located.name);
    if (list_) {
        terminal.out(history_as_table(history_of(store), terminal.width()));
        return ExitCode::kDone;
    }
    ApplyLines lines(terminal);
    if (dry_run_) {
        if (!store.in_phase(Journal::Phase::kApplying).empty() || !store.in_phase(Journal::Phase::kUndoing).empty()) {
            terminal.out("a command was cut short: what it did is taken back first\n");
        }
        terminal.out(rollback_as_text(preview_rollback(store, world.files, all_), purge_));
        return ExitCode::kDone;
    }
    const FileLock lock = store.lock();
    const int finished = finish_pending(world, engine, store, lines);
    const RollbackPreview preview = preview_rollback(store, world.files, all_);
    if (finished > 0 && !all_) {
        terminal.out("what was cut short is taken back\n");
        return ExitCode::kDone;
    }
    terminal.out(rollback_as_text(preview, purge_));
    if (preview.undone.empty() && !purge_) {
        return ExitCode::kDone;
    }
    if (preview.conflicts.empty() && !yes_ && !confirm("Take it back?", terminal, world.cancel)) {
        return ExitCode::kDone;
    }
    const RollbackResult result =
        purge_ ? purge(world, engine, store, lines) : roll_back(world, engine, store, all_, lines);
    for (const std::string& said : result.said) {
        terminal.out(said + "\n");
    }
    return ExitCode::kDone;
}

}  // namespace pilotpros
