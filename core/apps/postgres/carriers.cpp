// How settings reach the server.
//
// Rule. A directory of ours is mounted read-only, and one flag more on the service's own command names our
// postgresql.conf as config_file; that one includes the file which the server has without us, then ours. So the user's
// file stays in force, a later change of ours is a reload, and the user's own -c flags win, as does ALTER SYSTEM: the
// data directory's postgresql.auto.conf is read wherever config_file lies. hba_file and data_directory do not follow
// config_file. What only a restart takes up is hashed into a label, so that Compose replaces the container exactly when
// one of those changes. Tried on PostgreSQL 15 and 17.
// Source: PostgreSQL documentation, 20.1.4 "Managing Configuration File Contents", 20.2 "File Locations".

#include <fmt/format.h>

#include <map>

#include "core/apps/postgres/advise.h"
#include "core/apps/postgres/command_line.h"
#include "core/model/bundle.h"
#include "core/model/sha256.h"

namespace pilotpros::apps::postgres {

namespace {

constexpr const char* kFiles = "https://www.postgresql.org/docs/current/config-setting.html";

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

/// The configuration file that the server has without us; empty when nothing tells.
std::string own_configuration(const ServiceObservation& service, const Situation& situation, const CommandLine& line) {
    const Facts& facts = situation.facts;
    const Setting* const row = facts.setting("config_file");
    if (row != nullptr && is_absolute(row->value) && !carries_ours(facts)) {
        return row->value;
    }
    if (is_absolute(line.config_file)) {
        return line.config_file;
    }
    if (is_absolute(line.data_directory)) {
        return line.data_directory + "/postgresql.conf";
    }
    if (!service.containers.empty()) {
        const auto folder = service.containers.front().environment.find("PGDATA");  // public, see the module's list
        if (folder != service.containers.front().environment.end() && is_absolute(folder->second.reveal())) {
            return folder->second.reveal() + "/postgresql.conf";
        }
    }
    return is_absolute(facts.data_directory) ? facts.data_directory + "/postgresql.conf" : std::string{};
}

constexpr const char* kRestartLabel = "io.pilotpros.postgres.restart";

/// Of the settings that the server reads when it starts, and never again.
std::string restart_hash(const Situation& situation, const Draft& draft) {
    constexpr std::size_t kLength = 12;
    std::map<std::string, std::string> settings;
    for (const Change* const change : draft.settings()) {
        if (present(situation.facts, change->key).restart) {
            settings[change->key] = change->after.dump();
        }
    }
    return sha256_hex(nlohmann::json(settings).dump()).substr(0, kLength);
}

void refuse(const std::string& why, Draft& draft) {
    std::string lines;
    for (const Change* const change : draft.settings()) {
        lines += fmt::format("{}{} = '{}'", lines.empty() ? "" : "\n", change->key, change->after.get<std::string>());
    }
    draft.leave("command", why);
    draft.find({{},
                "postgres-settings-by-hand",
                Finding::Severity::kNote,
                "settings are advised that cannot be put in place: " + why,
                "they stay as they are until you add them",
                lines,
                kFiles});
    draft.drop_settings({}, "they cannot be put in place, see the finding");
}

}  // namespace

void add_carriers(const Case& input, const ServiceObservation& service, const Situation& situation, Draft& draft) {
    if (draft.settings().empty()) {
        return;
    }
    const CommandLine line = command_line(input, service, situation.facts);
    const std::string own = own_configuration(service, situation, line);
    if (!line.why_not.empty() || own.empty()) {
        refuse(!line.why_not.empty() ? line.why_not : "where its configuration file lies is not known", draft);
        return;
    }
    Change carrier;
    carrier.carrier = true;
    carrier.source = kFiles;
    carrier.cost = carries_ours(situation.facts) ? Cost::kLive : Cost::kRecreate;

    carrier.key = "command";
    carrier.target = {Target::Kind::kCompose, {"command"}};
    carrier.before = line.from_files ? nlohmann::json(line.words) : nlohmann::json();
    std::vector<std::string> words = line.words;
    words.insert(words.end(), {"-c", fmt::format("config_file={}/postgresql.conf", kPostgresDirectory)});
    carrier.after = words;
    carrier.as_written = true;
    carrier.reason = line.from_files ? "your own flags stay, and win; the last one names the mounted configuration"
                                     : "the image's own command, with one flag that names the mounted configuration";
    carrier.rule = "the service's own command, and the mounted configuration file, which includes yours";
    draft.want(carrier);

    carrier.key = "configuration";
    carrier.target = {Target::Kind::kCompose, {"volumes"}};
    carrier.before = nullptr;
    carrier.after =
        nlohmann::json::array({fmt::format("./.pilotpros/postgres/{}:{}:ro", service.service, kPostgresDirectory)});
    carrier.as_written = false;
    carrier.reason = "the directory that the settings lie in";
    carrier.rule = "a directory, so that a later change of a setting is a reload";
    draft.want(carrier);

    carrier.key = "restart";
    carrier.target = {Target::Kind::kCompose, {"labels", kRestartLabel}};
    carrier.after = restart_hash(situation, draft);
    carrier.reason = "the settings that only a restart takes up: the container is replaced when they change";
    carrier.rule = "changes with the settings that only a restart takes up, so that Compose replaces the container";
    draft.want(carrier);

    carrier.key = "include";
    carrier.target = {Target::Kind::kPostgres, {"include"}};
    carrier.after = own;
    carrier.reason = "what the server reads without us comes first";
    carrier.rule = "the configuration file that the server has without these files";
    draft.want(carrier);
}

}  // namespace pilotpros::apps::postgres
