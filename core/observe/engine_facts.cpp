#include "core/observe/engine_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/docker/json.h"
#include "core/docker/stats.h"
#include "core/observe/read_inspect.h"

namespace pilotpros {

EngineFacts observe_engine(Engine& engine) {
    Request info;
    info.path = "/info";
    Request version;
    version.path = "/version";
    const std::vector<Response> answers = engine.call_all({info, version});
    for (const Response& answer : answers) {
        if (!answer.ok()) {
            throw EngineLost("the engine does not say what it is: " + answer.message());
        }
    }
    return read_engine(parse_answer(answers[0].body, info.path), parse_answer(answers[1].body, version.path));
}

bool is_local(const std::vector<Container>& containers, const Files& files) {
    return std::any_of(containers.begin(), containers.end(), [&](const Container& container) {
        if (container.pid <= 0) {
            return false;
        }
        try {
            const auto groups = files.read(fmt::format("/proc/{}/cgroup", container.pid));
            return groups && groups->find(container.id) != std::string::npos;
        } catch (const Error&) {
            return false;  // it ended this moment, or /proc hides it: no proof
        }
    });
}

int observe_others(Engine& engine, const std::vector<ListedContainer>& listed, const std::string& project,
                   EngineFacts& into) {
    constexpr std::size_t kAsked =
        64;  // a sample costs the engine about a millisecond; more would delay the first facts
    std::vector<Request> requests;
    std::vector<const ListedContainer*> asked;
    for (const ListedContainer& container : listed) {
        if (container.state != "running" || (container.project == project && !container.oneoff)) {
            continue;
        }
        ++into.others_running;
        if (asked.size() < kAsked) {
            Request request;
            request.path = fmt::format("/containers/{}/stats", container.id);
            request.query = {{"stream", "0"}, {"one-shot", "1"}};
            requests.push_back(std::move(request));
            asked.push_back(&container);
        }
    }
    const std::vector<Response> responses = engine.call_all(requests);
    int summed = 0;
    for (std::size_t i = 0; i < responses.size(); ++i) {
        StatsSample sample;
        if (responses[i].ok() && parse_stats(responses[i].body, sample) == StatsLine::kSample) {
            ++summed;
            into.others_memory += sample.working_set;
            into.others_by_project[asked[i]->project] += sample.working_set;
        }
    }
    return into.others_running - summed;
}

}  // namespace pilotpros
