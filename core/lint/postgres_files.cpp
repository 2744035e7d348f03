#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/lint/as_written.h"
#include "core/lint/postgres_command.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

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
    return std::any_of(settings.begin(), settings.end(), [&](const auto& setting) {
        return setting.second == target || setting.second.find(target + "/") != std::string::npos;
    });
}

/// Files that mounts and `configs` put there.
std::set<std::string> unread_files(const Service& service) {
    std::set<std::string> files;
    for (const WrittenMount& mount : mounts_of(service.resolved)) {
        if (!mount.computed && is_unread_place(mount.target) && !is_named(service, mount.target)) {
            files.insert(mount.target);
        }
    }
    for (const Json& config : member(service.resolved, "configs")) {
        if (is_unread_place(text(config, "target"))) {
            files.insert(text(config, "target"));
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
            const std::string note = "# the file needs listen_addresses = '*': the one that it replaces has it";
            const std::string flag =
                fmt::format("config_file={}{}", file, file.ends_with(".conf") ? "" : "/postgresql.conf");
            spots.push_back(
                {name, fmt::format("{} is mounted, and no flag names it", file),
                 own_command ? fmt::format("add to its command: -c {}\n{}", flag, note)
                             : service_lines(name, {fmt::format("command: [postgres, -c, {}]", flag)}) + "\n" + note});
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
             look_postgres_files}};
}

}  // namespace pilotpros::linting
