#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/compose_run.h"
#include "core/apply/snapshot.h"
#include "core/docker/engine.h"

namespace pilotpros {

/// What Compose makes of a project's files; both are empty where it does not accept them.
struct Intended {
    nlohmann::json services;                    ///< holds secrets in clear
    std::map<std::string, std::string> hashes;  ///< Compose's own, by service; see bound_to_present()
    std::map<std::string, std::string> alone;   ///< see ComposeRun::hashes_alone()
};
/// `input`: for a file "-" of the run.
Intended read_intended(const ComposeRun& run, Engine& engine, const std::string& project,
                       const std::string& input = {});

/// How a service's containers go back.
struct Replacement {
    enum class By {
        kNobody,    ///< it does not run: its files are all there is to put back
        kCompose,   ///< recreated from the user's present files
        kSnapshot,  ///< made again as the snapshot has them, by the image's ID
    };
    By by = By::kNobody;
    std::string why;                    ///< why not by Compose, or what else is to be known; one line, may be empty
    int running = 0;                    ///< its containers that run
    std::vector<std::string> replaced;  ///< names of those that do not stay
};

/// What a service's image is called: Compose names what it only builds PROJECT-SERVICE. `resolved`: the service. Pure.
std::string image_reference_of(const nlohmann::json& resolved, const std::string& project, const std::string& service);

/// By Compose where it can, unless that would bring another image than the one that runs; `exact`: by the snapshot
/// wherever it has the service. `expected`: how many containers have to run, also when a killed rollback left fewer.
Replacement replacement_of(Engine& engine, const Intended& intended, const std::string& project,
                           const ServiceRecord& service, bool exact, int expected = 0);

/// Why the snapshot's containers must not take the place of the present ones: they have other volumes. Empty when they
/// may.
std::vector<std::string> volumes_in_the_way(Engine& engine, const std::string& project, const ServiceRecord& service,
                                            const Path& directory, const Files& files);

/// Images of the snapshot's containers that the engine does not have any more, each with what brings it back.
std::vector<std::string> images_gone(Engine& engine, const ServiceRecord& service, const nlohmann::json& intended,
                                     const Path& directory, const Files& files);

}  // namespace pilotpros
