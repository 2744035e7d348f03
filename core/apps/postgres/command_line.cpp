#include "core/apps/postgres/command_line.h"
#include "core/model/dollars.h"
#include "core/model/json.h"

#include <algorithm>
#include <sstream>

namespace pilotpros::apps::postgres {

namespace {

using Json = nlohmann::json;

std::string last_part(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::vector<std::string> words_of_list(const Json& list) {
    std::vector<std::string> result;
    for (const Json& one : list.is_array() ? list : Json::array()) {
        result.push_back(as_text(one));
    }
    return result;
}

/// The words as the user wrote them, if they hold ${…}; nothing when they cannot be taken apart as Compose does.
std::optional<std::vector<std::string>> as_written(const Json& written, const std::vector<std::string>& resolved) {
    std::vector<std::string> words;
    if (written.is_string()) {
        const auto& text = written.get_ref<const std::string&>();
        if (!has_variable(text)) {
            return resolved;
        }
        if (text.find_first_of("'\"\\") != std::string::npos) {
            return std::nullopt;
        }
        std::istringstream stream{text};
        for (std::string word; stream >> word;) {
            words.push_back(word);
        }
    } else {
        words = words_of_list(written);
        if (std::none_of(words.begin(), words.end(), has_variable)) {
            return resolved;
        }
    }
    return words.size() == resolved.size() ? std::optional{words} : std::nullopt;
}

/// Names compare as PostgreSQL reads flags: case and - against _ do not count.
std::string setting_name(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

bool is_public(const Facts& facts, const std::string& name) {
    const auto row = std::find_if(facts.settings.begin(), facts.settings.end(), [&](const Setting& one) {
        return one.name.size() == name.size() &&
               std::equal(name.begin(), name.end(), one.name.begin(),
                          [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    });
    return row != facts.settings.end() ? is_public_setting(row->name, row->type) : is_public_setting(name, "string");
}

/// Takes the flags apart; fills in config_file, data_directory, settings, or why_not.
void read_flags(const Facts& facts, const std::vector<std::string>& words, CommandLine& line) {
    const auto take = [&](const std::string& assignment) {
        const std::size_t equals = assignment.find('=');
        const std::string name = setting_name(assignment.substr(0, equals));
        if (equals == std::string::npos || !is_public(facts, name)) {
            line.why_not = "its command sets " + (equals == std::string::npos ? "something" : name) +
                           ", which may hold a secret: a file of ours must not repeat it";
            return;
        }
        const std::string value = undoubled(assignment.substr(equals + 1));
        if (name == "config_file") {
            line.config_file = value;
        } else if (name == "data_directory") {
            line.data_directory = value;
        } else {
            line.settings.push_back(name + "=" + value);
        }
    };
    for (std::size_t i = 0; i < words.size() && line.why_not.empty(); ++i) {
        const std::string& word = words[i];
        const bool more = i + 1 < words.size();
        if (i == 0 && last_part(word) == "postgres") {
            continue;
        }
        if (word == "-c" && more) {
            take(words[++i]);
        } else if ((word.starts_with("-c") && word.size() > 2) ||
                   (word.starts_with("--") && word.find('=') != std::string::npos)) {
            take(word.substr(2));
        } else if (word == "-D" && more) {
            line.data_directory = undoubled(words[++i]);
        } else if (word.starts_with("-D/")) {
            line.data_directory = undoubled(word.substr(2));
        } else if ((word == "-N" || word == "-B" || word == "-p" || word == "-S") && more) {
            const char* const name = word == "-N"   ? "max_connections"
                                     : word == "-B" ? "shared_buffers"
                                     : word == "-p" ? "port"
                                                    : "work_mem";
            line.settings.push_back(std::string{name} + "=" + undoubled(words[++i]));
        } else if (word != "-i" && word != "-l") {
            line.why_not = i == 0 ? "its command does not begin with postgres but runs something else"
                                  : "its command holds a word that is no flag of PostgreSQL";
        }
    }
}

bool leads_to_server(const std::vector<std::string>& entrypoint) {
    return entrypoint.size() == 1 &&
           (last_part(entrypoint.front()) == "docker-entrypoint.sh" || last_part(entrypoint.front()) == "postgres");
}

Json written_command(const Project& project, const std::string& service) {
    const Json* at = &project.uninterpolated;
    for (const std::string& step : {std::string{"services"}, service, std::string{"command"}}) {
        if (!at->is_object() || !at->contains(step)) {
            return nullptr;
        }
        at = &(*at)[step];
    }
    return *at;
}

}  // namespace

CommandLine command_line(const Case& input, const ServiceObservation& service, const Facts& facts) {
    CommandLine line;
    const Service* const known = input.service(service.service);
    if (known == nullptr || !known->resolved.is_object()) {
        line.why_not = "the service is in no Compose file that can be read";
        return line;
    }
    const Json command = known->resolved.value("command", Json());
    const Json entrypoint = known->resolved.value("entrypoint", Json());
    if (!entrypoint.is_null() && !leads_to_server(words_of_list(entrypoint))) {
        line.why_not = "its entrypoint is your own, and what it makes of a command is not known";
        return line;
    }
    if (command.is_array() && !command.empty()) {
        const Json written = written_command(input.project, service.service);
        // Compose's own output has every literal $ doubled.
        auto words =
            written.is_null() ? std::optional{words_of_list(command)} : as_written(written, words_of_list(command));
        if (!words) {
            line.why_not = "its command holds ${…} in a form that only Compose can take apart";
            return line;
        }
        line.words = std::move(*words);
        line.from_files = true;
    } else if (entrypoint.is_null()) {
        const auto image = input.observation.images.find(service.image_id);
        if (image == input.observation.images.end()) {
            line.why_not = "the image's own command is not known";
            return line;
        }
        for (const Secret& word : image->second.command) {
            line.words.push_back(word.reveal());
        }
    }
    if (line.words.empty() || (last_part(line.words.front()) != "postgres" && !line.words.front().starts_with('-'))) {
        line.why_not = "its command does not begin with postgres but runs something else";
        return line;
    }
    // Compose has resolved what is read here; what is written again stays as the user wrote it.
    read_flags(facts, line.from_files ? words_of_list(command) : line.words, line);
    return line;
}

}  // namespace pilotpros::apps::postgres
