#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/model/change.h"
#include "core/model/project.h"

namespace pilotpros::linting {

using Json = nlohmann::json;

/// One of the project's files, before Compose merged it with the others.
struct WrittenFile {
    std::string path;
    Json model;  ///< as read_yaml gives it; null when the text is not known or is no YAML. A service has what it takes
                 ///< by `extends` from a service of another file, but for keys that it has itself.
};

/// All that a rule may look at.
struct LintCase {
    const Project& project;
    std::vector<WrittenFile> files;  ///< in merge order
    bool all_files = false;          ///< every file of the project is in `files` and could be read
    /// By name: as Compose resolves it, else as written (a service whose profile is not active, a project that Compose
    /// refuses). `environment` is always a map.
    std::map<std::string, Service> services;
    bool defaults = false;  ///< what ${X:-default} falls back to counts: see LintInput
};

/// A place where a rule has something to say.
struct Spot {
    std::string service;  ///< empty: the project as a whole
    std::string what;     ///< one line, with the value that decides
    std::string fix;
    std::string harm = {};  ///< empty: the rule's
    /// Findings of an advisor that say the same of this service.
    std::vector<std::string> said_as = {};
    std::optional<Finding::Severity> severity = {};  ///< nothing: the rule's
};

struct LintRule {
    const char* id;
    Finding::Severity severity;
    const char* title;  ///< one line: what is wrong
    const char* harm;   ///< one line: what it leads to
    const char* source;
    std::function<std::vector<Spot>(const LintCase&)> look;
    const char* milder = "";           ///< one line: where it is less than `severity`, and why; empty: nowhere
    bool refused_by_compose = false;   ///< it is why Compose refuses the whole project, and not only what comes of it
    const char* section = "services";  ///< the key at the top of a file below which it stands
};

using LintRules = std::vector<LintRule>;

}  // namespace pilotpros::linting
