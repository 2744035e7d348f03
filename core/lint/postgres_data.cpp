#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/lint/as_written.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"
#include "core/model/paths.h"

namespace pilotpros::linting {

namespace {

constexpr const char* kPgdata = "https://github.com/docker-library/docs/blob/master/postgres/content.md#pgdata";
constexpr const char* kPgdataMoved = "https://github.com/docker-library/postgres/pull/1259";
/// The image's own volume up to 17, and from 18 on.
constexpr const char* kVolumeOf17 = "/var/lib/postgresql/data";
constexpr const char* kVolumeOf18 = "/var/lib/postgresql";

std::string directory_of_18(int major) { return fmt::format("{}/{}/docker", kVolumeOf18, major); }

/// The mount that holds a directory: the deepest one above it. Of the image's own volume nobody has the name.
struct Holder {
    std::string target;
    bool lasting = false;  ///< of the user's: a volume with a name, or a folder
};

struct DataMounts {
    Holder holder;
    std::string above;         ///< what the user mounted higher up, hidden by `holder`; its source
    std::string above_target;  ///< empty: nothing
};

void take(DataMounts& mounts, const std::string& directory, const WrittenMount& mount) {
    if (mount.target.size() < mounts.holder.target.size() || !lies_in(directory, mount.target)) {
        return;
    }
    mounts.holder = {mount.target, mount.kind == WrittenMount::Kind::kBind ||
                                       (mount.kind == WrittenMount::Kind::kVolume && !mount.source.empty())};
}

/// All that is mounted, in memory, too; nothing where the files do not tell.
std::optional<std::vector<WrittenMount>> all_mounts_of(const Service& service) {
    std::vector<WrittenMount> mounts = mounts_of(service.resolved);
    if (!member(service.resolved, "volumes_from").empty() ||
        std::any_of(mounts.begin(), mounts.end(),
                    [](const WrittenMount& mount) { return mount.computed || is_windows_path(mount.target); })) {
        return std::nullopt;
    }
    for (std::string& target : tmpfs_targets(service.resolved)) {
        mounts.push_back({WrittenMount::Kind::kTmpfs, "", std::move(target), {}, false});
    }
    return mounts;
}

/// Nothing where the files do not tell.
std::optional<DataMounts> data_mounts_of(const Service& service) {
    // Without a version 18 or newer today; where something is mounted it may be older, and no more is said.
    const int major = has_moving_version(service) && mounts_of(service.resolved).empty() ? 18 : postgres_major(service);
    const std::string images_own = major >= 18 ? kVolumeOf18 : kVolumeOf17;
    const auto own = variable_of(service, "PGDATA");
    const auto all = all_mounts_of(service);
    if (major == 0 || !all || !has_plain_postgres_command(service) || (sets_variable(service, "PGDATA") && !own)) {
        return std::nullopt;
    }
    const std::string directory = own ? *own : major >= 18 ? directory_of_18(major) : images_own;
    DataMounts mounts;
    if (lies_in(directory, images_own)) {
        mounts.holder.target = images_own;
    }
    for (const WrittenMount& mount : *all) {
        take(mounts, directory, mount);
        if (mount.kind == WrittenMount::Kind::kVolume && !mount.source.empty() && mount.target != images_own &&
            lies_in(images_own, mount.target) && directory == images_own) {
            mounts.above = mount.source;
            mounts.above_target = mount.target;
        }
    }
    return mounts;
}

/// The mount at which the image ends from 18 on, if it is of 18 or may be: it takes what is mounted where 17 had the
/// data for a database that was not upgraded. It does not look where PGDATA is elsewhere, and not at all once it has a
/// database, which only a mount of its own brings.
std::optional<WrittenMount> refused_mount_of(const Service& service) {
    const int major = postgres_major(service);
    const bool moving = has_moving_version(service);
    const auto own = variable_of(service, "PGDATA");
    const auto all = all_mounts_of(service);
    const bool elsewhere = sets_variable(service, "PGDATA") && (moving || !own || *own != directory_of_18(major));
    if ((major < 18 && !moving) || !all || elsewhere || !has_plain_postgres_command(service)) {
        return std::nullopt;
    }
    const bool has_own = std::any_of(all->begin(), all->end(), [](const WrittenMount& mount) {
        return mount.target == kVolumeOf18 || mount.target.ends_with("/docker");
    });
    const auto refused =
        std::find_if(all->begin(), all->end(), [](const WrittenMount& mount) { return mount.target == kVolumeOf17; });
    return has_own || refused == all->end() ? std::nullopt : std::optional{*refused};
}

std::vector<Spot> look_refused_mount(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto mount = refused_mount_of(service);
        if (!mount) {
            continue;
        }
        const bool moving = has_moving_version(service);
        const std::string moved = service_lines(
            name, {"volumes:", fmt::format("  - {}:{}    # where {} was",
                                           mount->source.empty() ? "data" : mount->source, kVolumeOf18, kVolumeOf17)});
        Spot spot;
        spot.service = name;
        if (moving) {
            spot.what =
                fmt::format("its image has no version, and a mount at {}: postgres is 18 or newer today", kVolumeOf17);
            spot.fix = fmt::format(
                "the version that wrote what lies there, in the image's tag, e.g. postgres:17; or, for a new "
                "database,\n{}",
                moved);
            spot.severity = Finding::Severity::kWarning;
        } else {
            spot.what = fmt::format("it is PostgreSQL {}, and has a mount at {}", postgres_major(service), kVolumeOf17);
            spot.fix = fmt::format(
                "{}\nif an older version wrote what lies there: that version in the image's tag, until it is dumped "
                "(pg_dumpall)",
                moved);
        }
        spots.push_back(std::move(spot));
    }
    return spots;
}

std::vector<Spot> look_volume_above(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto mounts = data_mounts_of(service);
        if (mounts && !mounts->holder.lasting && !mounts->above_target.empty()) {
            spots.push_back(
                {name,
                 fmt::format("{} is mounted at {}, and the image puts a volume without a name over {}", mounts->above,
                             mounts->above_target, mounts->holder.target),
                 service_lines(name, {"volumes:", fmt::format("  - {}_data:{}    # in its place", mounts->above,
                                                              mounts->holder.target)}) +
                     fmt::format("\nvolumes:\n  {0}_data:\nafter a pg_dumpall: what is there now lies in the volume "
                                 "without a name; {0} itself holds an empty folder, which initdb refuses",
                                 mounts->above)});
        }
    }
    return spots;
}

