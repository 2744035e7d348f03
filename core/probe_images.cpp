#include "core/probe_images.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/advise/probe_words.h"
#include "core/connection.h"
#include "core/docker/throwaway.h"
#include "core/model/error.h"
#include "core/model/json.h"
#include "core/model/paths.h"
#include "core/observe/containers.h"
#include "core/observe/engine_facts.h"
#include "core/observe/probe_commands.h"
#include "core/observe/services.h"

namespace pilotpros {

namespace {

/// Whether its test calls, along PATH, what could be looked for. A shell is called by every test that is a text.
bool has_probe_to_look_for(const Service& service) {
    const nlohmann::json& check = member(service.resolved, "healthcheck");
    const Probe probe = read_probe(member(check, "test"));
    if (service.built || service.profiled_out || flag(check, "disable") || probe.none() ||
        !member(member(service.resolved, "environment"), "PATH").is_null() ||
        (probe.simple && unquoted_word(probe.words.front().raw).find('/') != std::string::npos)) {
        return false;
    }
    const std::vector<std::string>& names = probe_command_names();
    return probe.form == Probe::Form::kShell ||
           std::any_of(names.begin(), names.end(), [&](const std::string& name) { return calls(probe, name); });
}

bool mounts_over(const Service& service, const std::vector<std::string>& directories) {
    for (const char* kind : {"volumes", "configs", "secrets"}) {
        for (const nlohmann::json& mount : member(service.resolved, kind)) {
            const std::string target = text(mount, "target");
            if (std::any_of(directories.begin(), directories.end(), [&](const std::string& directory) {
                    return lies_in(target, directory) || lies_in(directory, target);
                })) {
                return true;
            }
        }
    }
    return false;
}

/// By service: the name of its image.
std::map<std::string, std::string> images_of_probes(const Project& project) {
    std::map<std::string, std::string> references;
    for (const auto& [name, service] : project.services) {
        if (has_probe_to_look_for(service)) {
            if (std::string reference = image_reference(project, service); !reference.empty()) {
                references[name] = std::move(reference);
            }
        }
    }
    return references;
}

}  // namespace

void note_probe_commands(Engine& engine, ImageAnswers& answers, const Project& project, Observation& observation) {
    const std::map<std::string, std::string> references = images_of_probes(project);
    std::set<std::string> each;
    for (const auto& [service, reference] : references) {
        each.insert(reference);
    }
    const std::map<std::string, Image> images = inspect_images(engine, each);
    for (ServiceObservation& service : observation.services) {
        const auto reference = references.find(service.service);
        const auto image = reference == references.end() ? images.end() : images.find(reference->second);
        if (image == images.end()) {
            continue;
        }
        const auto path = image->second.environment.find("PATH");
        const std::string given = path == image->second.environment.end() ? "" : path->second.reveal();
        if (!mounts_over(project.services.at(service.service), search_path(given))) {
            ProbeCommands found = find_probe_commands(engine, answers, image->second.id, given, "");
            service.probe_commands_known = found.known;
            service.probe_commands = std::move(found.paths);
        }
    }
}

void ask_images_of_probes(World& world, const Project& project, Observation& observation) {
    if (images_of_probes(project).empty()) {
        return;
    }
    Connection connection;
    try {
        if (resolve_endpoint(world.globals, world.environment, world.files).kind != Endpoint::Kind::kUnix) {
            return;
        }
        connection = connect(world);
        if (connection.engine) {
            FileImageAnswers answers(world.files, image_answers_directory(world.environment.state_directory(),
                                                                          observe_engine(*connection.engine).id));
            note_probe_commands(*connection.engine, answers, project, observation);
        }
    } catch (const Interrupted&) {
        if (connection.engine) {
            sweep_after_interruption(*connection.engine, world.cancel);
        }
        throw;
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): then the files alone are read
    }
}

}  // namespace pilotpros
