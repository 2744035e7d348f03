#pragma once

#include <nlohmann/json.hpp>

#include "core/model/advice.h"

namespace pilotpros::apps::nginx {

/// What this nginx's configuration costs or breaks, with the lines that mend it. Findings only: the files are the
/// user's, and are not written. Each rule has its source beside it in advise.cpp.
Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

}  // namespace pilotpros::apps::nginx
