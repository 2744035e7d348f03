#pragma once

#include <string>
#include <vector>

#include "core/sys/terminal.h"
#include "core/world.h"

namespace pilotpros {

/// Answers docker's `__complete`: candidates a line each, a blank description after a tab, and Cobra's directive last.
/// `words` are those after the plugin's name; the last one is being typed. Always exits 0: a completion that fails says
/// nothing.
int complete(const std::vector<std::string>& words, World& world, Terminal& terminal);

}  // namespace pilotpros
