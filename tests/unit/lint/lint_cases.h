#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/lint/as_written.h"
#include "core/lint/lint.h"
#include "core/model/json.h"

namespace pilotpros::testing {

/// A project made of the texts of its files.
struct LintProject {
    LintProject() { project.working_directory = "/srv/shop"; }

    /// A further file, in merge order.
    LintProject& file(const std::string& path, const std::string& yaml) {
        project.files.push_back(path);
        input.files.push_back(path);
        input.texts[path] = yaml;
        return *this;
    }
    /// A service as Compose resolves it.
    LintProject& resolved(const std::string& name, nlohmann::json service) {
        Service& made = project.services[name];
        made.name = name;
        made.image = text(service, "image");
        made.resolved = std::move(service);
        return *this;
    }
    [[nodiscard]] std::vector<Finding> findings(const std::string& id) const {
        LintInput asked = input;
        asked.defaults = project.services.empty() && refused_for_values;
        std::vector<Finding> found = lint(project, asked);
        found.erase(
            std::remove_if(found.begin(), found.end(), [&](const Finding& finding) { return finding.id != id; }),
            found.end());
        return found;
    }
    [[nodiscard]] bool says(const std::string& id) const { return !findings(id).empty(); }
    /// The first of this id; empty when there is none.
    [[nodiscard]] Finding finding(const std::string& id) const {
        const std::vector<Finding> found = findings(id);
        return found.empty() ? Finding{} : found.front();
    }

    Project project;
    bool refused_for_values = true;  ///< where it has no service that Compose resolved
    LintInput input;
};

/// One service of one file.
inline LintProject lint_of(const std::string& yaml) {
    LintProject built;
    built.file("/srv/shop/compose.yaml", yaml);
    return built;
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace pilotpros::testing
