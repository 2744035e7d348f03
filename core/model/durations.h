#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/model/units.h"

namespace pilotpros {

/// A duration as Compose writes it ("500ms", "1m30s"); nothing when it is none, or negative.
std::optional<Seconds> parse_duration(const std::string& text);

/// The shortest text that Compose reads as this duration, to the millisecond: "500ms", "45s", "1m30s", "2h". Zero is
/// "0s".
std::string compose_duration(Seconds duration);

/// The first step that is at least `least`; the last one when none is. Steps are what keeps a second profile of the
/// same load from moving a value. `steps` ascends and is not empty.
Seconds step_up(Seconds least, const std::vector<double>& steps);

}  // namespace pilotpros
