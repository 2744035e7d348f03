#pragma once

#include <vector>

#include "core/apply/store.h"
#include "core/bundle/hidden.h"
#include "core/model/bundle.h"
#include "core/model/project.h"

namespace pilotpros {

/// What files of ours that are applied hide of the user's: the latest apply of a service knows all of its own.
std::vector<Mask> masks_in_force(const ApplyStore& store);

/// Those that hide another value now than when they were made, or one that is gone. Pure.
std::vector<Mask> changed_masks(const std::vector<Mask>& masks, const Project& project, const ServiceImages& images);

}  // namespace pilotpros
