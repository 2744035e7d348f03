#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"

namespace pilotpros::linting {

namespace {

/// Where the official images of databases and of n8n keep what must not be lost.
bool is_data_directory(const std::string& target, const Service* service) {
    static const std::set<std::string> kPlaces{"/var/lib/postgresql/data",
                                               "/var/lib/postgresql",
                                               "/bitnami/postgresql",
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
    static const std::set<std::string> kStores{"redis", "valkey", "dragonfly", "keydb"};
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

std::vector<Spot> look_data_mounts(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        look_at_service(input, name, spots);
    }
    return spots;
}

}  // namespace

LintRules data_mounts_rules() {
    return {{"data-mount-replaced", Finding::Severity::kError,
             "a later file puts another volume on a database's data directory",
             "Compose merges mounts by their target and drops the old one without a word: the database comes up empty",
             "https://docs.docker.com/reference/compose-file/merge/#unique-resources", look_data_mounts}};
}

}  // namespace pilotpros::linting
