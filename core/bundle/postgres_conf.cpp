#include "core/bundle/postgres_conf.h"

#include <fmt/format.h>

#include <algorithm>

namespace pilotpros {

namespace {

std::string text_of(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>()
                             : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Nothing that could begin a new line, or a name that PostgreSQL would read as something else.
bool is_name(const std::string& name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
}

std::string one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
    return text;
}

}  // namespace

std::vector<BundleFile> postgres_files(const std::string& service, const std::vector<Change>& changes) {
    const auto include = std::find_if(changes.begin(), changes.end(), [](const Change& change) {
        return change.target.path == std::vector<std::string>{"include"};
    });
    if (include == changes.end()) {
        return {};
    }
    std::vector<const Change*> settings;
    for (const Change& change : changes) {
        if (change.target.path.size() == 1 && is_name(change.target.path.front()) && change.target != include->target) {
            settings.push_back(&change);
        }
    }
    std::sort(settings.begin(), settings.end(),
              [](const Change* left, const Change* right) { return left->target.path < right->target.path; });
    std::string ours =
        "# Made by docker pilotpros; made anew by each apply, so not to be edited. A value in ALTER SYSTEM or a -c "
        "flag of\n"
        "# the service's command wins over the one here.\n";
    for (const Change* const change : settings) {
        ours += fmt::format("\n# {}\n{} = {}\n", one_line(change->rule), change->target.path.front(),
                            postgres_quoted(text_of(change->after)));
    }
    const std::string whole = fmt::format(
        "# Made by docker pilotpros: first the configuration that the server has without it, then what it advises.\n"
        "include {}\ninclude {}\n",
        postgres_quoted(text_of(include->after)),
        postgres_quoted(fmt::format("{}/pilotpros.conf", kPostgresDirectory)));
    const std::string folder = "postgres/" + service + "/";
    return {{folder + "pilotpros.conf", ours}, {folder + "postgresql.conf", whole}};
}

std::string postgres_quoted(const std::string& value) {
    std::string result = "'";
    for (const char letter : one_line(value)) {
        result += letter == '\'' || letter == '\\' ? std::string(2, letter) : std::string(1, letter);
    }
    return result + "'";
}

}  // namespace pilotpros
