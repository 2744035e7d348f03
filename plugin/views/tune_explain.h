#pragma once

#include <string>

#include "plugin/views/tune_view.h"

namespace pilotpros {

/// All there is to know of a key, `what` being KEY, SERVICE.KEY or the name of a Finding: for each Change now and then,
/// why, rule, inputs, source, what the recipe's line would have done, Verdicts, risk, cost, file and line; of what was
/// left alone why. Throws Error (kUsage), naming what is near, for a key that the Plan does not know.
std::string explain(const TuneView& view, const std::string& what, int width);

}  // namespace pilotpros
