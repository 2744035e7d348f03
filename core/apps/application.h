#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/exec.h"
#include "core/docker/execs_ahead.h"
#include "core/model/advice.h"
#include "core/model/bundle.h"
#include "core/model/observation.h"
#include "core/model/plan.h"
#include "core/model/project.h"
#include "core/observe/image_answers.h"

namespace pilotpros::apps {

/// What there is to recognise an application by. Any part may be missing: a stopped service has no container, a missing
/// engine no image.
struct Evidence {
    const Service* service = nullptr;      ///< from the files
    const Container* container = nullptr;  ///< the first running one, else the first
    const Image* image = nullptr;
    const std::vector<ContainerProcess>* processes = nullptr;  ///< of that container; null when unknown
};

/// The outcome of recognising.
struct Recognition {
    double confidence = 0;              ///< 0 to 1; below 0.5 it is not reported
    std::vector<std::string> evidence;  ///< human words without secrets, e.g. "process postgres", "port 5432"
};

using pilotpros::ImageAnswers;

/// What an application may use to ask.
struct Asking {
    Engine& engine;
    ImageAnswers& image_answers;
    const Evidence& evidence;
    const EngineFacts& facts;
    ExecsAhead* ahead = nullptr;  ///< what was run ahead of being asked for; null: nothing
};

/// What asking gave: the application's facts as JSON (its folder has the type) and what could not be learned.
struct Answers {
    nlohmann::json facts = nlohmann::json::object();
    std::vector<Gap> gaps;
};

/// What an application may use to have a Plan checked by the very program that will read it.
struct Verifying {
    Engine& engine;
    ImageAnswers& image_answers;
    const Evidence& evidence;
    const EngineFacts& facts;
    const ServiceObservation& service;
    const nlohmann::json& application_facts;
    const Case& input;
    std::vector<const Change*> changes;  ///< of this service, all advisors'; never empty
    const Bundle& bundle;                ///< the files as they would lie there
};

/// A program to be run inside a container, as this user; the container's own when empty.
struct InsideProgram {
    std::string user;
    std::vector<std::string> argv;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(InsideProgram, user, argv)

/// What an application serves now, as far as it tells without being used: to be compared with what it served before.
struct Serving {
    nlohmann::json what;  ///< its folder knows how to read it; null: it does not tell
    Seconds after{0};     ///< how long after its container's start it served all of it; 0: it does not tell
};

/// What became of it.
struct ServedAgain {
    std::vector<std::string> missing;  ///< what it served before, and does not now; a line each
    std::vector<std::string> noted;    ///< what is worth saying and no failure, e.g. what was missing before, too
};

/// One application: the four doors.
struct ApplicationModule {
    std::string kind;
    /// Pure. Is it one? Nothing when there is no sign of it.
    std::function<std::optional<Recognition>(const Evidence&)> recognise;
    /// I/O. What does it say of itself? Never throws for what it cannot learn (that is a gap); lets Interrupted and
    /// EngineLost through.
    std::function<Answers(Asking&)> ask;
    /// Names of environment variables whose values are public, e.g. POSTGRES_DB. All others are secret.
    std::vector<std::string> public_environment;
    /// Pure. The facts in a few lines for people; the deciding ones first.
    std::function<std::vector<std::string>(const nlohmann::json& facts)> describe;
    /// Pure. What to watch while usage is measured: a program inside the container that writes lines and ends by itself
    /// after `seconds`. Light: what it uses is measured along.
    std::function<std::vector<std::string>(const Evidence&, const nlohmann::json& facts, int seconds)> watch = nullptr;
    /// I/O, after measuring. Adds to the facts what the watched program wrote, and what only a second look tells.
    /// Throws as `ask` does.
    std::function<void(Asking&, const std::string& written, nlohmann::json& facts)> conclude = nullptr;
    /// Pure. Memory that it knows it needs, before the Budget is made; nothing when it cannot tell.
    std::function<std::optional<Demand>(const Case&, const ServiceObservation&, const nlohmann::json& facts)> demand =
        nullptr;
    /// Pure. What to change in its own settings, within the Budget's share of the service.
    std::function<Advice(const Case&, const ServiceObservation&, const nlohmann::json& facts)> advise = nullptr;
    /// I/O. What the program itself says of those of `changes` that it will read; one Verdict a Change or one for all
    /// of the service. Lets Interrupted and EngineLost through; whatever else it cannot learn is a Verdict kNotAsked.
    std::function<std::vector<Verdict>(Verifying&)> verify = nullptr;
    /// Pure. Hosts whose addresses it looked up once, when it read its configuration; none for one that looks again.
    std::function<std::vector<std::string>(const nlohmann::json& facts)> resolved_once = nullptr;
    /// Pure. Programs, run inside its container, that have it read its configuration again without losing a request:
    /// the first that succeeds is enough. None: it takes a restart.
    std::function<std::vector<InsideProgram>(const nlohmann::json& facts)> reload = nullptr;
    /// Pure. Which of these Changes it does not go by, a line each, as the facts say that were asked after they were
    /// applied. What the facts do not tell is no complaint.
    std::function<std::vector<std::string>(const nlohmann::json& facts, const std::vector<const Change*>&)>
        not_in_force = nullptr;
    /// Pure. The programs that `ask` begins with in the running container: those of all services are run at once.
    std::function<std::vector<InsideProgram>(const Evidence&)> begins_with = nullptr;
    /// I/O, in the running container; light, and changes nothing. What it serves now. Throws as `ask` does.
    std::function<Serving(Asking&, const nlohmann::json& facts)> serving = nullptr;
    /// Pure. What of `before` it does not serve now.
    std::function<ServedAgain(const nlohmann::json& before, const nlohmann::json& now)> served_again = nullptr;
    /// Pure. What the programs beside it hold in this container, as it was listed: kept with what was measured. Nothing
    /// where it is not seen in it.
    std::function<std::optional<Bytes>(const ServiceObservation&, const Container&, const nlohmann::json& facts)>
        beside = nullptr;
    /// How `advise` decides; null lines without one.
    Decision decision = {};
};

/// The application's facts in a few lines, by its module; empty when it has none or nothing was learned.
std::vector<std::string> describe(const Application& application);

/// Every application we know, in the order in which they are tried. Who adds one adds a folder and one line here.
const std::vector<ApplicationModule>& registry();

/// All applications of a service, most confident first. `x-pilotpros: {application: KIND}` in the service decides
/// alone; "none" means none. Several may stay (n8n is a node program); an application that another one subsumes (node
/// below n8n) is kept, with lower rank.
std::vector<Application> recognise_all(const Evidence& evidence);

}  // namespace pilotpros::apps
