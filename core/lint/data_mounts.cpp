#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// Where the official images of databases and of n8n keep what must not be lost.
bool is_data_directory(const std::string& target, const Service* service) {
    static const std::set<std::string> kPlaces{"/var/lib/postgresql/data",
                                               "/var/lib/postgresql",
                                               "/bitnami/postgresql",
                                               "/bitnami/postgresql/data",
                                               "/bitnami/mariadb",
                                               "/bitnami/mariadb/data",
                                               "/bitnami/mysql",
                                               "/bitnami/mysql/data",
                                               "/bitnami/redis",
                                               "/bitnami/redis/data",
                                               "/home/postgres/pgdata",
                                               "/home/postgres/pgdata/data",
                                               "/bitnami/mongodb",
                                               "/var/opt/mssql",
                                               "/qdrant/storage",
                                               "/var/lib/mysql",
                                               "/data/db",
                                               "/var/lib/influxdb",
                                               "/var/lib/influxdb2",
                                               "/opt/couchdb/data",
                                               "/var/lib/clickhouse",
                                               "/var/lib/cassandra",
                                               "/var/lib/rabbitmq",
                                               "/usr/share/elasticsearch/data",
                                               "/home/node/.n8n"};
    if (kPlaces.contains(target)) {
        return true;
    }
    if (service == nullptr) {
        return false;
    }
    static const std::set<std::string> kStores{"redis", "valkey", "dragonfly", "keydb", "neo4j", "minio"};
    return (target == "/data" && kStores.contains(image_name(service->image))) ||
           variable_of(*service, "PGDATA") == std::optional{target};
}

/// The same source in every spelling: relative paths are the project's.
std::string same_source(const WrittenMount& mount, const Project& project) {
    if (mount.kind != WrittenMount::Kind::kBind || mount.source.empty() || mount.source.front() == '~') {
        return mount.source;
    }
    const std::filesystem::path path = std::filesystem::path{project.working_directory} / mount.source;
    std::string plain = path.lexically_normal().string();
    while (plain.size() > 1 && plain.back() == '/') {
        plain.pop_back();
    }
    return plain;
}

std::string shown_source(const WrittenMount& mount) {
    return mount.source.empty() ? mount.kind == WrittenMount::Kind::kTmpfs ? "a tmpfs" : "a volume without a name"
                                : mount.source;
}

struct EarlierMount {
    WrittenMount mount;
    std::string file;
};

/// What later files put in place of it, and where; the source that the base had.
void look_at_service(const LintCase& input, const std::string& name, std::vector<Spot>& spots) {
    const auto found = input.services.find(name);
    const Service* const service = found == input.services.end() ? nullptr : &found->second;
    std::map<std::string, EarlierMount> earlier;
    for (const WrittenFile& file : input.files) {
        std::map<std::string, EarlierMount> here;
        for (const WrittenMount& mount : mounts_of(written_service(file.model, name))) {
            const auto base = earlier.find(mount.target);
            if (base != earlier.end() && !mount.computed && !base->second.mount.computed &&
                is_data_directory(mount.target, service) &&
                same_source(mount, input.project) != same_source(base->second.mount, input.project)) {
                const std::string before = shown_source(base->second.mount);
                spots.push_back(
                    {name,
                     fmt::format("{} puts {} on {}, where {} has {}", file_name(file.path), shown_source(mount),
                                 mount.target, file_name(base->second.file), before),
                     base->second.mount.source.empty()
                         ? fmt::format("take the mount on {} out of {}", mount.target, file_name(file.path))
                         : fmt::format("take the mount on {} out of {}, or say the same there:\n", mount.target,
                                       file_name(file.path)) +
                               service_lines(name, {"volumes:", fmt::format("  - {}:{}", before, mount.target)})});
            }
            here[mount.target] = {mount, file.path};
        }
        for (auto& [target, mount] : here) {
            earlier[target] = std::move(mount);
        }
    }
}

