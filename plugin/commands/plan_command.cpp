#include "plugin/commands/plan_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apply/announce.h"
#include "core/apply/live.h"
#include "core/apply/locate.h"
#include "core/apply/rollback.h"
#include "core/apply/route.h"
#include "core/apply/transaction.h"
#include "core/bundle/hidden.h"
#include "core/bundle/make_bundle.h"
#include "plugin/confirm.h"
#include "plugin/duration.h"
#include "plugin/views/apply_lines.h"
#include "plugin/views/findings_view.h"
#include "plugin/views/profile_live.h"
#include "plugin/views/text.h"
#include "plugin/views/told.h"
#include "plugin/views/tune_diff.h"
#include "plugin/views/tune_explain.h"
#include "plugin/views/tune_json.h"
#include "plugin/views/tune_table.h"
#include "plugin/views/tune_view.h"

namespace pilotpros {

namespace {

/// The selectors as they were typed, so that a printed command means the same project.
std::vector<std::string> typed(const Selectors& selectors) {
    std::vector<std::string> words;
    const auto add = [&](const char* flag, const std::vector<std::string>& values) {
        for (const std::string& value : values) {
            words.insert(words.end(), {flag, value});
        }
    };
    add("-f", selectors.files);
    add("--env-file", selectors.env_files);
    add("--profile", selectors.profiles);
    if (selectors.project_name) {
        add("-p", {*selectors.project_name});
    }
    if (selectors.project_directory) {
        add("--project-directory", {*selectors.project_directory});
    }
    return words;
}

std::string command_line(const World& world, const Selectors& selectors, std::vector<std::string> words) {
    std::vector<std::string> command{"docker"};
    const std::vector<std::string> globals = world.globals.as_arguments();
    command.insert(command.end(), globals.begin(), globals.end());
    command.emplace_back("pilotpros");
    const std::vector<std::string> selected = typed(selectors);
    command.push_back(words.front());
    command.insert(command.end(), selected.begin(), selected.end());
    command.insert(command.end(), words.begin() + 1, words.end());
    return shown(command);
}

/// As much of a hash as a Plan is shown with, or more of it; else what is wrong with it.
std::string is_a_hash(const std::string& typed) {
    const bool hexadecimal = typed.find_first_not_of("0123456789abcdef") == std::string::npos;
    return hexadecimal && typed.size() >= kShownHash && typed.size() <= kWholeHash
               ? std::string{}
               : fmt::format("\"{}\" is no hash of a Plan: the {} digits that were shown, or more of it", typed,
                             kShownHash);
}

/// A Plan has to rest on what is there once an earlier command that was killed has been undone. The project, where that
/// left it as it was found.
std::optional<Project> take_back_what_was_cut_short(World& world, Engine& engine, const Selectors& selectors,
                                                    ApplyWatcher& watcher) {
    Located located = locate_project(world, engine, selectors);
    refuse_another_engine(world, located);
    ApplyStore store(world.files, world.environment.state_directory(), located.engine, located.name);
    const FileLock lock = store.lock();
    const bool as_found = finish_pending(world, engine, store, watcher) == 0 && !located.project.from_labels;
    return as_found ? std::optional{std::move(located.project)} : std::nullopt;
}

}  // namespace

void PlanCommand::declare_common(CLI::App& command) {
    command
        .add_option("--duration", duration_,
                    "Measure anew for so long, e.g. 2m; else a kept profile of the last week is used, and 30s measured "
                    "where there is none")
        ->type_name("TIME");
    command.add_option("--format", format_, "table or json; findings also sarif or github")
        ->capture_default_str()
        ->check(CLI::IsMember({"table", "json", "sarif", "github"}));
    command.add_option("--explain", explain_, "All about one change: KEY or SERVICE.KEY")->type_name("KEY");
    command.add_flag("--diff", diff_, "Show the generated files as a diff");
    command.add_option("services", request_.profile.services, "Services to advise; all when none is named")
        ->type_name("SERVICE")
        ->group("");
    declare_selectors(command, request_.profile.selectors);
}

void PlanCommand::declare_apply(CLI::App& command) {
    // What is agreed to is the whole Plan, as the table shows it.
    command.add_flag("--apply", apply_, "Apply what is shown, to the services that are named or to all")
        ->excludes("--explain")
        ->excludes("--diff");
    command.add_flag("-y,--yes", yes_, "With --apply: do not ask")->needs("--apply");
    command
        .add_option("--plan", plan_,
                    "With --apply: only the Plan that was shown with this hash; refused where it changed")
        ->type_name("HASH")
        ->check(is_a_hash)
        ->needs("--apply");
    command
        .add_flag("--in-place", in_place_,
                  "With --apply: put the values into your own Compose files, where nothing else changes, not into an "
                  "override")
        ->needs("--apply");
    command
        .add_option("--watch", watch_,
                    "With --apply: watch what was changed for so long before it is kept, e.g. 2m; 30s where it is not "
                    "given")
        ->type_name("TIME")
        ->needs("--apply");
}

void PlanCommand::declare_live(CLI::App& command) {
    command
        .add_flag(
            "--live", live_,
            "With --apply: set limits in the running containers and interrupt nothing; the next up recreates them "
            "once")
        ->needs("--apply");
}

void PlanCommand::refuse_beside(const World& world, const std::string& flag,
                                std::vector<std::pair<std::string, bool>> more) const {
    std::vector<std::string> words{name_, flag};
    words.insert(words.end(), request_.profile.services.begin(), request_.profile.services.end());
    more.insert(more.end(), {{"--duration", !duration_.empty()}, {"--explain", !explain_.empty()}, {"--diff", diff_}});
    for (const auto& [option, given] : more) {
        if (given) {
            throw Error(ExitCode::kUsage, fmt::format("{} reads the files alone: it excludes {}", flag, option),
                        command_line(world, request_.profile.selectors, words));
        }
    }
}

TuneRequest PlanCommand::request(const World& world) const {
    if (format_ == "sarif" || format_ == "github") {
        std::vector<std::string> words{name_, name_ == "tune" ? "--lint" : "--check", "--format", format_};
        words.insert(words.end(), request_.profile.services.begin(), request_.profile.services.end());
        throw Error(ExitCode::kUsage, fmt::format("a Plan has no form {}: it is one of findings", format_),
                    command_line(world, request_.profile.selectors, words));
    }
    if (apply_ && format_ == "json") {
        throw Error(
            ExitCode::kUsage, "--apply and --format json exclude each other: what is done is told in lines",
            fmt::format("docker pilotpros {} --format json shows the Plan, status --format json what stands", name_));
    }
    TuneRequest request = request_;
    request.profile.layers_anew = apply_;
    request.profile.measure = duration_.empty() ? Measure::kWhenNeeded : Measure::kAlways;
    if (!duration_.empty()) {
        request.profile.duration = duration_option(duration_);
    }
    return request;
}

Tuning PlanCommand::make(World& world, Terminal& terminal, const Connection& connection,
                         const TuneRequest& request) const {
    LiveProfile live(terminal);
    Tuning tuning = tune(world, connection, request, live);
    live.finish();
    if (!tuning.profile.lost.empty()) {
        throw EngineLost(tuning.profile.lost, "run the command again when the engine is back");
    }
    if (tuning.profile.interrupted) {
        throw Interrupted();
    }
    return tuning;
}

ExitCode PlanCommand::show(World& world, Terminal& terminal) const {
    const Connection connection = connect(world);
    const Tuning tuning = make(world, terminal, connection, request(world));
    print(world, terminal, tuning);
    return tuning.profile.observation.engine ? ExitCode::kDone : ExitCode::kNoEngine;
}

void PlanCommand::print(const World& world, Terminal& terminal, const Tuning& tuning) const {
    const Applicable part = applicable_part(tuning, live_);
    const bool applied =
        !part.bundle.files.empty() &&
        std::all_of(part.bundle.files.begin(), part.bundle.files.end(), [&](const BundleFile& file) {
            const auto present = tuning.present.find(file.path);
            return present != tuning.present.end() &&
                   present->second == (file.path == kOurFile ? merge_override(present->second, file.content, replace())
                                                             : file.content);
        });
    TuneView view{tuning.plan,
                  tuning.profile.project,
                  tuning.profile.observation,
                  part.plan.changes.empty() ? tuning.hash : part.hash,  // of what an apply would do
                  tuning.bundle,
                  tuning.masked_changes,
                  "",
                  "",
                  part.waiting,
                  part.owners,
                  applied};
    if (!part.plan.changes.empty() && !apply_ && tuning.profile.observation.engine) {
        if (!view.applied) {
            view.try_command = command_line(world, request_.profile.selectors, again_with("--apply"));
        }
        view.undo_command = command_line(world, request_.profile.selectors, {"rollback"});
    }
    if (!tuning.profile.observation.engine) {
        view.files_command = command_line(world, request_.profile.selectors, again_with("--diff"));
        view.ask_command = command_line(world, request_.profile.selectors, again_with(""));
    }
    if (!explain_.empty()) {
        terminal.out(explain(view, explain_, terminal.width()));
    } else if (diff_) {
        terminal.out(bundle_as_diff(tuning.bundle, tuning.present));
    } else if (format_ == "json") {
        terminal.out(tune_as_json(view).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    } else {
        terminal.out(tune_as_table(view, terminal.width()));
    }
}

Replace PlanCommand::replace() const {
    const bool every_advisor = name_ == "tune" && request_.only.empty() && request_.skip.empty() && !live_;
    return every_advisor ? Replace::kServices : Replace::kValues;
}

std::vector<std::string> PlanCommand::again_with(const std::string& flag) const {
    std::vector<std::string> words{name_};
    if (!flag.empty()) {
        words.push_back(flag);
    }
    if (name_ == "tune") {
        for (const std::string& advisor : request_.only) {
            words.insert(words.end(), {"--only", advisor});
        }
        for (const std::string& advisor : request_.skip) {
            words.insert(words.end(), {"--skip", advisor});
        }
    }
    words.insert(words.end(), request_.profile.services.begin(), request_.profile.services.end());
    return words;
}

void PlanCommand::announce(Terminal& terminal, const ApplyPreview& preview,
                           const std::map<std::string, AnnouncedInterruption>& interruptions) const {
    terminal.err("\n");
    tell(terminal, preview.route.why, 2);
    for (const std::string& note : preview.notes) {
        tell(terminal, note, 2);
    }
    if (preview.interrupted().empty()) {
        terminal.err("Nothing is interrupted.\n");
        return;
    }
    terminal.err("Interrupted, one after the other, each until it serves again:\n");
    for (const ServicePreview& service : preview.services) {
        const auto announced = interruptions.find(service.service);
        if (announced != interruptions.end()) {
            tell(terminal, fmt::format("  {}: {}", service.service, words(announced->second)), 4);
        }
    }
}

ExitCode PlanCommand::apply(World& world, Terminal& terminal) const {
    TuneRequest asked = request(world);
    const Connection connection = connect(world);
    if (!connection.engine) {
        throw EngineLost(*connection.why_not);
    }
    ApplyLines lines(terminal);
    asked.profile.discovered =
        take_back_what_was_cut_short(world, *connection.engine, request_.profile.selectors, lines);
    Tuning tuning = make(world, terminal, connection, asked);
    Applicable part = applicable_part(tuning, live_);
    if (live_) {
        keep_live(part.plan);
        part.bundle = make_bundle(part.plan, tuning.profile.project, images_of(tuning.profile.observation));
        part.hash = hash_of(part.plan);
    }
    if (plan_ && !part.hash.starts_with(*plan_)) {
        throw Error(ExitCode::kRefused,
                    tuning.plan.changes.empty()
                        ? fmt::format("there is nothing to change, and no Plan {}", *plan_)
                        : fmt::format("the Plan is {}, not {}", part.hash.substr(0, kShownHash), *plan_),
                    "look at it first: " + command_line(world, request_.profile.selectors, again_with("")));
    }
    const bool nothing = tuning.plan.changes.empty();
    tuning.plan = std::move(part.plan);
    tuning.bundle = std::move(part.bundle);
    tuning.hash = std::move(part.hash);
    if (in_place_) {
        tuning.bundle.masks.clear();  // what was there is changed itself, and not hidden
    }
    print(world, terminal, tuning);
    if (nothing) {
        return ExitCode::kDone;
    }
    if (tuning.plan.changes.empty()) {
        const LeftAlone& why = tuning.plan.left_alone.back();
        throw Error(ExitCode::kRefused, fmt::format("{}: {}", why.service, why.why), "");
    }
    const Profile& profile = tuning.profile;
    ApplyRequest request{profile.project,        profile.observation, tuning.plan, tuning.bundle, tuning.hash,
                         data_in_layers(tuning), replace(),           live_,       false};
    request.in_place = in_place_;
    const ApplyPreview preview = preview_apply(world, request);
    request.announced = announce_interruptions(world, *connection.engine, request, preview);
    if (!watch_.empty()) {
        request.watch = duration_option(watch_);
    }
    announce(terminal, preview, request.announced);
    if (!yes_ && !confirm("Apply this?", terminal, world.cancel)) {
        return ExitCode::kDone;
    }
    request.accept_new_command = true;
    request.agreed = preview.interrupted();
    const ApplyResult result = apply_plan(world, *connection.engine, request, lines);
    for (const std::string& said : result.said) {
        terminal.out(wrap(printable(said), terminal.width(), 2));
    }
    return result.code;
}

ExitCode PlanCommand::report(const World& world, Terminal& terminal, const Check& check) const {
    const Path& from = world.environment.working_directory;
    if (format_ == "json") {
        terminal.out(findings_as_json(check));
    } else if (format_ == "sarif") {
        terminal.out(findings_as_sarif(check, from));
    } else if (format_ == "github") {
        terminal.out(findings_as_github(check, from));
    } else {
        terminal.out(findings_as_table(check, terminal.width()));
        terminal.err(fmt::format("{}: {} finding{}\n", printable(check.project.name), check.findings.size(),
                                 check.findings.size() == 1 ? "" : "s"));
    }
    if (const std::string said = said_of_inactive(check); !said.empty()) {
        terminal.err(said + "\n");
    }
    return check.findings.empty() ? ExitCode::kDone : ExitCode::kFindings;
}

}  // namespace pilotpros
