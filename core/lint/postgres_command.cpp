#include "core/lint/postgres_command.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/model/advice.h"
#include "core/model/json.h"
#include "core/model/paths.h"

namespace pilotpros::linting {

namespace {

std::string setting_name(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

/// The words of PostgreSQL's own command line within a shell's text; of "psql -U postgres -c" none.
std::vector<std::string> shells_postgres(const std::vector<std::string>& words) {
    for (std::size_t at = 0; at + 1 < words.size(); ++at) {
        const bool value = at > 0 && words[at - 1].starts_with('-');
        if (file_name(words[at]) == "postgres" && !value && words[at + 1].starts_with('-')) {
            return one_command(words, at);
        }
    }
    return {};
}

/// Where the data lie by themselves, up to 17 and from 18 on.
bool is_among_data(const Service& service, const std::string& target) {
    constexpr std::string_view kVersioned = "/var/lib/postgresql/";
    if (sets_variable(service, "PGDATA")) {
        const auto own = variable_of(service, "PGDATA");
        return !own || own->empty() || lies_in(target, *own);
    }
    const std::size_t version =
        target.starts_with(kVersioned) ? target.find('/', kVersioned.size()) : std::string::npos;
    return lies_in(target, "/var/lib/postgresql/data") ||
           (version != std::string::npos && lies_in(target.substr(version), "/docker"));
}

}  // namespace

bool has_official_contract(const Service& service) {
    static const std::set<std::string> kDerived{"postgis/postgis", "pgvector/pgvector", "timescale/timescaledb"};
    const std::string name = image_name(service.image);
    const auto slash = service.image.rfind('/');
    const std::string owner = slash == std::string::npos ? "" : service.image.substr(0, slash);
    if (name == "postgres") {
        // Of another owner it may be anything, supabase/postgres is; a registry of one's own mirrors.
        return owner.empty() || owner == "library" || owner.ends_with("/library") ||
               (owner.find('/') == std::string::npos && owner.find_first_of(".:") != std::string::npos);
    }
    return std::any_of(kDerived.begin(), kDerived.end(), [&](const std::string& one) {
        return one.ends_with("/" + name) && (owner + "/" + name).ends_with(one);
    });
}

int postgres_major(const Service& service) {
    const std::string tag = image_tag(service.image);
    const auto named = tag.find("pg");
    const bool derived = image_name(service.image) != "postgres" && image_name(service.image) != "postgis";
    int major = 0;
    if (named != std::string::npos || !derived) {
        const char* const begin = tag.data() + (named == std::string::npos ? 0 : named + 2);
        std::from_chars(begin, tag.data() + tag.size(), major);
    }
    return has_official_contract(service) && major >= 9 && major < 100 ? major : 0;
}

bool has_moving_version(const Service& service) {
    static const std::set<std::string> kMoving{"", "latest", "alpine", "trixie", "bookworm"};
    const std::string& image = service.image;
    const bool fixed = service.built || image.find('@') != std::string::npos || has_variable(image);
    return !fixed && image_name(image) == "postgres" && has_official_contract(service) &&
           kMoving.contains(image_tag(image));
}

std::map<std::string, std::string> postgres_settings(const Service& service) {
    // postgresql.org/docs/current/app-postgres.html: the short forms of those that are looked at here
    static const std::map<std::string, const char*> kLetters{
        {"-B", "shared_buffers"}, {"-N", "max_connections"}, {"-S", "work_mem"}};
    std::map<std::string, std::string> settings;
    const Json& command = member(service.resolved, "command");
    const auto shell = shell_words(command);
    const std::vector<std::string> words = shell ? shells_postgres(*shell) : words_of(command);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string setting;
        if (words[i] == "-c" && i + 1 < words.size()) {
            setting = words[++i];
        } else if (words[i].starts_with("-c") || words[i].starts_with("--")) {
            setting = words[i].substr(2);
        } else if (const auto letter = kLetters.find(words[i].substr(0, 2)); letter != kLetters.end()) {
            const bool apart = words[i].size() == 2 && i + 1 < words.size();
            setting = std::string{letter->second} + "=" + (apart ? words[i + 1] : words[i].substr(2));
            i += apart ? 1 : 0;
        }
        const auto equals = setting.find('=');
        if (equals != std::string::npos) {
            settings[setting_name(setting.substr(0, equals))] = setting.substr(equals + 1);
        }
    }
    return settings;
}

bool has_plain_postgres_command(const Service& service) {
    const std::vector<std::string> words = words_of(member(service.resolved, "command"));
    const std::vector<std::string> entrypoint = words_of(member(service.resolved, "entrypoint"));
    const bool images_own =
        entrypoint.empty() || (entrypoint.size() == 1 && entrypoint.front().ends_with("docker-entrypoint.sh"));
    return images_own && (words.empty() || words.front() == "postgres" || words.front().starts_with('-'));
}

std::optional<Bytes> memory_setting(const std::map<std::string, std::string>& settings, const char* name, Bytes unit) {
    constexpr Bytes kMost = Bytes{1} << 50U;
    const auto found = settings.find(name);
    if (found == settings.end()) {
        return std::nullopt;
    }
    const auto number = whole_number(found->second);
    if (number) {
        return *number < kMost / unit ? std::optional{*number * unit} : std::nullopt;
    }
    const auto size = parse_size(found->second);
    return size && *size < kMost ? size : std::nullopt;
}

std::optional<long> count_setting(const std::map<std::string, std::string>& settings, const char* name) {
    const auto found = settings.find(name);
    return found == settings.end() ? std::nullopt : whole_number(found->second);
}

double hash_factor(const std::map<std::string, std::string>& settings, int major) {
    const auto found = settings.find("hash_mem_multiplier");
    double factor = major > 0 && major < 15 ? 1 : 2;
    if (found != settings.end()) {
        std::from_chars(found->second.data(), found->second.data() + found->second.size(), factor);
    }
    return std::clamp(factor, 1.0, 1000.0);
}

bool starts_postgres_by_shell(const Service& service) {
    const auto shell = shell_words(member(service.resolved, "command"));
    return shell && !shells_postgres(*shell).empty();
}

bool is_unread_place(const Service& service, const std::string& target) {
    static const std::set<std::string> kPlaces{"/etc/postgresql", "/etc/postgres", "/etc/postgresql.conf"};
    // Certificates and scripts lie there, too.
    const std::string last = file_name(target);
    const bool settings = target.starts_with("/etc/postgresql/") &&
                          (last.ends_with(".conf") || last.ends_with(".d") || last == "conf" || last == "main");
    return settings || kPlaces.contains(target) || (last == "postgresql.conf" && !is_among_data(service, target));
}

bool shows_all_settings(const Service& service, const std::map<std::string, std::string>& settings) {
    const std::vector<std::string> words = words_of(member(service.resolved, "command"));
    const std::vector<WrittenMount> mounts = mounts_of(service.resolved);
    return has_official_contract(service) && has_plain_postgres_command(service) && !settings.contains("config_file") &&
           as_text(member(member(service.resolved, "environment"), "POSTGRES_INITDB_ARGS")).find('=') ==
               std::string::npos &&
           std::none_of(words.begin(), words.end(), [](const std::string& word) { return word.starts_with("-D"); }) &&
           std::none_of(mounts.begin(), mounts.end(),
                        [](const WrittenMount& mount) { return mount.computed || mount.target.ends_with(".conf"); });
}

}  // namespace pilotpros::linting
