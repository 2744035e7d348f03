#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/apps/application.h"
#include "core/docker/engine.h"
#include "core/model/change.h"
#include "core/model/project.h"
#include "core/observe/image_answers.h"
#include "core/sys/clock.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What each of a service's programs serves, by kind.
using ServingByKind = std::map<std::string, apps::Serving>;

/// What the programs of an observed service serve now; one that does not tell is left out. Lets Interrupted and
/// EngineLost through.
ServingByKind serving_of(Engine& engine, ImageAnswers& answers, const Project& project, const Observation& observation,
                         const std::string& service);

/// Whether a service's own programs, asked after a change, go by it and serve what they did; a line each.
struct Agreement {
    std::vector<std::string> not_in_force;  ///< "db: work_mem is 4MB, not 8MB"
    std::vector<std::string> not_served;    ///< "web: its upstream api:3000 cannot be reached: …"
    std::vector<std::string> noted;         ///< what is to be said and no failure
    [[nodiscard]] bool complete() const { return not_in_force.empty() && not_served.empty(); }
};

/// Asks them, but in containers with an ID in `left_out`. A program that does not answer is no complaint of
/// `not_in_force`, and one of `not_served` where it served something before. Lets Interrupted and EngineLost through.
Agreement agreement_of(Engine& engine, ImageAnswers& answers, const Project& project, const Files& files, TimePoint now,
                       const std::string& service, const std::vector<const Change*>& changes,
                       const ServingByKind& before, const std::set<std::string>& left_out = {});

/// Asks again and again until all of it is so, or for as long as that may take: five seconds for what is in force,
/// twice `start_seconds` or twice what it took them the last time for what they serve, whichever is longer, 5 s to 10
/// min. The last answer. `waiting` is called once, with what is waited for.
Agreement agreement_in_time(Engine& engine, ImageAnswers& answers, const Project& project, const Files& files,
                            const Clock& clock, const std::string& service, const std::vector<const Change*>& changes,
                            const ServingByKind& before, double start_seconds, const std::set<std::string>& left_out,
                            const std::function<void(const std::string&)>& waiting);

/// The gate's "serves as before" for a rollback, which has no profile: what services serve just before it is what they
/// have to serve after it. What they did not serve then is noted, no failure.
class ServedBefore {
  public:
    ServedBefore(Engine& engine, ImageAnswers& answers, const Files& files, const Clock& clock, std::string project);

    /// Asks the services' programs, each once. One that does not answer served nothing.
    void remember(const std::set<std::string>& services);
    /// Asks the service again.
    Agreement again(const std::string& service, double start_seconds,
                    const std::function<void(const std::string&)>& waiting);

  private:
    Engine& engine_;
    ImageAnswers& answers_;
    const Files& files_;
    const Clock& clock_;
    Project project_;
    std::map<std::string, ServingByKind> before_;  // by service
};

}  // namespace pilotpros
