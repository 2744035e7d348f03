#include "core/lint/reading.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include "core/lint/as_written.h"
#include "core/model/json.h"
#include "core/model/yaml_key.h"

namespace pilotpros::linting {

namespace {

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string without_digest(const std::string& image) { return image.substr(0, image.find('@')); }

/// The words that may name the program: entrypoints such as tini and a node before a script come first.
std::vector<std::string> first_words(const Service& service) {
    std::vector<std::string> words = words_of(member(service.resolved, "entrypoint"));
    const std::vector<std::string> command = words_of(member(service.resolved, "command"));
    words.insert(words.end(), command.begin(), command.begin() + std::min<std::ptrdiff_t>(3, std::ssize(command)));
    return words;
}

bool names_program(const Service& service, const std::string& program) {
    const std::vector<std::string> words = first_words(service);
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return last_part(word) == program; });
}

}  // namespace

std::string image_name(const std::string& image) {
    const std::string last = last_part(without_digest(image));
    const std::string name = last.substr(0, last.find(':'));
    return has_variable(name) ? std::string{} : name;
}

std::string image_tag(const std::string& image) {
    if (has_variable(image)) {
        return {};
    }
    const std::string last = last_part(without_digest(image));
    const auto colon = last.find(':');
    return colon == std::string::npos ? std::string{} : last.substr(colon + 1);
}

std::optional<long> node_major(const Service& service) {
    constexpr long kNewestTried = 24;
    static const std::map<std::string, long> kCodenames{{"hydrogen", 18}, {"iron", 20}, {"jod", 22}};
    if (image_name(service.image) != "node") {
        return std::nullopt;
    }
    const std::string tag = image_tag(service.image);
    const std::string version = tag.substr(0, tag.find_first_of(".-"));
    const auto named = kCodenames.find(version);
    return named != kCodenames.end() ? named->second : whole_number(version).value_or(kNewestTried);
}

std::vector<std::string> words_of(const Json& value) {
    std::vector<std::string> words;
    if (value.is_array()) {
        for (const Json& one : value) {
            words.push_back(as_text(one));
        }
        return words;
    }
    if (!value.is_string()) {
        return words;
    }
    std::string word;
    bool begun = false;
    char quote = 0;
    for (const char letter : value.get_ref<const std::string&>()) {
        const bool blank = letter == ' ' || letter == '\t' || letter == '\n' || letter == '\r';
        if (quote == 0 && blank) {
            if (std::exchange(begun, false)) {
                words.push_back(std::exchange(word, {}));
            }
        } else if (letter == quote) {
            quote = 0;
        } else if (quote == 0 && (letter == '"' || letter == '\'')) {
            quote = letter;
            begun = true;
        } else {
            word += letter;
            begun = true;
        }
    }
    if (begun) {
        words.push_back(word);
    }
    return words;
}

std::optional<std::vector<std::string>> shell_words(const Json& command) {
    const std::vector<std::string> words = words_of(command);
    const bool shell =
        words.size() == 3 && words[0].ends_with("sh") && words[1].starts_with('-') && words[1].ends_with('c');
    return shell ? std::optional{words_of(Json(words[2]))} : std::nullopt;
}

std::vector<std::string> one_command(const std::vector<std::string>& words, std::size_t begin) {
    static const std::set<std::string> kEnds{"&&", "||", ";", "|", "&"};
    std::vector<std::string> command;
    for (std::size_t at = begin; at < words.size() && !kEnds.contains(words[at]); ++at) {
        const bool last = words[at].ends_with(';');
        command.push_back(last ? words[at].substr(0, words[at].size() - 1) : words[at]);
        if (last) {
            break;
        }
    }
    return command;
}

