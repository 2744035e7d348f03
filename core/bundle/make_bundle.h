#pragma once

#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/model/project.h"

namespace pilotpros {

/// The files below `.pilotpros/` that the Plan becomes: compose.yaml and what it mounts. The same Plan gives the same
/// bytes.
Bundle make_bundle(const Plan& plan, const Project& project);

}  // namespace pilotpros
