#include "core/compose/foreign.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace pilotpros {

namespace {

struct Manager {
    const char* name;
    std::array<std::string_view, 3>
        path_parts;  ///< Coolify and Portainer keep each stack in a folder of its own below these
    std::string_view label_prefix;
};

constexpr std::array kManagers{
    Manager{
        "Coolify", {"/data/coolify/applications/", "/data/coolify/services/", "/data/coolify/databases/"}, "coolify."},
    Manager{
        "Portainer", {"/data/compose/", "/portainer_data/_data/compose/", "/portainer/compose/"}, "io.portainer.stack"},
};

}  // namespace

std::string foreign_manager(const std::vector<std::string>& paths, const std::vector<std::string>& label_names) {
    for (const Manager& manager : kManagers) {
        const bool by_path = std::any_of(paths.begin(), paths.end(), [&](const std::string& path) {
            return std::any_of(manager.path_parts.begin(), manager.path_parts.end(),
                               [&](std::string_view part) { return path.find(part) != std::string::npos; });
        });
        const bool by_label = std::any_of(label_names.begin(), label_names.end(), [&](const std::string& name) {
            return name.starts_with(manager.label_prefix);
        });
        if (by_path || by_label) {
            return manager.name;
        }
    }
    return {};
}

std::string explain_manager(const std::string& manager) {
    return fmt::format(
        "{0} manages this stack and writes its files anew: it can be observed here, but changes belong into {0} itself",
        manager);
}

}  // namespace pilotpros
