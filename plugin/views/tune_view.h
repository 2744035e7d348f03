#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/model/bundle.h"
#include "core/model/observation.h"
#include "core/model/plan.h"
#include "core/model/project.h"

namespace pilotpros {

/// Of a Plan's hash, as many digits as are shown.
constexpr std::size_t kShownHash = 12;
constexpr std::size_t kWholeHash = 64;

/// A Plan and what is needed to show it.
struct TuneView {
    const Plan& plan;
    const Project& project;
    const Observation& observation;
    std::string hash;  ///< of the Plan, as --apply is given it
    const Bundle& bundle;
    /// What an applied file of ours hides and the user has changed since, e.g. "command of db": said before all else.
    std::vector<std::string> masked_changes;
    std::string try_command, undo_command;  ///< to be typed as they are; empty: there is none
    std::set<std::string> waiting;          ///< services with Changes that an apply would leave alone
    std::set<std::string> owners;           ///< those of them inside of whose containers others run
    bool applied = false;                   ///< the files say already what the Plan would have them say, but for those
    /// Where no engine could be asked: what shows the files, and what asks it once it answers; likewise.
    std::string files_command = {}, ask_command = {};
};

}  // namespace pilotpros
