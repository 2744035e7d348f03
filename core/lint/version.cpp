#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/lint/as_written.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

std::vector<Spot> look_version(const LintCase& input) {
    std::vector<std::string> files;
    for (const WrittenFile& file : input.files) {
        if (!member(file.model, "version").is_null()) {
            files.push_back(file_name(file.path));
        }
    }
    // Where a file's text is not known, Compose says it.
    const bool warned =
        std::any_of(input.project.warnings.begin(), input.project.warnings.end(), [](const std::string& warning) {
            return warning.find("version") != std::string::npos && warning.find("obsolete") != std::string::npos;
        });
    if (files.empty() && !(warned && !input.all_files)) {
        return {};
    }
    const std::string where = files.empty() ? "a file" : fmt::format("{}", fmt::join(files, ", "));
    return {{"", fmt::format("{} has version at its top", where), "take the line out"}};
}

}  // namespace

LintRules version_rules() {
    return {{"version-obsolete", Finding::Severity::kNote, "version at the top of a Compose file is obsolete",
             "it decides nothing, and Compose warns of it at every command",
             "https://docs.docker.com/reference/compose-file/version-and-name/", look_version, "", false, "version"}};
}

}  // namespace pilotpros::linting
