#include "core/compose/wish_values.h"

#include <fmt/format.h>

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/compose/invoke.h"
#include "core/docker/json.h"
#include "core/model/dollars.h"

namespace pilotpros {

namespace {

using Values = std::map<std::string, std::string>;

/// A hostile file could have thousands that Compose refuses.
constexpr std::size_t kAskedAlone = 16;

bool has_dollar(const std::string& text) { return text.find('$') != std::string::npos; }

std::set<std::string> texts_with_dollars(const Wishes& wishes) {
    std::set<std::string> texts;
    for (const auto& [service, wish] : wishes) {
        for (const auto* values : {&wish.pinned, &wish.least, &wish.most}) {
            for (const auto& [key, text] : *values) {
                if (has_dollar(text)) {
                    texts.insert(text);
                }
            }
        }
    }
    return texts;
}

/// The user's selectors without files and profiles: flag and value, by turns.
std::vector<std::string> selectors_without_files(const Project& project, std::size_t docker_words) {
    std::vector<std::string> arguments;
    bool named = false;
    const auto& all = project.compose_command;
    for (std::size_t at = docker_words + 1; at + 1 < all.size(); at += 2) {
        if (all[at] != "-f" && all[at] != "--profile") {
            named = named || all[at] == "-p";
            arguments.insert(arguments.end(), {all[at], all[at + 1]});
        }
    }
    if (!named && !project.name.empty()) {
        arguments.insert(arguments.end(), {"-p", project.name});
    }
    return arguments;
}

/// Nothing when Compose refuses one of them, or cannot be asked.
std::optional<Values> values_of(const std::vector<std::string>& texts, const Project& project,
                                const Surroundings& surroundings) {
    nlohmann::json labels = nlohmann::json::object();
    for (std::size_t at = 0; at < texts.size(); ++at) {
        labels[std::to_string(at)] = texts[at];
    }
    const nlohmann::json question{{"services", {{"question", {{"image", "none"}, {"labels", std::move(labels)}}}}}};
    std::vector<std::string> arguments = selectors_without_files(project, surroundings.docker.size());
    arguments.insert(arguments.end(), {"-f", "-", "config", "--format", "json"});
    Command command = compose_command_line(std::move(arguments), surroundings);
    command.input = question.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const Finished finished = surroundings.process.run(command, surroundings.cancel);
    const nlohmann::json answer = nlohmann::json::parse(finished.output, nullptr, false);
    const nlohmann::json& filled = member(member(member(answer, "services"), "question"), "labels");
    if (!finished.ok() || !filled.is_object()) {
        return std::nullopt;
    }
    Values values;
    for (std::size_t at = 0; at < texts.size(); ++at) {
        values[texts[at]] = undoubled(text(filled, std::to_string(at).c_str()));
    }
    return values;
}

Values all_values(const std::set<std::string>& texts, const Project& project, const Surroundings& surroundings) {
    const std::vector<std::string> all{texts.begin(), texts.end()};
    if (auto values = values_of(all, project, surroundings)) {
        return std::move(*values);
    }
    Values values;
    for (std::size_t at = 0; all.size() > 1 && at < all.size() && at < kAskedAlone; ++at) {
        if (auto one = values_of({all[at]}, project, surroundings)) {
            values.merge(*one);
        }
    }
    return values;
}

}  // namespace

void fill_in_wishes(Wishes& wishes, const Project& project, const Surroundings& surroundings) {
    const std::set<std::string> texts = texts_with_dollars(wishes);
    if (texts.empty() || project.compose_command.empty()) {
        return;
    }
    const Values values = all_values(texts, project, surroundings);
    const auto fill_in = [&](std::string& text) {
        if (const auto value = values.find(text); value != values.end()) {
            text = value->second;
        }
    };
    for (auto& [service, wish] : wishes) {
        for (auto& [key, text] : wish.pinned) {
            if (has_dollar(text)) {
                wish.as_written[key] = text;
            }
            fill_in(text);
        }
        for (auto* const bounds : {&wish.least, &wish.most}) {
            for (auto& [key, text] : *bounds) {
                fill_in(text);
            }
        }
    }
}

}  // namespace pilotpros
