#pragma once

#include <string>
#include <vector>

namespace pilotpros {

/// Who else writes this project's files and would overwrite what we add: "Portainer", "Coolify", or empty. It shows in
/// where the files lie and in the names of labels; values are not looked at.
std::string foreign_manager(const std::vector<std::string>& paths, const std::vector<std::string>& label_names);

/// The one line that explains what that means.
std::string explain_manager(const std::string& manager);

}  // namespace pilotpros
