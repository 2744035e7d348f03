#include "core/compose/default_files.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/compose/selection.h"

namespace pilotpros {

namespace {

constexpr std::array kMainNames{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"};
constexpr std::array kOverrideNames{"compose.override.yml", "compose.override.yaml", "docker-compose.override.yml",
                                    "docker-compose.override.yaml"};

template <typename Names>
std::vector<std::string> present(const Names& names, const Path& folder, const Files& files) {
    std::vector<std::string> found;
    for (const char* name : names) {
        if (files.exists(folder / name)) {
            found.emplace_back(name);
        }
    }
    return found;
}

std::string several(const std::vector<std::string>& names, const Path& folder) {
    return fmt::format("{} holds {}: Compose takes {} and leaves the others out", folder.string(),
                       fmt::join(names, ", "), names.front());
}

void find_overrides(DefaultFiles& found, const Files& files) {
    const std::vector<std::string> names = present(kOverrideNames, found.folder, files);
    std::vector<std::string> theirs;
    for (const std::string& name : names) {
        if (!is_ours(found.folder / name, {found.folder}, files)) {
            theirs.push_back(name);
        } else if (name == names.front()) {
            found.ours.push_back((found.folder / name).string());
        }
    }
    if (theirs.empty()) {
        return;
    }
    found.override_file = theirs.front();
    if (theirs.size() > 1) {
        found.warnings.push_back(several(theirs, found.folder));
    }
    if (!found.ours.empty()) {
        found.warnings.push_back(fmt::format("{} is ours and hides {}: plain docker compose does not read it",
                                             Path{found.ours.front()}.filename().string(), theirs.front()));
    }
}

}  // namespace

std::optional<DefaultFiles> find_default_files(const Path& folder, const Files& files) {
    for (Path here = folder;; here = here.parent_path()) {
        const std::vector<std::string> names = present(kMainNames, here, files);
        if (!names.empty()) {
            DefaultFiles found;
            found.folder = here;
            found.main = names.front();
            if (names.size() > 1) {
                found.warnings.push_back(several(names, here));
            }
            find_overrides(found, files);
            return found;
        }
        if (here == here.parent_path()) {
            return std::nullopt;
        }
    }
}

bool is_default_override(const std::string& name) {
    return std::find(kOverrideNames.begin(), kOverrideNames.end(), name) != kOverrideNames.end();
}

}  // namespace pilotpros
