#include <fmt/format.h>

#include <optional>

#include "core/lint/as_written.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

constexpr const char* kPgdata = "https://github.com/docker-library/docs/blob/master/postgres/content.md#pgdata";

bool lies_in(const std::string& path, const std::string& folder) {
    return path == folder || path.starts_with(folder + "/");
}

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

/// Nothing where the files do not tell.
std::optional<DataMounts> data_mounts_of(const Service& service) {
    const int major = postgres_major(service);
    const std::string images_own = major >= 18 ? "/var/lib/postgresql" : "/var/lib/postgresql/data";
    const auto own = variable_of(service, "PGDATA");
    if (major == 0 || !member(service.resolved, "volumes_from").empty() || !has_plain_postgres_command(service) ||
        (sets_variable(service, "PGDATA") && !own)) {
        return std::nullopt;
    }
    const std::string directory = own           ? *own
                                  : major >= 18 ? fmt::format("/var/lib/postgresql/{}/docker", major)
                                                : images_own;
    DataMounts mounts;
    if (lies_in(directory, images_own)) {
        mounts.holder.target = images_own;
    }
    for (const WrittenMount& mount : mounts_of(service.resolved)) {
        if (mount.computed) {
            return std::nullopt;
        }
        take(mounts, directory, mount);
        if (mount.kind == WrittenMount::Kind::kVolume && !mount.source.empty() && mount.target != images_own &&
            lies_in(images_own, mount.target) && directory == images_own) {
            mounts.above = mount.source;
            mounts.above_target = mount.target;
        }
    }
    const Json& in_memory = member(service.resolved, "tmpfs");
    for (const Json& one : in_memory.is_array() ? in_memory : Json::array({in_memory})) {
        const std::string target = as_text(one).substr(0, as_text(one).find(':'));
        if (!target.empty()) {
            take(mounts, directory, {WrittenMount::Kind::kTmpfs, "", target, {}, false});
        }
    }
    return mounts;
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
                 service_lines(name, {"volumes:", fmt::format("  - {}:{}", mounts->above, mounts->holder.target)}) +
                     "\nafter a pg_dumpall: what is there now lies in the other one"});
        }
    }
    return spots;
}

std::vector<Spot> look_postgres_data(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        const auto mounts = data_mounts_of(service);
        if (mounts && !mounts->holder.lasting && mounts->above_target.empty()) {
            const std::string target = mounts->holder.target.empty() ? "PGDATA" : mounts->holder.target;
            spots.push_back({name, fmt::format("nothing with a name holds its data ({})", target),
                             "a volume with a name there, after a pg_dumpall of what is there now"});
        }
    }
    return spots;
}

}  // namespace

LintRules postgres_data_rules() {
    return {{"volume-above-data", Finding::Severity::kError, "a volume is mounted one level above PostgreSQL's data",
             "the data lie on a volume that the next docker compose down -v or a changed project leaves behind; the "
             "volume that looks as if it held them is empty",
             kPgdata, look_volume_above},
            {"postgres-data-not-on-a-named-volume", Finding::Severity::kWarning,
             "PostgreSQL's data lie on nothing with a name",
             "who removes the container loses them, or loses sight of them", kPgdata, look_postgres_data}};
}

}  // namespace pilotpros::linting
