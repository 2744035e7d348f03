#include "core/compose/given_files.h"

#include "core/model/json.h"

namespace pilotpros {

namespace {

void add_targets(const nlohmann::json& entries, const std::string& directory, std::vector<std::string>& into) {
    for (const nlohmann::json& entry : entries) {
        const std::string source = entry.is_string() ? entry.get<std::string>() : text(entry, "source");
        const std::string target = text(entry, "target").empty() ? source : text(entry, "target");
        if (!target.empty()) {
            into.push_back(target.starts_with('/') ? target : directory + target);
        }
    }
}

}  // namespace

std::vector<std::string> given_files(const nlohmann::json& resolved) {
    std::vector<std::string> paths;
    add_targets(member(resolved, "configs"), "/", paths);
    add_targets(member(resolved, "secrets"), "/run/secrets/", paths);
    return paths;
}

}  // namespace pilotpros
