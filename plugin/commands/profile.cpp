#include "plugin/commands/profile.h"

#include "core/advising.h"
#include "core/compose/wishes.h"
#include "plugin/duration.h"
#include "plugin/views/profile_json.h"
#include "plugin/views/profile_live.h"
#include "plugin/views/profile_table.h"

namespace pilotpros {

void ProfileCommand::declare(CLI::App& parent) {
    CLI::App* const command =
        parent.add_subcommand("profile", "Observe the running services: what they are, use and need");
    command->add_option("--duration", duration_, "How long to measure, e.g. 30s, 5m")
        ->type_name("TIME")
        ->capture_default_str()
        ->check([](const std::string& text) {
            try {
                return duration_option(text).count() >= 1000 ? std::string{}
                                                             : std::string{"measure for at least one second"};
            } catch (const Error& error) {
                return std::string{error.what()};
            }
        });
    command->add_option("--format", format_, "table or json")
        ->capture_default_str()
        ->check(CLI::IsMember({"table", "json"}));
    command->add_flag("--show", show_, "Show what earlier runs kept, measure nothing");
    command->add_option("services", request_.services, "Services to profile; all when none is named")
        ->type_name("SERVICE")
        ->group("");
    declare_selectors(*command, request_.selectors);
    command->footer(
        "Examples:\n"
        "  docker pilotpros profile --duration 10s web db   two services, for ten seconds\n"
        "  docker pilotpros profile --show                  what earlier runs kept");
}

ExitCode ProfileCommand::run(World& world, Terminal& terminal) {
    request_.duration = duration_option(duration_);
    request_.measure = show_ ? Measure::kNever : Measure::kAlways;
    const bool json = format_ == "json";
    LiveProfile live(terminal);
    ProfileWatcher silent;  // what is kept is shown at once, and once
    Profile profile = take_profile(world, request_, show_ ? silent : static_cast<ProfileWatcher&>(live));
    live.finish();
    try {
        read_wishes(profile.project, world.files, advisor_set());
    } catch (const Error& error) {  // none of what was measured rests on it
        profile.observation.gaps.push_back({"x-pilotpros", "what is wished", error.what()});
    }
    terminal.out(json ? profile_as_json(profile).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                      : profile_as_table(profile, terminal.width()));
    if (!profile.lost.empty()) {
        throw EngineLost(profile.lost,
                         "what was measured until then is kept; run the command again when the engine is back");
    }
    if (profile.interrupted) {
        return ExitCode::kInterrupted;
    }
    return profile.observation.engine ? ExitCode::kDone : ExitCode::kNoEngine;
}

}  // namespace pilotpros
