#pragma once

#include <string>
#include <vector>

#include "core/bundle/hidden.h"
#include "core/model/bundle.h"
#include "core/model/plan.h"
#include "core/model/project.h"

namespace pilotpros {

/// The override that Compose merges over the user's files: every Change whose target is kCompose, one comment a value.
/// Every text is double-quoted, since Compose's YAML reader takes 010 for 8 and 1e3 for 1000; a $ is doubled unless the
/// value is as the user wrote it. The same Plan gives the same bytes. Empty when there is no such Change.
std::string compose_override(const Plan& plan);

/// Which of the override's values hide one that the user's files have, or else the image. What Compose adds to a list
/// hides nothing. Source of what merges how: compose-spec/compose-go, override/merge.go.
std::vector<Mask> masks_of(const Plan& plan, const Project& project, const ServiceImages& images);

/// The values that an override or a PostgreSQL file of ours holds, read back for hysteresis: key to text. What is not
/// of our making gives nothing, a wish of the user's no text.
Written read_override(const std::string& content);
std::map<std::string, std::string> read_settings(const std::string& content);

}  // namespace pilotpros
