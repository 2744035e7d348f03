#include "plugin/commands/rollback.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apply/rollback_files.h"
#include "core/apply/status.h"
#include "plugin/confirm.h"
#include "plugin/views/apply_lines.h"
#include "plugin/views/rollback_view.h"
#include "plugin/views/status_table.h"
#include "plugin/views/text.h"

namespace pilotpros {

namespace {

bool cut_short(const ApplyStore& store) {
    const std::vector<std::string> ids = store.transactions();
    return std::any_of(ids.begin(), ids.end(), [&](const std::string& id) { return store.journal(id).pending(); });
}

}  // namespace

void RollbackCommand::declare(CLI::App& parent) {
    CLI::App* const command = parent.add_subcommand("rollback", "Take back what was applied last");
    command
        ->add_option("services", words_,
                     "ID: back to and including this transaction, the later ones with it; then services: only theirs")
        ->type_name("SERVICE")
        ->group("");
    command->add_flag("--list", list_, "Show what was applied and taken back, change nothing");
    command->add_flag("--dry-run", dry_run_, "Show what would be done, change nothing");
    CLI::Option* const exact = command->add_flag(
        "--exact", asked_.exact,
        "Put the old containers back, and show what differs, instead of making new ones from your files");
    command
        ->add_flag("--files-only", asked_.files_only,
                   "Put the files back and leave the containers as they run; needs no engine")
        ->excludes(exact);
    command->add_flag("--force", asked_.force,
                      "Also put files back that you changed since; your version is kept as FILE.pilotpros-kept");
    CLI::Option* const all = command->add_flag("--all", asked_.all, "Take back everything that was ever applied");
    command->add_flag("--purge", purge_, "With --all: leave no trace, neither history nor what was measured")
        ->needs(all);
    command->add_flag("-y,--yes", yes_, "Do not ask");
    declare_selectors(*command, selectors_);
    command->footer(
        "Examples:\n"
        "  docker pilotpros rollback --list           what was applied\n"
        "  docker pilotpros rollback --dry-run        what the next line would do\n"
        "  docker pilotpros rollback                  take the last one back\n"
        "  docker pilotpros rollback 2                take 0002 and all after it back\n"
        "  docker pilotpros rollback web              take back what the last one that changed web did to web\n"
        "  docker pilotpros rollback --exact          the old containers, with what differs printed\n"
        "  docker pilotpros rollback --files-only     while the engine is away\n"
        "  docker pilotpros rollback --force          also where you edited what was written");
}

std::pair<Located, Engine*> RollbackCommand::locate(World& world, const Connection& connection) const {
    try {
        if (!connection.engine) {
            throw EngineLost(*connection.why_not);
        }
        Located located = locate_project(world, *connection.engine, selectors_);
        if (asked_.files_only && stands_on_another_engine(world, located)) {
            return {locate_by_snapshots(world, selectors_), nullptr};
        }
        refuse_another_engine(world, located);
        return {std::move(located), connection.engine.get()};
    } catch (const EngineLost& lost) {
        if (asked_.files_only || list_) {
            return {locate_by_snapshots(world, selectors_), nullptr};
        }
        try {
            locate_by_snapshots(world, selectors_);
        } catch (const Error&) {
            throw lost;
        }
        throw EngineLost(lost.what(), fmt::format("{}; docker pilotpros rollback --files-only puts the files back "
                                                  "without it",
                                                  lost.hint()));
    }
}

RollbackRequest RollbackCommand::request(const ApplyStore& store) const {
    RollbackRequest request = asked_;
    request.services = words_;
    if (!words_.empty() && means_transaction(store, words_.front())) {
        request.id = words_.front();
        request.services.erase(request.services.begin());
    }
    if (!request.services.empty() && (request.files_only || request.all)) {
        throw Error(ExitCode::kUsage,
                    fmt::format("{} takes whole transactions back", request.all ? "--all" : "--files-only"),
                    "leave the services out");
    }
    if (!request.id.empty() && request.all) {
        throw Error(ExitCode::kUsage, "--all and an ID exclude each other", "leave one of them out");
    }
    if (purge_ && request.files_only) {
        throw Error(ExitCode::kUsage, "--purge needs the containers to go back, too", "leave --files-only out");
    }
    return request;
}

ExitCode RollbackCommand::dry_run(World& world, Terminal& terminal, Engine* engine, const ApplyStore& store) const {
    if (cut_short(store)) {
        terminal.out("a command was cut short: what it did is taken back first\n");
    }
    const RollbackRequest request = this->request(store);
    const RollbackPreview preview = preview_rollback(world, engine, store, request);
    terminal.out(rollback_as_text(preview, request, purge_, terminal.width()));
    refuse_what_is_in_the_way(preview, request);
    return ExitCode::kDone;
}

ExitCode RollbackCommand::undo(World& world, Terminal& terminal, Engine* engine, ApplyStore& store) const {
    ApplyLines lines(terminal);
    const FileLock lock = store.lock();
    RollbackRequest request = this->request(store);
    const int finished =
        engine == nullptr ? 0 : finish_pending(world, *engine, store, lines, request.force, !request.exact);
    if (finished > 0 && !request.all) {
        if (!request.id.empty() || !request.services.empty()) {
            throw Error(ExitCode::kRefused, "what was cut short is taken back, and nothing else yet",
                        "docker pilotpros status shows what stands now; then run the command again");
        }
        terminal.out("what was cut short is taken back\n");
        return ExitCode::kDone;
    }
    const bool pending = engine == nullptr && cut_short(store);
    const RollbackPreview preview =
        pending ? RollbackPreview{} : preview_rollback(world, request.files_only ? nullptr : engine, store, request);
    if (pending) {
        terminal.out("a command was cut short: its files are put back first\n");
    } else {
        terminal.out(rollback_as_text(preview, request, purge_, terminal.width()));
    }
    if (preview.undone.empty() && !purge_ && !pending) {
        return ExitCode::kDone;
    }
    refuse_what_is_in_the_way(preview, request);
    if (!yes_ && !confirm("Take it back?", terminal, world.cancel)) {
        return ExitCode::kDone;
    }
    request.announced = preview.announced();
    request.agreed = preview.interrupted();
    const RollbackResult result = engine == nullptr || request.files_only
                                      ? roll_back_files(world, store, request, lines)
                                  : purge_ ? purge(world, *engine, store, request, lines)
                                           : roll_back(world, *engine, store, request, lines);
    for (const std::string& said : result.said) {
        terminal.out(wrap(printable(said), terminal.width(), 2));
    }
    return ExitCode::kDone;
}

ExitCode RollbackCommand::run(World& world, Terminal& terminal) {
    const Connection connection = connect(world);
    const auto [located, engine] = locate(world, connection);
    ApplyStore store(world.files, world.environment.state_directory(), located.engine, located.name);
    if (list_) {
        terminal.out(history_as_table(history_of(store), terminal.width()));
        return ExitCode::kDone;
    }
    refuse_moved_folder(world, located);
    return dry_run_ ? dry_run(world, terminal, asked_.files_only ? nullptr : engine, store)
                    : undo(world, terminal, engine, store);
}

}  // namespace pilotpros
