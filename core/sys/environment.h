#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/sys/files.h"

namespace pilotpros {

/// The process's environment and place, as a value, so that whoever reads it can be tested.
struct Environment {
    std::map<std::string, std::string> variables;
    Path working_directory;

    /// The variable's value; nothing when it is unset or empty, which Docker treats alike.
    [[nodiscard]] std::optional<std::string> get(const std::string& name) const {
        const auto found = variables.find(name);
        return found == variables.end() || found->second.empty() ? std::nullopt : std::optional{found->second};
    }

    /// What the operating system says now.
    static Environment of_process();

    /// The user's state directory for us (XDG_STATE_HOME/pilotpros where that is absolute, else
    /// ~/.local/state/pilotpros); private, see make_private_directory.
    [[nodiscard]] Path state_directory() const;
    /// Docker's configuration directory (DOCKER_CONFIG, else ~/.docker).
    [[nodiscard]] Path docker_config_directory() const;
};

}  // namespace pilotpros
