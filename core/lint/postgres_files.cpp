#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/lint/as_written.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"
#include "core/model/paths.h"

namespace pilotpros::linting {

namespace {

/// Where it begins in another directory, it reads that one's file.
bool names_data_directory(const Service& service) {
    const std::vector<std::string> words = words_of(member(service.resolved, "command"));
    return std::any_of(words.begin(), words.end(), [](const std::string& word) { return word.starts_with("-D"); }) ||
           postgres_settings(service).contains("data_directory");
}

/// Whether a setting names it, or something in it: hba_file=/etc/postgresql/pg_hba.conf.
bool is_named(const Service& service, const std::string& target) {
    const auto settings = postgres_settings(service);
    // From 16 on initdb writes what it is given so into the file that is read: -c NAME=VALUE.
    if (variable_of(service, "POSTGRES_INITDB_ARGS").value_or("").find(target) != std::string::npos) {
        return true;
    }
    return std::any_of(settings.begin(), settings.end(), [&](const auto& setting) {
        return setting.second == target || setting.second.find(target + "/") != std::string::npos;
    });
}

/// Whether something that is mounted may name the others: a file of settings among the data (`include_dir`), or a
/// script that writes one before the first start.
bool may_be_named_elsewhere(const Service& service) {
    constexpr const char* kScripts = "/docker-entrypoint-initdb.d";
    const std::vector<WrittenMount> mounts = mounts_of(service.resolved);
    return std::any_of(mounts.begin(), mounts.end(), [&](const WrittenMount& mount) {
        const bool script = mount.target.ends_with(".sh") || mount.target.find(".sql") != std::string::npos;
        return mount.target == kScripts || (lies_in(mount.target, kScripts) && script) ||
               (mount.target.ends_with(".conf") && lies_in(mount.target, "/var/lib/postgresql") &&
                !is_unread_place(service, mount.target));
    });
}

/// What makes PostgreSQL read it; `include_dir` is no flag.
std::string reading_flag(const std::string& file) {
    const std::string last = file_name(file);
    for (const char* const kind : {"hba", "ident"}) {
        if (last == fmt::format("pg_{}.conf", kind)) {
            return fmt::format("{}_file={}", kind, file);
        }
    }
    if (last.ends_with(".d")) {
        return {};
    }
    return fmt::format("config_file={}{}", file, file.ends_with(".conf") ? "" : "/postgresql.conf");
}

/// Files that mounts and `configs` put there.
std::set<std::string> unread_files(const Service& service) {
    std::set<std::string> files;
    for (const WrittenMount& mount : mounts_of(service.resolved)) {
        if (!mount.computed && is_unread_place(service, mount.target) && !is_named(service, mount.target)) {
            files.insert(mount.target);
        }
    }
    for (const Json& config : member(service.resolved, "configs")) {
        const std::string target = text(config, "target");
        if (is_unread_place(service, target) && !is_named(service, target)) {
            files.insert(target);
        }
    }
    return files;
}

std::vector<Spot> look_postgres_files(const LintCase& input) {
    std::vector<Spot> spots;
    for (const auto& [name, service] : input.services) {
        if (!has_official_contract(service) || !has_plain_postgres_command(service) ||
            postgres_settings(service).contains("config_file") || names_data_directory(service)) {
            continue;
        }
        const bool own_command = !member(service.resolved, "command").empty();
        for (const std::string& file : unread_files(service)) {
            const std::string flag = reading_flag(file);
            const std::string note = flag.starts_with("config_file")
                                         ? "\n# the file needs listen_addresses = '*': the one that it replaces has it"
                                         : "";
            const bool elsewhere = may_be_named_elsewhere(service);
            Spot spot{name,
                      fmt::format("{} is mounted, and no flag names it{}", file,
                                  elsewhere ? "; what is mounted beside it may" : ""),
                      flag.empty()  ? fmt::format("include_dir = '{}' in a file that config_file names", file)
                      : own_command ? fmt::format("add to its command: -c {}{}", flag, note)
                                    : service_lines(name, {fmt::format("command: [postgres, -c, {}]", flag)}) + note};
            if (elsewhere) {
                spot.severity = Finding::Severity::kWarning;
            }
            spots.push_back(std::move(spot));
        }
    }
    return spots;
}

}  // namespace

LintRules postgres_files_rules() {
    return {{"postgres-file-not-read", Finding::Severity::kError,
             "a PostgreSQL configuration file is mounted where nobody reads it",
             "the whole file is ignored: PostgreSQL runs with its defaults",
             "https://github.com/docker-library/docs/blob/master/postgres/content.md#database-configuration",
             look_postgres_files, "a warning where a script or a file that is mounted beside it may name it"}};
}

}  // namespace pilotpros::linting
