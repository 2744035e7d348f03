#include "core/observe/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/compose/given_files.h"
#include "core/observe/containers.h"
#include "core/observe/engine_facts.h"

namespace pilotpros {

namespace {

bool wanted(const std::string& service, const std::vector<std::string>& services) {
    return services.empty() || std::find(services.begin(), services.end(), service) != services.end();
}

constexpr const char* kOfRunning = "what it uses, and all that only a running program can say";
constexpr const char* kNoContainer = "it has no container: docker compose up starts it";

ServiceObservation& find_or_add(Observation& observation, const std::string& service) {
    const auto found = std::find_if(observation.services.begin(), observation.services.end(),
                                    [&](const ServiceObservation& one) { return one.service == service; });
    if (found != observation.services.end()) {
        return *found;
    }
    observation.services.push_back({});
    observation.services.back().service = service;
    return observation.services.back();
}

void add_services_of_files(const Project& project, const std::vector<std::string>& services, Observation& into) {
    for (const auto& [name, service] : project.services) {
        if (wanted(name, services) && !service.profiled_out) {
            find_or_add(into, name).given_files = given_files(service.resolved);
        }
    }
}

/// A service that is named, and that nothing runs because its profile is not active.
void add_inactive(const Project& project, const std::vector<std::string>& services, Observation& into) {
    for (const std::string& name : services) {
        const auto found = project.services.find(name);
        const bool observed = std::any_of(into.services.begin(), into.services.end(),
                                          [&](const ServiceObservation& service) { return service.service == name; });
        if (found != project.services.end() && found->second.profiled_out && !observed) {
            into.gaps.push_back({name, "all of it", "its profile is not active: --profile NAME takes it in"});
        }
    }
}

std::vector<std::string> ids_of_project(const std::vector<ListedContainer>& listed, const Project& project,
                                        const std::vector<std::string>& services) {
    std::vector<std::string> ids;
    for (const ListedContainer& container : listed) {
        if (container.project == project.name && !container.oneoff && wanted(container.service, services)) {
            ids.push_back(container.id);
        }
    }
    return ids;
}

void add_containers(std::vector<Container> containers, const Project& project, Observation& into) {
    for (Container& container : containers) {
        if (!project.services.contains(container.service)) {
            into.gaps.push_back({container.service, "its section in the Compose files",
                                 "a container of this project runs it, but the files do not have it (docker compose up "
                                 "--remove-orphans would remove it)"});
        }
        find_or_add(into, container.service).containers.push_back(std::move(container));
    }
    for (ServiceObservation& service : into.services) {
        std::sort(service.containers.begin(), service.containers.end(),
                  [](const Container& a, const Container& b) { return a.number < b.number; });
    }
}

/// A container that exists but is not shown to us: nothing is said of it, least of all that it does not run.
void add_refused(const std::vector<ListedContainer>& listed, const std::map<std::string, std::string>& refused,
                 Observation& into) {
    for (const ListedContainer& container : listed) {
        if (const auto found = refused.find(container.id); found != refused.end()) {
            find_or_add(into, container.service).refused = true;
            into.gaps.push_back({container.service, "its container " + container.name, found->second});
        }
    }
}

std::string reference_of(const ServiceObservation& service, const Project& project) {
    if (!service.containers.empty()) {
        return service.containers.front().image_id;
    }
    const auto of_files = project.services.find(service.service);
    return of_files == project.services.end() ? "" : image_reference(project, of_files->second);
}

void add_images(Engine& engine, const Project& project, Observation& into) {
    std::set<std::string> references;
    for (const ServiceObservation& service : into.services) {
        if (std::string reference = reference_of(service, project); !reference.empty()) {
            references.insert(std::move(reference));
        }
    }
    std::map<std::string, std::string> refused;
    const std::map<std::string, Image> images = inspect_images(engine, references, &refused);
    for (ServiceObservation& service : into.services) {
        const std::string reference = reference_of(service, project);
        if (const auto image = images.find(reference); image != images.end()) {
            service.image_id = image->second.id;
            into.images[image->second.id] = image->second;
        } else {
            service.image_id = service.containers.empty() ? "" : service.containers.front().image_id;
            const auto why = refused.find(reference);
            into.gaps.push_back({service.service, "its image",
                                 why != refused.end() ? why->second
                                 : service.containers.empty()
                                     ? "it is not on this engine yet"
                                     : "the engine no longer has the image it was started from"});
        }
    }
}

void add_insides(Engine& engine, Observation& into) {
    std::vector<std::string> running;
    for (const ServiceObservation& service : into.services) {
        for (const Container& container : service.containers) {
            if (container.running()) {
                running.push_back(container.id);
            }
        }
    }
    const auto processes = list_processes(engine, running);
    for (ServiceObservation& service : into.services) {
        for (const Container& container : service.containers) {
            if (const auto found = processes.find(container.id); found != processes.end()) {
                service.processes[container.id] = found->second;
            } else if (container.running()) {
                into.gaps.push_back({service.service, "its processes", "the engine could not list them"});
            }
        }
        if (service.containers.empty() && !service.refused) {
            into.gaps.push_back({service.service, kOfRunning, kNoContainer});
        } else if (!service.refused && std::none_of(service.containers.begin(), service.containers.end(),
                                                    [](const Container& container) { return container.running(); })) {
            into.gaps.push_back({service.service, kOfRunning, "it is " + service.containers.front().status});
        }
    }
}

void note_newcomer(const ServiceObservation& service, Observation& into) {
    if (service.processes.empty()) {
        const Gap gap{service.service, "what its programs are and would say",
                      "its container began during the measurement: the next profile asks them"};
        const bool told = std::any_of(into.gaps.begin(), into.gaps.end(), [&](const Gap& one) {
            return one.subject == gap.subject && one.what == gap.what;
        });
        if (!told) {
            into.gaps.push_back(gap);
        }
    }
}

}  // namespace

std::string image_reference(const Project& project, const Service& service) {
    const std::string name = service.image.empty() ? fmt::format("{}-{}", project.name, service.name) : service.image;
    // It becomes a part of a path: what no image's name can hold is no image.
    return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:@") ==
                   std::string::npos
               ? name
               : "";
}

Observation observe_services(Engine& engine, const Project& project, const std::vector<std::string>& services,
                             const Files& files, TimePoint now) {
    Observation observation;
    observation.taken = now;
    EngineFacts facts = observe_engine(engine);
    const std::vector<ListedContainer> listed = list_containers(engine);
    add_services_of_files(project, services, observation);
    std::map<std::string, std::string> refused;
    add_containers(inspect_containers(engine, ids_of_project(listed, project, services), &refused), project,
                   observation);
    add_refused(listed, refused, observation);
    add_inactive(project, services, observation);
    std::vector<Container> all;
    for (const ServiceObservation& service : observation.services) {
        all.insert(all.end(), service.containers.begin(), service.containers.end());
    }
    facts.local = is_local(all, files);
    if (const int unasked = observe_others(engine, listed, project.name, facts); unasked > 0) {
        observation.gaps.push_back({"host", "the memory of containers outside this project, complete",
                                    fmt::format("{} of {} did not say what they use", unasked, facts.others_running)});
    }
    observation.engine = std::move(facts);
    add_images(engine, project, observation);
    add_insides(engine, observation);
    return observation;
}

Observation observe_files_only(const Project& project, const std::vector<std::string>& services, const std::string& why,
                               TimePoint now) {
    Observation observation;
    observation.taken = now;
    add_services_of_files(project, services, observation);
    add_inactive(project, services, observation);
    observation.gaps.push_back({"engine", "the machine, the images, the containers, and all that they would say", why});
    return observation;
}

void forget_standstill(Observation& into) {
    for (const ServiceObservation& service : into.services) {
        if (std::any_of(service.containers.begin(), service.containers.end(),
                        [](const Container& container) { return container.running(); })) {
            std::erase_if(into.gaps,
                          [&](const Gap& gap) { return gap.subject == service.service && gap.what == kOfRunning; });
        }
    }
}

int observe_newcomers(Engine& engine, const Project& project, const std::vector<std::string>& services,
                      Observation& into) {
    std::vector<std::string> fresh;
    for (const std::string& id : ids_of_project(list_containers(engine), project, services)) {
        const bool known =
            std::any_of(into.services.begin(), into.services.end(), [&](const ServiceObservation& service) {
                return std::any_of(service.containers.begin(), service.containers.end(),
                                   [&](const Container& container) { return container.id == id; });
            });
        if (!known) {
            fresh.push_back(id);
        }
    }
    if (!fresh.empty()) {
        std::vector<Container> containers = inspect_containers(engine, fresh);
        for (const Container& container : containers) {
            note_newcomer(find_or_add(into, container.service), into);
        }
        add_containers(std::move(containers), project, into);
        forget_standstill(into);
    }
    return static_cast<int>(fresh.size());
}

}  // namespace pilotpros
