#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// Directories that an image's build fills, wherever they are.
bool is_filled_by_image(const std::string& target) {
    static const std::set<std::string> kNames{"node_modules", "vendor", "site-packages", "dist-packages", "venv",
                                              ".venv",        "dist",   "build",         ".next",         ".nuxt"};
    return kNames.contains(file_name(target));
}

bool is_tmpfs_volume(const Json& volume) {
    const std::string driver = text(volume, "driver");
    return (driver.empty() || driver == "local") && text(member(volume, "driver_opts"), "type") == "tmpfs";
}

/// A volume as the last file that says anything of it has it.
Json declared_volume(const LintCase& input, const std::string& name) {
    const Json& resolved = member(member(input.project.uninterpolated, "volumes"), name.c_str());
    if (resolved.is_object()) {
        return resolved;
    }
    Json volume;
    for (const WrittenFile& file : input.files) {
        const Json& here = member(member(file.model, "volumes"), name.c_str());
        if (here.is_object()) {
            volume.merge_patch(here);
        }
    }
    return volume;
}

std::vector<Spot> look_tmpfs_volumes(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        for (const WrittenMount& mount : mounts_of(service.resolved)) {
            if (mount.kind != WrittenMount::Kind::kVolume || mount.computed || mount.source.empty() ||
                !is_filled_by_image(mount.target) || !is_tmpfs_volume(declared_volume(input, mount.source))) {
                continue;
            }
            spots.push_back({name, fmt::format("the volume {} on {} is a tmpfs", mount.source, mount.target),
                             fmt::format("docker compose down, docker volume rm PROJECT_{0}, and an ordinary volume:\n"
                                         "volumes:\n  {0}: {{}}",
                                         mount.source)});
        }
    }
    return spots;
}

}  // namespace

LintRules tmpfs_volumes_rules() {
    return {{"tmpfs-volume-hides-image", Finding::Severity::kWarning,
             "a volume of type tmpfs lies on what the image brings",
             "the image's files are not copied into it, and it is empty after each stop; what is in it counts as the "
             "service's memory",
             "https://github.com/moby/moby/issues/27068", look_tmpfs_volumes}};
}

}  // namespace pilotpros::linting
