// pilotpros-programs-driver node IMAGE-ID MEMORY-MIB NODE_OPTIONS [RESOLVED]
//     what the image's node says of NODE_OPTIONS under that limit; with RESOLVED, NODE_OPTIONS holds ${…}
// pilotpros-programs-driver n8n IMAGE-ID NAME…   what the image's n8n says of environment names
// pilotpros-programs-driver recipe IMAGE-ID      what the image's n8n does with each line of the recipe
// Prints "OUTCOME: what was said".
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/application.h"
#include "core/apps/asking.h"
#include "core/apps/n8n/facts.h"
#include "core/apps/n8n/names.h"
#include "core/docker/curl_engine.h"
#include "core/docker/endpoint.h"
#include "core/sys/cancel.h"
#include "core/sys/environment.h"
#include "core/sys/files.h"
#include "core/sys/process.h"

namespace {

using namespace pilotpros;
using Json = nlohmann::json;

class InMemory final : public ImageAnswers {
  public:
    Json find(const std::string& image, const std::string& question) const override {
        const auto found = answers_.find(image + question);
        return found == answers_.end() ? Json() : found->second;
    }
    void keep(const std::string& image, const std::string& question, const Json& answer) override {
        answers_[image + question] = answer;
    }

  private:
    std::map<std::string, Json> answers_;
};

int run(const std::vector<std::string>& words) {
    const Environment environment = Environment::of_process();
    DiskFiles files;
    SystemProcess process;
    Cancel cancel;
    CurlEngine engine{resolve_endpoint({}, environment, files), {"docker"}, process, cancel};
    InMemory answers;
    const std::string kind = words.at(0) == "recipe" ? "n8n" : words.at(0);

    Project project;
    Observation observation;
    Budget budget;
    Wishes wishes;
    Written written;
    project.services["a"].name = "a";
    project.services["a"].resolved = Json::object();
    Image image;
    image.id = words.at(1);
    observation.images[image.id] = image;
    ServiceObservation service;
    service.service = "a";
    service.image_id = image.id;
    EngineFacts facts;
    const apps::Evidence evidence = apps::evidence_of(service, project, observation);
    apps::Asking asking{engine, answers, evidence, facts};
    const apps::ApplicationModule& module = *apps::module_of(kind);
    Json said = module.ask(asking).facts;
    if (words[0] == "recipe") {
        for (const auto& line : apps::n8n::recipe_lines()) {
            std::cout << line.name << ": " << apps::n8n::effect_of(line, said.get<apps::n8n::Facts>()) << '\n';
        }
        return 0;
    }
    std::vector<Change> changes;
    const std::size_t first = kind == "node" ? 3 : 2;
    const std::size_t last = kind == "node" ? 4 : words.size();
    for (std::size_t i = first; i < last; ++i) {
        Change change;
        change.service = "a";
        change.advisor = kind;
        change.key = kind == "node" ? "heap" : words.at(i);
        change.target.path = {"environment", kind == "node" ? "NODE_OPTIONS" : words.at(i)};
        change.after = words.at(i);
        change.as_written = kind == "node" && words.size() > 4;
        changes.push_back(change);
    }
    if (kind == "node") {
        budget.shares["a"].memory = std::stoll(words.at(2)) << 20U;
        if (words.size() > 4) {
            project.services["a"].resolved["environment"]["NODE_OPTIONS"] = words[4];
        }
    }
    const Case input{project, observation, budget, wishes, written, {}};
    const Bundle bundle;
    std::vector<const Change*> pointers;
    pointers.reserve(changes.size());
    for (const Change& change : changes) {
        pointers.push_back(&change);
    }
    apps::Verifying verifying{engine, answers, evidence, facts, service, said, input, pointers, bundle};
    for (const Verdict& verdict : module.verify(verifying)) {
        std::cout << Json(verdict.outcome).get<std::string>() << ": " << verdict.said << '\n';
    }
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return run({words + 1, words + count});
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 70;
    }
}