std::vector<Spot> look_postgres_data(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto mounts = data_mounts_of(service);
        if (mounts && !mounts->holder.lasting && mounts->above_target.empty() && !refused_mount_of(service)) {
            const std::string target = mounts->holder.target.empty() ? "PGDATA" : mounts->holder.target;
            spots.push_back({name, fmt::format("nothing with a name holds its data ({})", target),
                             "a volume with a name there, after a pg_dumpall of what is there now"});
        }
    }
    return spots;
}

}  // namespace

LintRules postgres_data_rules() {
    return {{"postgres-mount-refused", Finding::Severity::kError,
             "PostgreSQL 18 or newer has a mount where 17 had its data",
             "from 18 on the image ends at its start: there appears to be PostgreSQL data in /var/lib/postgresql/data "
             "(unused mount/volume)",
             kPgdataMoved, look_refused_mount,
             "a warning where the image has no version: what was pulled before may be older"},
            {"volume-above-data", Finding::Severity::kError, "a volume is mounted one level above PostgreSQL's data",
             "the data lie on a volume that the next docker compose down -v or a changed project leaves behind; the "
             "volume that looks as if it held them is empty",
             kPgdata, look_volume_above},
            {"postgres-data-not-on-a-named-volume", Finding::Severity::kWarning,
             "PostgreSQL's data lie on nothing with a name",
             "who removes the container loses them, or loses sight of them", kPgdata, look_postgres_data}};
}

}  // namespace pilotpros::linting
