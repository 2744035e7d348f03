#pragma once

#include <string>

#include "plugin/views/tune_view.h"

namespace pilotpros {

/// The Plan for people: in one sentence what it amounts to and interrupts; by service setting, now, then, cost, Verdict
/// and why; what was left alone, findings, masks, gaps. The last two lines are the commands that try and undo it, as
/// they are typed. `width` in cells; 0: as wide as it gets. Where it is too narrow for WHY beside the rest, it follows
/// on lines of its own.
std::string tune_as_table(const TuneView& view, int width);

}  // namespace pilotpros
