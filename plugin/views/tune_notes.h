#pragma once

#include <string>

#include "plugin/views/tune_view.h"

namespace pilotpros {

/// The paragraphs below a Plan's table, each with a heading, empty where there is nothing to say. Lines are no wider
/// than `width` (0: as wide as it gets), but for what a Finding says to type.
std::string left_alone_words(const Plan& plan, int width);
std::string findings_words(const Plan& plan, int width);
std::string finding_words(const Finding& finding, int width);
std::string masks_words(const Bundle& bundle, int width);
std::string gaps_words(const Observation& observation, int width);

}  // namespace pilotpros
