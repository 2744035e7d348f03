#include "core/advise/environment.h"

#include <algorithm>

#include "core/model/json.h"
#include "core/model/paths.h"

namespace pilotpros {

namespace {

/// The program's own folder comes from the user's disk: what is edited there runs here.
const Mount* mounted_source(const ServiceObservation& service, const Project& project, const Observation& observation) {
    const auto of_files = project.services.find(service.service);
    if (service.containers.empty() || of_files == project.services.end() || !of_files->second.built) {
        return nullptr;
    }
    const Container& container = service.containers.front();
    std::string folder = container.working_directory;
    if (const auto image = observation.images.find(service.image_id);
        folder.empty() && image != observation.images.end()) {
        folder = image->second.working_directory;
    }
    if (folder.empty() || folder == "/") {
        return nullptr;
    }
    const auto found = std::find_if(container.mounts.begin(), container.mounts.end(), [&](const Mount& mount) {
        return mount.type == "bind" && (lies_in(mount.destination, folder) || lies_in(folder, mount.destination));
    });
    return found == container.mounts.end() ? nullptr : &*found;
}

}  // namespace

std::string sign_of_development(const ServiceObservation& service, const Project& project,
                                const Observation& observation) {
    for (const Application& application : service.applications) {
        if (const auto signs = texts(application.facts, "development"); !signs.empty()) {
            return application.kind + ": " + signs.front();
        }
        if (flag(application.facts, "reload")) {
            return application.kind + " reloads its source";
        }
    }
    const Mount* const source = mounted_source(service, project, observation);
    return source == nullptr ? std::string{} : "source is mounted at " + source->destination;
}

std::map<std::string, bool> find_development(const Project& project, const Observation& observation,
                                             const Wishes& wishes) {
    std::map<std::string, bool> result;
    for (const ServiceObservation& service : observation.services) {
        const auto wish = wishes.find(service.service);
        result[service.service] = wish != wishes.end() && wish->second.development
                                      ? *wish->second.development
                                      : !sign_of_development(service, project, observation).empty();
    }
    return result;
}

}  // namespace pilotpros
