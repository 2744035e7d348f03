#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

constexpr const char* kVolumeDocs = "https://docs.docker.com/reference/compose-file/services/#volumes";

/// A file that takes services from elsewhere is not the whole of it.
bool takes_from_elsewhere(const Json& model) {
    const Json& services = member(model, "services");
    return services.is_object() && std::any_of(services.begin(), services.end(), [](const Json& service) {
               return !member(member(service, "extends"), "file").is_null();
           });
}

std::set<std::string> sources_of(const std::vector<WrittenMount>& mounts) {
    std::set<std::string> sources;
    for (const WrittenMount& mount : mounts) {
        sources.insert(mount.source);
    }
    return sources;
}

std::vector<Spot> look_undeclared_volumes(const LintCase& input) {
    std::vector<Spot> spots;
    if (!input.all_files || std::any_of(input.files.begin(), input.files.end(),
                                        [](const WrittenFile& file) { return takes_from_elsewhere(file.model); })) {
        return spots;
    }
    std::set<std::string> declared;
    for (const WrittenFile& file : input.files) {
        for (const std::string& name : keys(file.model, "volumes")) {
            declared.insert(name);
        }
    }
    std::set<std::pair<std::string, std::string>> said;
    for (const WrittenFile& file : input.files) {
        for (const std::string& service : keys(file.model, "services")) {
            const Json& written = member(written_service(file.model, service), "volumes");
            const std::set<std::string> sources = sources_of(mounts_of(written_service(file.model, service)));
            for (const WrittenMount& mount :
                 mounts_of({{"volumes", input.defaults ? with_defaults(written) : written}})) {
                if (mount.kind != WrittenMount::Kind::kVolume || mount.computed || mount.source.empty() ||
                    declared.contains(mount.source) || !said.emplace(service, mount.source).second) {
                    continue;
                }
                spots.push_back(
                    {service,
                     fmt::format("it mounts the volume {}{} on {}, which no file declares", mount.source,
                                 sources.contains(mount.source) ? "" : ", a default,", mount.target),
                     mount.source.find('/') == std::string::npos
                         ? fmt::format("volumes:\n  {}: {{}}", mount.source)
                         : fmt::format("./{}:{}, where a folder or a file is meant: no volume has such a name",
                                       mount.source, mount.target)});
            }
        }
    }
    return spots;
}

std::string named_source(const WrittenMount& mount) {
    return mount.kind == WrittenMount::Kind::kTmpfs ? "a tmpfs"
           : mount.source.empty()                   ? "a volume without a name"
                                                    : mount.source;
}

std::vector<Spot> look_mounts_twice(const LintCase& input) {
    std::vector<Spot> spots;
    for (const WrittenFile& file : input.files) {
        for (const std::string& service : keys(file.model, "services")) {
            std::map<std::string, std::vector<WrittenMount>> by_target;
            for (WrittenMount& mount : mounts_of(written_service(file.model, service))) {
                by_target[mount.target].push_back(std::move(mount));
            }
            for (const auto& [target, mounts] : by_target) {
                const bool computed =
                    std::any_of(mounts.begin(), mounts.end(), [](const WrittenMount& mount) { return mount.computed; });
                if (mounts.size() < 2 || computed) {
                    continue;
                }
                std::vector<std::string> sources;
                std::transform(mounts.begin(), mounts.end(), std::back_inserter(sources), named_source);
                spots.push_back(
                    {service,
                     fmt::format("{} mounts {} on {}", file_name(file.path), fmt::join(sources, " and "), target),
                     fmt::format("keep one of them; {} is the one that counts now", sources.back())});
            }
        }
    }
    return spots;
}

/// Compose keeps both. The Engine refuses the mount where Compose hands it on as a bind, which not every version does
/// with every mount. Source: registerMountPoints in github.com/moby/moby/blob/master/daemon/volumes.go
std::vector<Spot> look_tmpfs_twice(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const std::vector<std::string> targets = tmpfs_targets(service.resolved);
        const std::set<std::string> in_memory(targets.begin(), targets.end());
        for (const WrittenMount& mount : mounts_of(service.resolved)) {
            if (!mount.computed && in_memory.contains(mount.target)) {
                spots.push_back(
                    {name, fmt::format("{} and a tmpfs are both mounted on {}", named_source(mount), mount.target),
                     fmt::format("keep one of them on {}", mount.target),
                     "one of the two cannot be there: the Engine may refuse the container (duplicate mount "
                     "point), or one hides what the other holds"});
            }
        }
    }
    return spots;
}

