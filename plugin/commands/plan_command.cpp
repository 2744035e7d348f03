#include "plugin/commands/plan_command.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apply/route.h"
#include "core/model/sha256.h"
#include "plugin/duration.h"
#include "plugin/views/profile_live.h"
#include "plugin/views/text.h"
#include "plugin/views/tune_diff.h"
#include "plugin/views/tune_explain.h"
#include "plugin/views/tune_json.h"
#include "plugin/views/tune_notes.h"
#include "plugin/views/tune_table.h"

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

}  // namespace

void PlanCommand::declare_common(CLI::App& command) {
    command
        .add_option("--duration", duration_,
                    "Measure anew for so long, e.g. 2m; else a kept profile of the last week is used, and 30s measured "
                    "where there is none")
        ->type_name("TIME");
    command.add_option("--format", format_, "table or json")
        ->capture_default_str()
        ->check(CLI::IsMember({"table", "json"}));
    command.add_option("--explain", explain_, "All about one change: KEY or SERVICE.KEY")->type_name("KEY");
    command.add_flag("--diff", diff_, "Show the generated files as a diff");
    command.add_option("services", request_.profile.services, "Services to advise; all when none is named")
        ->type_name("SERVICE")
        ->group("");
    declare_selectors(command, request_.profile.selectors);
}

TuneRequest PlanCommand::request() const {
    TuneRequest request = request_;
    request.profile.measure = duration_.empty() ? Measure::kWhenNeeded : Measure::kAlways;
    if (!duration_.empty()) {
        request.profile.duration = parse_duration(duration_);
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
    const Tuning tuning = make(world, terminal, connection, request());
    print(world, terminal, tuning);
    return tuning.profile.observation.engine ? ExitCode::kDone : ExitCode::kNoEngine;
}

void PlanCommand::print(const World& world, Terminal& terminal, const Tuning& tuning) const {
    TuneView view{tuning.plan,
                  tuning.profile.project,
                  tuning.profile.observation,
                  tuning.hash,
                  tuning.bundle,
                  tuning.masked_changes,
                  "",
                  ""};
    if (const auto service = first_to_try(tuning); service && tuning.profile.observation.engine) {
        const std::string name = name_ == "healthcheck" ? "tune" : name_;
        view.try_command = command_line(world, request_.profile.selectors, {name, "--apply", *service});
        view.undo_command = command_line(world, request_.profile.selectors, {"rollback"});
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

ExitCode PlanCommand::check(World& world, Terminal& terminal, Advice (*advisor)(const Case&)) const {
    const Check check = check_files(world, request_.profile, advisor);
    if (format_ == "json") {
        const nlohmann::json document{{"format", 1}, {"project", check.project.name}, {"findings", check.findings}};
        terminal.out(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    } else {
        for (const Finding& finding : check.findings) {
            terminal.out(finding_words(finding, terminal.width()));
        }
        terminal.err(fmt::format("{}: {} finding{}\n", printable(check.project.name), check.findings.size(),
                                 check.findings.size() == 1 ? "" : "s"));
    }
    return check.findings.empty() ? ExitCode::kDone : ExitCode::kFindings;
}

}  // namespace pilotpros
