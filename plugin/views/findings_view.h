#pragma once

#include <string>

#include "core/check.h"
#include "core/sys/files.h"

namespace pilotpros {

/// Findings as people read them, worst first, and last how many there are.
std::string findings_as_table(const Check& check, int width);
/// Which services were not looked at in full since none of their profiles is active, and what to do about it, in a
/// line; empty: there is none.
std::string said_of_inactive(const Check& check);
/// The findings, the project's name, and the services of which no profile is active.
std::string findings_as_json(const Check& check);
/// SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code scanning reads it. Files are
/// named relative to `from`, a finding lies where its service begins.
std::string findings_as_sarif(const Check& check, const Path& from);
/// One annotation a line, as a GitHub workflow prints them
/// (https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions).
std::string findings_as_github(const Check& check, const Path& from);

}  // namespace pilotpros
