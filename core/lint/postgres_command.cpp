#include "core/lint/postgres_command.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/lint/reading.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

std::string setting_name(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return name;
}

}  // namespace

std::map<std::string, std::string> postgres_settings(const Service& service) {
    std::map<std::string, std::string> settings;
    const std::vector<std::string> words = words_of(member(service.resolved, "command"));
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string setting;
        if (words[i] == "-c" && i + 1 < words.size()) {
            setting = words[++i];
        } else if (words[i].starts_with("-c") || words[i].starts_with("--")) {
            setting = words[i].substr(2);
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
    return member(service.resolved, "entrypoint").empty() &&
           (words.empty() || words.front() == "postgres" || words.front().starts_with('-'));
}

}  // namespace pilotpros::linting
