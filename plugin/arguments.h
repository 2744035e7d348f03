#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/docker/endpoint.h"

namespace pilotpros {

/// The command line, taken apart at the plugin's own name.
struct Arguments {
    enum class Kind { kCommand, kHelp, kComplete };
    Kind kind = Kind::kCommand;
    GlobalFlags globals;           ///< what stood before the name
    std::vector<std::string> own;  ///< what stood after it
};

/// docker hands over its whole original command line, without argv[0]: global flags, then the plugin's name, then ours.
/// Also understood: "help pilotpros …", "--help pilotpros", "__complete pilotpros …", and a start without docker
/// ("docker-pilotpros profile"). Throws Error(kUsage) for a global flag that is unknown or has no value.
Arguments split_arguments(const std::vector<std::string>& arguments);

}  // namespace pilotpros
