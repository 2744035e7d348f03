#include "core/apply/layer_data.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/advise/data.h"
#include "core/apply/live_containers.h"
#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/compose/discovery.h"
#include "core/compose/wishes.h"
#include "core/observe/image_answers.h"
#include "core/observe/services.h"
#include "core/observe/writable_layers.h"

namespace pilotpros {

namespace {

/// The selectors that gave the project when it was applied to.
Selectors selectors_of(const Snapshot& snapshot) {
    Selectors selectors;
    selectors.project_directory = snapshot.working_directory;
    selectors.project_name = snapshot.project;
    const std::vector<std::string>& words = snapshot.compose_arguments;
    for (std::size_t at = 0; at + 1 < words.size(); ++at) {
        if (words[at] == "-f") {
            selectors.files.push_back(words[at + 1]);
        } else if (words[at] == "--env-file") {
            selectors.env_files.push_back(words[at + 1]);
        } else if (words[at] == "--profile") {
            selectors.profiles.push_back(words[at + 1]);
        }
    }
    return selectors;
}

Project by_name(const Snapshot& snapshot) {
    Project project;
    project.name = snapshot.project;
    project.from_labels = true;
    return project;
}

/// By its name alone where its files cannot be read any more.
Project project_of(World& world, Engine& engine, const Snapshot& snapshot) {
    try {
        return discover(selectors_of(snapshot), {world.environment, world.files, world.process, world.cancel, &engine,
                                                 world.docker_command(), world.read_standard_input});
    } catch (const EngineLost&) {
        throw;
    } catch (const Interrupted&) {
        throw;
    } catch (const Error&) {
        return by_name(snapshot);
    }
}

std::vector<std::string> given_files_of(const Snapshot& snapshot, const std::string& service) {
    const auto found = std::find_if(snapshot.services.begin(), snapshot.services.end(),
                                    [&](const ServiceRecord& record) { return record.service == service; });
    return found == snapshot.services.end() ? std::vector<std::string>{} : found->given_files;
}

Wishes wishes_of(const Project& project, const Files& files) {
    try {
        return read_wishes(project, files);
    } catch (const Error&) {
        return {};  // a wish that cannot be read lets nothing be lost
    }
}

using Data = std::map<std::string, std::vector<std::string>>;

/// Looks at the layers of the containers of these services, those with one of the IDs `but` left out.
class LayersOf {
  public:
    LayersOf(World& world, Engine& engine, const Snapshot& snapshot, const std::set<std::string>& services,
             const std::set<std::string>& but)
        : world_(world), engine_(engine), snapshot_(snapshot), services_(services.begin(), services.end()), but_(but) {}

    /// Compose is asked last. Without its files nothing is known of what it gave and of what is disposable, so that
    /// what is no data then is none with them either. (Nor what application the user calls it; but what a program says
    /// of itself is true whatever it is called.)
    [[nodiscard]] Data data() const {
        const Project name_alone = by_name(snapshot_);
        if (data_known_by(name_alone, false).empty()) {
            return {};
        }
        const Project project = project_of(world_, engine_, snapshot_);
        return data_known_by(project, project.from_labels);
    }

  private:
    [[nodiscard]] Data data_known_by(const Project& project, bool given_by_snapshot) const {
        Observation observation = observe_services(engine_, project, services_, world_.files, world_.clock.now());
        for (ServiceObservation& service : observation.services) {
            std::erase_if(service.containers, [&](const Container& one) { return but_.contains(one.id); });
            if (given_by_snapshot) {
                service.given_files = given_files_of(snapshot_, service.service);
            }
        }
        WritableLayers layers(engine_, world_.files, {}, true, observation);
        layers.finish(world_.clock, world_.cancel, std::chrono::seconds{30}, observation);
        const Wishes wishes = wishes_of(project, world_.files);
        if (data_in_layers(observation, wishes).empty()) {
            return {};
        }
        // What a program makes again at every start only its own facts tell: asked where it may matter.
        FileImageAnswers answers(world_.files,
                                 image_answers_directory(world_.environment.state_directory(), observation.engine->id));
        for (ServiceObservation& service : observation.services) {
            const apps::Evidence evidence = apps::evidence_of(service, project, observation);
            service.applications = apps::recognise_all(evidence);
            apps::Asking asking{engine_, answers, evidence, *observation.engine};
            apps::ask_all(asking, service.applications);
        }
        return data_in_layers(observation, wishes);
    }

    World& world_;
    Engine& engine_;
    const Snapshot& snapshot_;
    std::vector<std::string> services_;
    const std::set<std::string>& but_;
};

Data data_in(World& world, Engine& engine, const Snapshot& snapshot, const std::set<std::string>& services,
             const std::set<std::string>& but) {
    return services.empty() ? Data{} : LayersOf(world, engine, snapshot, services, but).data();
}

}  // namespace

Data data_before_replacing(World& world, Engine& engine, const Snapshot& snapshot,
                           const std::set<std::string>& services) {
    return data_in(world, engine, snapshot, services, {});
}

Data data_since(World& world, Engine& engine, const Snapshot& snapshot) {
    std::set<std::string> services, before;
    for (const ServiceRecord& service : snapshot.services) {
        for (const ContainerRecord& record : service.containers) {
            before.insert(record.id);
        }
        const std::vector<LiveContainer> live = containers_of(engine, snapshot.project, service.service);
        if (std::any_of(live.begin(), live.end(), [&](const auto& one) { return !before.contains(one.id); })) {
            services.insert(service.service);
        }
    }
    auto data = data_in(world, engine, snapshot, services, before);
    for (auto& [service, paths] : data) {
        std::erase_if(paths, [](const std::string& path) { return !path.starts_with('/'); });
    }
    std::erase_if(data, [](const auto& entry) { return entry.second.empty(); });
    return data;
}

std::string how_to_keep(const std::string& service) {
    return fmt::format(
        "put it on a volume first, or name it disposable (x-pilotpros: {{disposable: [PATH]}} in {}); docker pilotpros "
        "rollback SERVICE… takes the other services back, --files-only the files alone",
        service);
}

}  // namespace pilotpros
