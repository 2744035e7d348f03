#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/compose_run.h"
#include "core/docker/engine.h"

namespace pilotpros {

/// All services that this one depends on, directly or through others; `services` as Compose resolves them. Pure.
std::vector<std::string> dependencies_of(const nlohmann::json& services, const std::string& service);

/// The same services, each after all that it depends on, directly or through others; by name where that leaves a
/// choice. Pure.
std::vector<std::string> in_dependency_order(const nlohmann::json& services, const std::set<std::string>& wanted);

/// What `config --hash '*'` printed, by service. Pure.
std::map<std::string, std::string> hashes_of(const std::string& printed);

/// Whether `up SERVICE` would leave everything that the service depends on as it runs: Compose makes anew also what the
/// name of its image means another one for by now, and brings as many containers as the files say. Only then may it be
/// told without
/// --no-deps, and it should: Compose before 2.29.3 hashes a service without its depends_on under --no-deps, so that the
/// next plain `up` would recreate what was just made (tried with 2.26). A service without dependencies: true.
struct Standing {
    bool stand = true;
    std::optional<Finished> unanswered;  ///< Compose or the engine, where it gave none: no answer is not a no
    bool engine_refused = false;         ///< it was the engine
};
Standing dependencies_stand(Engine& engine, const ComposeRun& run, const std::string& project,
                            const nlohmann::json& services, const std::string& service);

}  // namespace pilotpros