namespace {

/// Variables that the server reads, and no client of it has a use for.
bool is_told_as_n8n(const Json& environment) {
    constexpr std::array kServers{"DB_POSTGRESDB_",      "DB_TYPE",
                                  "EXECUTIONS_",         "N8N_BINARY_DATA_",
                                  "N8N_CONCURRENCY",     "N8N_DEFAULT_BINARY_DATA_MODE",
                                  "N8N_EDITOR_BASE_URL", "N8N_ENCRYPTION_KEY",
                                  "N8N_EXECUTION",       "N8N_GRACEFUL_SHUTDOWN_TIMEOUT",
                                  "N8N_LISTEN_ADDRESS",  "N8N_PORT",
                                  "N8N_PROTOCOL",        "N8N_QUEUE_",
                                  "N8N_RUNNERS_",        "N8N_WORKERS",
                                  "QUEUE_BULL_"};
    if (environment.contains("N8N_RUNNERS_TASK_BROKER_URI")) {
        return false;  // a runner, which has a broker to ask
    }
    for (const auto& variable : environment.items()) {
        if (std::any_of(kServers.begin(), kServers.end(),
                        [&](const char* begin) { return variable.key().starts_with(begin); })) {
            return true;
        }
    }
    return false;
}

/// The word "n8n" in "n8n-custom", "my.n8n".
bool has_n8n_in(const std::string& name) {
    constexpr std::size_t kLength = 3;
    const auto ends_there = [&](std::size_t at) {
        return at >= name.size() || std::isalnum(static_cast<unsigned char>(name[at])) == 0;
    };
    for (std::size_t at = name.find("n8n"); at != std::string::npos; at = name.find("n8n", at + 1)) {
        if ((at == 0 || ends_there(at - 1)) && ends_there(at + kLength)) {
            return true;
        }
    }
    return false;
}

/// The word n8n, with nothing behind it that is not said of n8n itself: "shop_n8n-worker-2", not "n8n-exporter".
bool is_called_n8n(const std::string& name) {
    static const std::set<std::string> kRoles{"main",  "worker", "workers",   "webhook", "webhooks",
                                              "queue", "custom", "server",    "app",     "editor",
                                              "dev",   "prod",   "dockerfile"};
    const std::size_t begin = name.rfind("n8n");
    if (!has_n8n_in(name)) {
        return false;
    }
    std::string word;
    bool roles = true;
    for (std::size_t at = begin + 3; at <= name.size(); ++at) {
        const char letter = at < name.size() ? name[at] : '-';
        if (std::isalnum(static_cast<unsigned char>(letter)) != 0) {
            word += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
            continue;
        }
        const bool number = word.find_first_not_of("0123456789") == std::string::npos;
        roles = roles && (number || kRoles.contains(word));
        word.clear();
    }
    return roles;
}

/// An image of the user's own making: by one of its names, the folder or the file that it is built of, or what the
/// service is called that builds it; and what it is told.
bool is_made_of_n8n(const Service& service) {
    const Json& build = member(service.resolved, "build");
    const std::string context = build.is_string() ? build.get<std::string>() : text(build, "context");
    const bool built_as_n8n =
        service.built && (is_called_n8n(service.name) || is_called_n8n(text(service.resolved, "container_name")) ||
                          is_called_n8n(last_part(text(build, "dockerfile"))));
    return (built_as_n8n || has_n8n_in(image_name(service.image)) || has_n8n_in(last_part(context))) &&
           is_told_as_n8n(member(service.resolved, "environment"));
}

}  // namespace

bool runs_n8n(const Service& service) {
    return image_name(service.image) == "n8n" || names_program(service, "n8n") || is_made_of_n8n(service);
}

bool runs_postgres(const Service& service) {
    static const std::set<std::string> kImages{"postgres", "postgresql",  "postgis",
                                               "pgvector", "timescaledb", "timescaledb-ha"};
    return kImages.contains(image_name(service.image)) || names_program(service, "postgres");
}

std::optional<std::string> variable_of(const Service& service, const std::string& name) {
    const Json& value = member(member(service.resolved, "environment"), name.c_str());
    if (value.is_null() || value.is_structured()) {
        return std::nullopt;
    }
    std::string text = as_text(value);
    return has_variable(text) ? std::nullopt : std::optional{std::move(text)};
}

bool sets_variable(const Service& service, const std::string& name) {
    return member(service.resolved, "environment").contains(name);
}

std::optional<long> whole_number(const std::string& text) {
    long number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    const bool whole = error == std::errc{} && rest == end && number >= 0;
    return whole ? std::optional{number} : std::nullopt;
}

std::string service_lines(const std::string& service, const std::vector<std::string>& lines) {
    std::string all = "services:\n  " + yaml_key(service) + ":";
    for (const std::string& line : lines) {
        all += "\n    " + line;
    }
    return all;
}

}  // namespace pilotpros::linting