bool is_external(const Json& declared) {
    const Json& external = member(declared, "external");
    return external.is_object() || (!external.is_null() && as_text(external) != "false");
}

/// Which volume it is that these declarations give: what it is called, and where it lies.
Json identity_of(const Json& declared, const std::string& key, const std::string& project) {
    const Json& external = member(declared, "external");
    const bool of_others = is_external(declared);
    std::string name = text(declared, "name").empty() ? text(external, "name") : text(declared, "name");
    if (name.empty()) {
        name = of_others ? key : fmt::format("{}_{}", project, key);
    }
    const std::string driver = text(declared, "driver");
    const Json& options = member(declared, "driver_opts");
    return {{"name", name},
            {"driver", driver.empty() ? "local" : driver},
            {"driver_opts", options.empty() || of_others ? Json::object() : options}};
}

/// A service that has its data on a volume.
struct DataOnVolume {
    std::string service, target;
    std::size_t file = 0;  ///< the first that mounts it
};
using DataByVolume = std::map<std::string, std::vector<DataOnVolume>>;

DataByVolume data_by_volume(const LintCase& input) {
    DataByVolume found;
    for (const auto& [name, service] : input.services) {
        std::set<std::string> known;
        for (std::size_t at = 0; at < input.files.size(); ++at) {
            for (const WrittenMount& mount : mounts_of(written_service(input.files[at].model, name))) {
                if (mount.kind == WrittenMount::Kind::kVolume && !mount.source.empty() && !mount.computed &&
                    is_data_directory(mount.target, &service) && known.insert(mount.source).second) {
                    found[mount.source].push_back({name, mount.target, at});
                }
            }
        }
    }
    return found;
}

/// A volume of which a later file says that it is another one.
void look_at_volume(const LintCase& input, const std::string& volume, const std::vector<DataOnVolume>& data,
                    std::vector<Spot>& spots) {
    Json declared;
    for (std::size_t at = 0; at < input.files.size(); ++at) {
        const Json& volumes = member(input.files[at].model, "volumes");
        if (!volumes.is_object() || !volumes.contains(volume)) {
            continue;
        }
        const bool first = declared.is_null();
        const Json before = identity_of(declared, volume, input.project.name);
        declared = first ? Json::object() : declared;
        if (volumes[volume].is_object()) {
            declared.merge_patch(volumes[volume]);
        }
        const Json after = identity_of(declared, volume, input.project.name);
        if (first || before == after || has_variable(before.dump()) || has_variable(after.dump())) {
            continue;
        }
        const std::string file = file_name(input.files[at].path);
        for (const DataOnVolume& one : data) {
            if (one.file < at) {
                spots.push_back(
                    {one.service,
                     fmt::format("{} makes another volume of {}, which is mounted on {}", file, volume, one.target),
                     fmt::format("where the data lie in the one of before, take what {} says of the volume {} out",
                                 file, volume),
                     "the mount looks the same and another volume lies there: a database that was begun without that "
                     "file comes up empty"});
                // One that was made elsewhere may well be where the data are.
                if (is_external(declared)) {
                    spots.back().severity = Finding::Severity::kWarning;
                }
            }
        }
    }
}

std::vector<Spot> look_data_mounts(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        look_at_service(input, name, spots);
    }
    for (const auto& [volume, data] : data_by_volume(input)) {
        look_at_volume(input, volume, data, spots);
    }
    return spots;
}

}  // namespace

LintRules data_mounts_rules() {
    return {{"data-mount-replaced", Finding::Severity::kError,
             "a later file puts another volume on a database's data directory",
             "Compose merges mounts by their target and drops the old one without a word: the database comes up empty",
             "https://docs.docker.com/reference/compose-file/merge/#unique-resources", look_data_mounts,
             "a warning where a later file says that the volume was made elsewhere: the data may be there"}};
}

}  // namespace pilotpros::linting