std::vector<Spot> look_all_mounts_twice(const LintCase& input) {
    std::vector<Spot> spots = look_mounts_twice(input);
    for (Spot& spot : look_tmpfs_twice(input)) {
        spots.push_back(std::move(spot));
    }
    return spots;
}

std::vector<Spot> look_mount_options(const LintCase& input) {
    static constexpr std::array<std::string_view, 3> kIgnored{"cached", "delegated", "consistent"};
    std::vector<Spot> spots;
    for (const WrittenFile& file : input.files) {
        for (const std::string& service : keys(file.model, "services")) {
            for (const WrittenMount& mount : mounts_of(written_service(file.model, service))) {
                const auto option =
                    std::find_first_of(mount.options.begin(), mount.options.end(), kIgnored.begin(), kIgnored.end());
                if (option != mount.options.end()) {
                    const auto extended = extended_by(written_service(file.model, service));
                    spots.push_back(
                        {service,
                         fmt::format("the mount on {} in {}{} has the option {}", mount.target, file_name(file.path),
                                     extended && !extended->file.empty()
                                         ? fmt::format(" or {}, which it extends,", file_name(extended->file))
                                         : "",
                                     *option),
                         fmt::format("take {} out", *option)});
                }
            }
        }
    }
    return spots;
}

/// What a build or a package manager makes again.
bool is_made_again(const std::string& target) {
    static const std::set<std::string> kNames{"node_modules", ".next", ".nuxt",  ".venv",  "venv",
                                              "vendor",       "tmp",   "cache",  ".cache", "target",
                                              "dist",         "build", "bundle", "run",    "_build"};
    return kNames.contains(file_name(target));
}

std::vector<Spot> look_anonymous_volumes(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        for (const WrittenMount& mount : mounts_of(service.resolved)) {
            if (mount.kind == WrittenMount::Kind::kVolume && mount.source.empty() && !mount.computed &&
                !is_made_again(mount.target) && !mount.target.starts_with("/var/lib/postgresql")) {
                if (is_windows_path(mount.target)) {
                    spots.push_back({name,
                                     fmt::format("{} is no mount of a volume {}: a name of one letter is read as a "
                                                 "drive, and what is written there lies on a volume without a name",
                                                 mount.target, mount.target.front()),
                                     "a volume whose name has two letters or more",
                                     "",
                                     {"data-on-anonymous-volume", "postgres-data-not-on-a-named-volume"}});
                    continue;
                }
                spots.push_back({name,
                                 fmt::format("what is written to {} lies on a volume without a name", mount.target),
                                 service_lines(name, {"volumes:", fmt::format("  - {}_data:{}", name, mount.target)}) +
                                     fmt::format("\nvolumes:\n  {}_data:", name),
                                 "",
                                 {"data-on-anonymous-volume", "postgres-data-not-on-a-named-volume"}});
            }
        }
    }
    return spots;
}

}  // namespace

LintRules mounts_rules() {
    return {{"undeclared-volume", Finding::Severity::kError, "a service mounts a volume that no file declares",
             "Compose refuses the whole project: the service refers to an undefined volume",
             "https://docs.docker.com/reference/compose-file/volumes/", look_undeclared_volumes, "", true},
            {"mount-twice", Finding::Severity::kWarning, "two mounts lie on one target",
             "Compose keeps the last of them without a word: what the others hold is not there", kVolumeDocs,
             look_all_mounts_twice},
            {"mount-option-ignored", Finding::Severity::kNote, "a mount has an option that does nothing",
             "Compose drops it: nothing gets faster by it", "https://github.com/docker/for-mac/issues/5402",
             look_mount_options},
            {"data-on-anonymous-volume", Finding::Severity::kNote, "a volume without a name",
             "docker compose down leaves it behind, and the next up begins with an empty one",
             "https://docs.docker.com/engine/storage/volumes/#named-and-anonymous-volumes", look_anonymous_volumes}};
}

}  // namespace pilotpros::linting
