#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "core/advise/compose_limits.h"
#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/advice.h"
#include "core/model/json.h"
#include "core/model/yaml_key.h"

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

/// What lies in memory there without a volume: the long form of a mount, and `tmpfs`, each without its options.
std::set<std::string> tmpfs_places(const Service& service) {
    std::set<std::string> places;
    for (const WrittenMount& mount : mounts_of(service.resolved)) {
        if (mount.kind == WrittenMount::Kind::kTmpfs && !mount.computed) {
            places.insert(mount.target);
        }
    }
    const std::vector<std::string> targets = tmpfs_targets(service.resolved);
    places.insert(targets.begin(), targets.end());
    return places;
}

std::vector<Spot> look_tmpfs_volumes(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        for (const std::string& place : tmpfs_places(service)) {
            if (is_filled_by_image(place)) {
                spots.push_back({name, fmt::format("a tmpfs lies on {}", place),
                                 fmt::format("take the tmpfs on {} out, or name a volume there", place)});
            }
        }
        for (const WrittenMount& mount : mounts_of(service.resolved)) {
            if (mount.kind != WrittenMount::Kind::kVolume || mount.computed || mount.source.empty() ||
                !is_filled_by_image(mount.target) || !is_tmpfs_volume(declared_volume(input, mount.source))) {
                continue;
            }
            spots.push_back({name, fmt::format("the volume {} on {} is a tmpfs", mount.source, mount.target),
                             fmt::format("docker compose down, docker volume rm PROJECT_{0}, and an ordinary volume:\n"
                                         "volumes:\n  {1}: {{}}",
                                         mount.source, yaml_key(mount.source))});
        }
    }
    return spots;
}

/// The last "size" among mount options such as "size=500m,uid=1000"; nothing for a share of the machine's memory.
std::optional<Bytes> size_option(const std::string& options) {
    std::optional<Bytes> size;
    std::istringstream words(options);
    for (std::string word; std::getline(words, word, ',');) {
        if (word.starts_with("size=")) {
            size = parse_size(word.substr(5));
        }
    }
    return size;
}

struct SizedTmpfs {
    std::string what;
    Bytes size = 0;
};

/// Every tmpfs of a service whose size is written down, in each way of writing one.
std::vector<SizedTmpfs> sized_tmpfs(const LintCase& input, const Json& service) {
    std::vector<SizedTmpfs> found;
    const auto add = [&](std::string what, std::optional<Bytes> size) {
        if (size && *size > 0) {
            found.push_back({std::move(what), *size});
        }
    };
    for (const WrittenMount& mount : mounts_of(service)) {
        if (mount.kind == WrittenMount::Kind::kVolume && !mount.computed && !mount.source.empty()) {
            const Json volume = declared_volume(input, mount.source);
            if (is_tmpfs_volume(volume)) {
                add(fmt::format("the volume {} on {}", mount.source, mount.target),
                    size_option(text(member(volume, "driver_opts"), "o")));
            }
        }
    }
    const Json& mounts = member(service, "volumes");
    for (const Json& mount : mounts.is_array() ? mounts : Json::array()) {
        const Json& size = member(member(mount, "tmpfs"), "size");
        if (text(mount, "type") == "tmpfs" && !size.is_null()) {
            add("the tmpfs on " + text(mount, "target"), parse_size(as_text(size)));
        }
    }
    const Json& shorts = member(service, "tmpfs");
    for (const Json& one : shorts.is_array() ? shorts : Json::array({shorts})) {
        const std::string written = one.is_string() ? one.get<std::string>() : "";
        const auto colon = written.find(':');
        if (colon != std::string::npos) {
            add("the tmpfs on " + written.substr(0, colon), size_option(written.substr(colon + 1)));
        }
    }
    return found;
}

std::vector<Spot> look_tmpfs_fills_limit(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto limit = declared_bounds(&service).memory;
        for (const SizedTmpfs& one : sized_tmpfs(input, service.resolved)) {
            if (limit && *limit > 0 && one.size > *limit / 4 * 3) {
                spots.push_back({name,
                                 fmt::format("{} may hold {}, the memory limit is {}", one.what, format_bytes(one.size),
                                             format_bytes(*limit)),
                                 "an ordinary volume, or a size that leaves the program what it needs"});
            }
        }
    }
    return spots;
}

}  // namespace

LintRules tmpfs_volumes_rules() {
    return {{"tmpfs-volume-hides-image", Finding::Severity::kWarning, "a tmpfs lies on what the image brings",
             "the image's files are not copied into it, and it is empty after each stop; what is in it counts as the "
             "service's memory",
             "https://github.com/moby/moby/issues/27068", look_tmpfs_volumes},
            {"tmpfs-fills-limit", Finding::Severity::kWarning,
             "a tmpfs may hold more than three quarters of the memory limit",
             "what is in it counts as the service's memory: a full one leaves the program too little, and it is killed",
             "https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-ownership", look_tmpfs_fills_limit}};
}

}  // namespace pilotpros::linting
