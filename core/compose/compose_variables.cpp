#include "core/compose/compose_variables.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/compose/invoke.h"
#include "core/docker/json.h"
#include "core/model/error.h"

namespace pilotpros {

namespace {

constexpr std::array kAsked{"COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"};

bool mentions_any(const std::vector<std::string>& environment_files, const Files& files) {
    return std::any_of(environment_files.begin(), environment_files.end(), [&](const std::string& file) {
        const std::string content = files.read(file).value_or("");
        return std::any_of(kAsked.begin(), kAsked.end(),
                           [&](const char* name) { return content.find(name) != std::string::npos; });
    });
}

/// Compose writes a dollar twice, so that its output can be its input.
std::string single_dollars(const std::string& text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        result += text[at];
        if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '$') {
            ++at;
        }
    }
    return result;
}

std::array<int, 3> numbers_of(const std::string& version) {
    std::array<int, 3> numbers{};
    const char* at = version.data();
    const char* const end = at + version.size();
    if (at != end && *at == 'v') {
        ++at;
    }
    for (int& number : numbers) {
        const auto [rest, error] = std::from_chars(at, end, number);
        if (error != std::errc{} || rest == end || *rest != '.') {
            break;
        }
        at = rest + 1;
    }
    return numbers;
}

}  // namespace

std::map<std::string, std::string> compose_variables(const std::vector<std::string>& environment_files,
                                                     const Surroundings& surroundings) {
    std::map<std::string, std::string> values;
    if (!mentions_any(environment_files, surroundings.files)) {
        for (const char* name : kAsked) {
            if (const auto value = surroundings.environment.get(name)) {
                values.emplace(name, *value);
            }
        }
        return values;
    }
    // A project of our own, whose labels are the variables: interpolation is the one door that every version has.
    std::string question = "name: pilotpros\nservices: {question: {image: none, labels: {";
    for (const char* name : kAsked) {
        question += fmt::format("{0}: \"${{{0}-}}\", ", name);
    }
    question += "}}}\n";
    std::vector<std::string> arguments;
    for (const std::string& file : environment_files) {
        arguments.insert(arguments.end(), {"--env-file", file});
    }
    arguments.insert(arguments.end(), {"-f", "-", "config", "--format", "json"});
    Command command = compose_command_line(std::move(arguments), surroundings);
    command.input = question;
    const Finished finished = surroundings.process.run(command, surroundings.cancel);
    require_compose(finished, surroundings);
    if (!finished.ok()) {
        return values;  // a broken environment file: resolving the project meets it again and says so
    }
    const nlohmann::json answer = nlohmann::json::parse(finished.output, nullptr, false);
    const nlohmann::json& labels = member(member(member(answer, "services"), "question"), "labels");
    for (const char* name : kAsked) {
        if (std::string value = single_dollars(text(labels, name)); !value.empty()) {
            values.emplace(name, std::move(value));
        }
    }
    return values;
}

std::vector<std::string> order_of_environment_files(const std::string& version, const std::string& in_folder,
                                                    const std::string& in_project) {
    const auto numbers = numbers_of(version);
    if (numbers < std::array{2, 24, 0}) {
        return {in_folder, in_project};
    }
    if (numbers < std::array{2, 24, 6}) {
        return {in_folder};
    }
    if (numbers < std::array{2, 27, 1}) {
        return {in_project};
    }
    return {in_project, in_folder};
}

std::string compose_version(const Surroundings& surroundings) {
    const Finished finished =
        surroundings.process.run(compose_command_line({"version", "--short"}, surroundings), surroundings.cancel);
    require_compose(finished, surroundings);
    return finished.output;
}

}  // namespace pilotpros
