#pragma once

#include "core/bundle/hidden.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/model/project.h"

namespace pilotpros {

/// The files below `.pilotpros/` that the Plan becomes: compose.yaml and what it mounts. The same Plan gives the same
/// bytes. Of images that are not given it is not known what is hidden.
Bundle make_bundle(const Plan& plan, const Project& project, const ServiceImages& images = {});

}  // namespace pilotpros
