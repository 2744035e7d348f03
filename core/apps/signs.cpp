#include "core/apps/signs.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/docker/json.h"

namespace pilotpros::apps {

namespace {

constexpr double kProcess = 0.95, kCommand = 0.8, kImageCommand = 0.6, kImageEnvironment = 0.5, kImageName = 0.5,
                 kPort = 0.2, kUserEnvironment = 0.15;
constexpr double kContradicted = 0.3;  // what is left of a weak sign when the processes say otherwise

std::string repository_name(const std::string& reference) {
    const std::string last = base_name(reference.substr(0, reference.find('@')));
    return last.substr(0, last.find(':'));
}

std::vector<Secret> words_of(const nlohmann::json& value) {
    std::vector<Secret> words;
    if (value.is_array()) {
        for (const auto& word : value) {
            words.emplace_back(word.is_string() ? word.get<std::string>() : std::string{});
        }
    }
    return words;
}

std::vector<Secret> joined(std::vector<Secret> left, const std::vector<Secret>& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

std::vector<std::string> image_names(const Evidence& evidence) {
    std::vector<std::string> names;
    if (evidence.container != nullptr) {
        names.push_back(repository_name(evidence.container->image_reference));
    }
    if (evidence.image != nullptr) {
        for (const std::string& tag : evidence.image->tags) {
            names.push_back(repository_name(tag));
        }
    }
    if (evidence.service != nullptr) {
        names.push_back(repository_name(evidence.service->image));
    }
    return names;
}

std::vector<std::string> ports_of(const Evidence& evidence) {
    std::vector<std::string> ports;
    const auto add = [&](const std::string& port) { ports.push_back(port.substr(0, port.find('/'))); };
    if (evidence.container != nullptr) {
        std::for_each(evidence.container->exposed_ports.begin(), evidence.container->exposed_ports.end(), add);
    }
    if (evidence.image != nullptr) {
        std::for_each(evidence.image->exposed_ports.begin(), evidence.image->exposed_ports.end(), add);
    }
    if (evidence.service != nullptr) {
        for (const auto& port : member(evidence.service->resolved, "ports")) {
            add(std::to_string(integer(port, "target")));
        }
        for (const std::string& port : texts(evidence.service->resolved, "expose")) {
            add(port);
        }
    }
    return ports;
}

std::vector<std::string> user_names(const Evidence& evidence) {
    std::vector<std::string> names =
        evidence.service != nullptr ? keys(evidence.service->resolved, "environment") : std::vector<std::string>{};
    if (evidence.container != nullptr) {
        for (const auto& [name, value] : evidence.container->environment) {
            if (evidence.image == nullptr || !evidence.image->environment.contains(name)) {
                names.push_back(name);
            }
        }
    }
    return names;
}

/// The command that the container runs, or would run by files and image.
std::vector<Secret> command_of(const Evidence& evidence) {
    if (evidence.container != nullptr) {
        return evidence.container->argv;
    }
    if (evidence.service == nullptr) {
        return {};
    }
    const auto& entrypoint = member(evidence.service->resolved, "entrypoint");
    const auto& command = member(evidence.service->resolved, "command");
    return joined(words_of(entrypoint), words_of(command));
}

/// Adds up independent signs.
class Scale {
  public:
    void add(double weight, std::string why) {
        doubt_ *= 1 - weight;
        why_.push_back(std::move(why));
    }
    [[nodiscard]] std::optional<Recognition> result() const {
        return why_.empty() ? std::nullopt : std::optional{Recognition{1 - doubt_, why_}};
    }

  private:
    double doubt_ = 1;
    std::vector<std::string> why_;
};

}  // namespace

std::optional<Recognition> weigh(const Signs& signs, const Evidence& evidence) {
    Scale scale;
    const bool processes_known = evidence.processes != nullptr && !evidence.processes->empty();
    bool runs = false;
    if (processes_known) {
        const auto processes = main_processes(evidence.container, *evidence.processes);
        runs = std::any_of(processes.begin(), processes.end(),
                           [&](const auto* one) { return signs.is_program(program_of(one->argv)); });
        if (runs) {
            scale.add(kProcess, "process " + signs.name);
        }
    }
    const double weak = processes_known && !runs ? kContradicted : 1;
    if (signs.is_program(program_of(command_of(evidence)))) {
        scale.add(kCommand, "command " + signs.name);
    }
    if (evidence.image != nullptr) {
        if (signs.is_program(program_of(joined(evidence.image->entrypoint, evidence.image->command)))) {
            scale.add(kImageCommand * weak, "the image runs " + signs.name);
        }
        for (const std::string& name : signs.image_environment) {
            if (evidence.image->environment.contains(name)) {
                scale.add(kImageEnvironment * weak, "the image sets " + name);
                break;
            }
        }
    }
    const auto names = image_names(evidence);
    for (const std::string& image : signs.images) {
        if (std::find(names.begin(), names.end(), image) != names.end()) {
            scale.add(kImageName * weak, "image name " + image);
            break;
        }
    }
    const auto ports = ports_of(evidence);
    for (const int port : signs.ports) {
        if (std::find(ports.begin(), ports.end(), std::to_string(port)) != ports.end()) {
            scale.add(kPort * weak, fmt::format("port {}", port));
            break;
        }
    }
    const auto variables = user_names(evidence);
    for (const std::string& beginning : signs.user_environment) {
        if (std::any_of(variables.begin(), variables.end(),
                        [&](const auto& name) { return name.rfind(beginning, 0) == 0; })) {
            scale.add(kUserEnvironment * weak, fmt::format("environment {}*", beginning));
            break;
        }
    }
    return scale.result();
}

}  // namespace pilotpros::apps
