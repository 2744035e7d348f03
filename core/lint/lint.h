#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/change.h"
#include "core/model/project.h"

namespace pilotpros {

/// What lies beside the project: what is read or found elsewhere, since rules read nothing themselves.
struct LintInput {
    /// The files to be read, in merge order; Project::files and what these include.
    std::vector<std::string> files;
    /// Their texts, by the path that stands there ("-": standard input), and of those from which services take others
    /// by `extends`. Compose merges and drops what
    /// some rules look for (two mounts on one target, `version`), so these are silent about a file that is not here.
    std::map<std::string, std::string> texts;
    /// Findings that advisors made already. Where a rule says the same of a service, and what it is by its own name,
    /// the rule's takes the place of the advisor's.
    std::vector<Finding> said;
    /// Of a project that Compose refuses: whether what ${X:-default} falls back to may be why, by Compose's own words.
    /// X may be set for all that is known here.
    bool defaults = false;
};

/// What the files of a project show without an engine, after what was said already. Pure; in the order of the rules
/// (core/lint/registry.h), and of the services within a rule. Values are quoted only where a rule knows them to be
/// public, and a value with a ${…} that was not resolved is not judged.
std::vector<Finding> lint(const Project& project, const LintInput& input = {});

/// Whether one of the findings is why Compose refuses the project.
bool tells_why_compose_refuses(const std::vector<Finding>& findings);

}  // namespace pilotpros
