#include "core/apps/asking.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/compose/declared_limits.h"
#include "core/docker/json.h"
#include "core/model/error.h"
#include "core/model/paths.h"

namespace pilotpros::apps {

Evidence evidence_of(const ServiceObservation& service, const Project& project, const Observation& observation) {
    Evidence evidence;
    if (const auto found = project.services.find(service.service); found != project.services.end()) {
        evidence.service = &found->second;
    }
    const auto running = std::find_if(service.containers.begin(), service.containers.end(),
                                      [](const Container& container) { return container.running(); });
    if (running != service.containers.end()) {
        evidence.container = &*running;
    } else if (!service.containers.empty()) {
        evidence.container = &service.containers.front();
    }
    if (const auto image = observation.images.find(service.image_id); image != observation.images.end()) {
        evidence.image = &image->second;
    }
    if (evidence.container != nullptr) {
        if (const auto processes = service.processes.find(evidence.container->id);
            processes != service.processes.end()) {
            evidence.processes = &processes->second;
        }
    }
    return evidence;
}

std::string subject_of(const Evidence& evidence) {
    if (evidence.service != nullptr) {
        return evidence.service->name;
    }
    return evidence.container != nullptr ? evidence.container->service : std::string{};
}

Gap gap(const Asking& asking, std::string what, std::string why) {
    return {subject_of(asking.evidence), std::move(what), std::move(why)};
}

std::optional<std::string> why_not_running(const Evidence& evidence) {
    if (evidence.container == nullptr) {
        return "the service has no container";
    }
    if (!evidence.container->running()) {
        return fmt::format("the container is {}, not running",
                           evidence.container->status.empty() ? "gone" : evidence.container->status);
    }
    return std::nullopt;
}

namespace {

std::vector<ExecRequest> in_container(const Evidence& evidence, const std::vector<InsideProgram>& programs,
                                      std::chrono::milliseconds timeout) {
    std::vector<ExecRequest> requests;
    requests.reserve(programs.size());
    for (const InsideProgram& program : programs) {
        requests.push_back({evidence.container->id, program.argv, program.user, timeout});
    }
    return requests;
}

}  // namespace

ExecResult run(Asking& asking, std::vector<std::string> argv, std::chrono::milliseconds timeout, std::string user) {
    return run_all(asking, {{std::move(user), std::move(argv)}}, timeout).front();
}

std::vector<ExecResult> run_all(Asking& asking, const std::vector<InsideProgram>& programs,
                                std::chrono::milliseconds timeout) {
    const auto requests = in_container(asking.evidence, programs, timeout);
    return asking.ahead != nullptr ? asking.ahead->run(requests) : exec_all(asking.engine, requests);
}

std::vector<ExecRequest> first_questions(const Evidence& evidence, const std::vector<Application>& applications) {
    std::vector<InsideProgram> programs;
    for (const Application& application : applications) {
        const ApplicationModule* const asked = module_of(application.kind);
        if (asked != nullptr && asked->begins_with && !why_not_running(evidence)) {
            const std::vector<InsideProgram> begin = asked->begins_with(evidence);
            programs.insert(programs.end(), begin.begin(), begin.end());
        }
    }
    return in_container(evidence, programs, kQuestionTimeout);
}

namespace {

bool mentions(const std::string& text, const char* words) { return text.find(words) != std::string::npos; }

std::string why_not_started(const std::string& complaint) {
    if (mentions(complaint, "executable file not found") || mentions(complaint, "no such file or directory")) {
        return "the container has no such program (or no shell)";
    }
    if (mentions(complaint, "permission denied") || mentions(complaint, "authorization denied")) {
        return "denied";
    }
    if (mentions(complaint, "is not running") || mentions(complaint, "No such container") ||
        mentions(complaint, "No such exec")) {
        return "the container is gone or not running";
    }
    if (mentions(complaint, "is paused")) {
        return "the container is paused";
    }
    return complaint.empty() ? "the engine did not start it" : without_quoted(complaint);
}

}  // namespace

std::string without_quoted(const std::string& text) {
    std::string result;
    char quote = '\0';
    for (const char letter : text.substr(0, text.find('\n'))) {
        if (quote != '\0') {
            quote = letter == quote ? '\0' : quote;
        } else if (letter == '"' || letter == '`' || letter == '\'') {
            quote = letter;
            result += "…";
        } else if (static_cast<unsigned char>(letter) >= ' ') {
            result += letter;
        }
        if (result.size() >= 160) {
            break;
        }
    }
    return result;
}

std::string why_failed(const ExecResult& result) {
    if (!result.started) {
        return why_not_started(result.complaint);
    }
    if (result.timed_out) {
        return "it gave no answer in time";
    }
    if (result.exit_code == 137) {
        return "it was killed half way";
    }
    return result.exit_code < 0 ? "the container ended half way"
                                : fmt::format("it ended with status {}", result.exit_code);
}

std::string why_failed(const ThrowawayResult& result) {
    if (!result.started) {
        return why_not_started(result.complaint);
    }
    if (result.timed_out) {
        return "a container of the image gave no answer in time";
    }
    if (result.oom_killed) {
        return "a container of the image was killed for lack of memory";
    }
    return fmt::format("a container of the image ended with status {}", result.exit_code);
}

std::optional<Secret> variable(const Evidence& evidence, const std::string& name) {
    if (evidence.container != nullptr) {
        const auto found = evidence.container->environment.find(name);
        return found == evidence.container->environment.end() ? std::nullopt : std::optional{found->second};
    }
    if (evidence.service != nullptr) {
        const auto& environment = member(evidence.service->resolved, "environment");
        if (member(environment, name.c_str()).is_string()) {
            return Secret{text(environment, name.c_str())};
        }
    }
    if (evidence.image != nullptr) {
        const auto found = evidence.image->environment.find(name);
        return found == evidence.image->environment.end() ? std::nullopt : std::optional{found->second};
    }
    return std::nullopt;
}

std::optional<std::string> public_variable(const Evidence& evidence, const std::string& kind, const std::string& name) {
    const ApplicationModule* const asked = module_of(kind);
    if (asked == nullptr || std::find(asked->public_environment.begin(), asked->public_environment.end(), name) ==
                                asked->public_environment.end()) {
        return std::nullopt;
    }
    const auto value = variable(evidence, name);
    return value ? std::optional{value->reveal()} : std::nullopt;
}

bool is_of_image(const Evidence& evidence, const std::string& name, const std::string& value) {
    if (evidence.image == nullptr) {
        return false;
    }
    const auto found = evidence.image->environment.find(name);
    return found != evidence.image->environment.end() && found->second.reveal() == value;
}

Bytes memory_limit(const Evidence& evidence) {
    if (evidence.container != nullptr) {
        return evidence.container->limits.memory;
    }
    if (evidence.service == nullptr) {
        return 0;
    }
    return declared_limits(evidence.service->resolved).memory;
}

std::string image_id(const Evidence& evidence) {
    if (evidence.container != nullptr && !evidence.container->image_id.empty()) {
        return evidence.container->image_id;
    }
    return evidence.image != nullptr ? evidence.image->id : std::string{};
}

std::string lies_on(const Container& container, const std::string& path) {
    const Mount* best = nullptr;
    for (const Mount& mount : container.mounts) {
        if (lies_in(path, mount.destination) &&
            (best == nullptr || mount.destination.size() > best->destination.size())) {
            best = &mount;
        }
    }
    if (best == nullptr) {
        return "container layer";
    }
    return best->type == "volume" && best->anonymous ? "anonymous volume" : best->type;
}

std::vector<std::pair<const ContainerProcess*, Program>> programs(const Evidence& evidence) {
    std::vector<std::pair<const ContainerProcess*, Program>> result;
    if (evidence.processes != nullptr) {
        for (const ContainerProcess* process : main_processes(evidence.container, *evidence.processes)) {
            result.emplace_back(process, program_of(process->argv));
        }
    }
    return result;
}

nlohmann::json ask_image(Asking& asking, const std::string& question, const ThrowawayRequest& request,
                         std::string& why) {
    nlohmann::json answer = asking.image_answers.find(request.image, question);
    if (!answer.is_null()) {
        return answer;
    }
    const ThrowawayResult result = ask_in_throwaway(asking.engine, request);
    if (!result.ok()) {
        why = why_failed(result);
        return nullptr;
    }
    std::string line = result.output.substr(0, result.output.find_last_not_of("\r\n ") + 1);
    line.erase(0, line.rfind('\n') == std::string::npos ? 0 : line.rfind('\n') + 1);
    answer = nlohmann::json::parse(line, nullptr, false);
    if (!answer.is_object()) {
        why = "a container of the image answered nonsense";
        return nullptr;
    }
    asking.image_answers.keep(request.image, question, answer);
    return answer;
}

std::vector<Gap> ask_all(Asking& asking, std::vector<Application>& applications) {
    std::vector<Gap> gaps;
    for (Application& application : applications) {
        const ApplicationModule* const asked = module_of(application.kind);
        if (asked == nullptr || !asked->ask) {
            continue;
        }
        try {
            Answers answers = asked->ask(asking);
            application.facts = std::move(answers.facts);
            gaps.insert(gaps.end(), answers.gaps.begin(), answers.gaps.end());
        } catch (const EngineLost&) {
            throw;
        } catch (const Interrupted&) {
            throw;
        } catch (const std::exception&) {
            // What was thrown may quote what was read.
            gaps.push_back(gap(asking, "facts of " + application.kind, "its answer could not be read"));
        }
    }
    return gaps;
}

}  // namespace pilotpros::apps
