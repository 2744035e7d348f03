#include "core/advise/healthcheck.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "core/advise/health_schedule.h"
#include "core/advise/probe_edit.h"
#include "core/advise/service_state.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

/// Services that another one waits for until they are healthy.
std::set<std::string> waited_for(const Project& project) {
    std::set<std::string> names;
    for (const auto& [name, service] : project.services) {
        const Json& needs = member(service.resolved, "depends_on");
        if (needs.is_object()) {
            for (const auto& [needed, how] : needs.items()) {
                if (text(how, "condition") == "service_healthy") {
                    names.insert(needed);
                }
            }
        }
    }
    return names;
}

/// TCP ports of the container, each once.
std::vector<int> ports_of(const Json& resolved, const ServiceObservation& service, const Image* image) {
    std::set<int> ports;
    const auto add = [&](const std::string& port) {
        int number = 0;
        const auto [rest, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        const std::string protocol{rest, port.data() + port.size()};
        if (error == std::errc{} && (protocol.empty() || protocol == "/tcp") && number > 0 && number < 65536) {
            ports.insert(number);
        }
    };
    for (const Json& port : member(resolved, "ports")) {
        if (const Json& target = member(port, "target"); target.is_number_integer()) {
            add(target.dump() + "/" + (text(port, "protocol").empty() ? "tcp" : text(port, "protocol")));
        }
    }
    for (const std::string& port : texts(resolved, "expose")) {
        add(port);
    }
    if (ports.empty()) {
        for (const Container& container : service.containers) {
            std::for_each(container.exposed_ports.begin(), container.exposed_ports.end(), add);
        }
        if (image != nullptr) {
            std::for_each(image->exposed_ports.begin(), image->exposed_ports.end(), add);
        }
    }
    return {ports.begin(), ports.end()};
}

Json shown_probe(const Json& test, const Probe& probe) {
    if (test.is_null()) {
        return nullptr;
    }
    return probe.understood ? test : Json("(a test that may hold a secret)");
}

/// Which test it is to be.
class Testing {
  public:
    explicit Testing(HealthDraft& draft) : draft_(draft) {}

    void test() {
        if (const auto pin = draft_.pinned("healthcheck.test")) {
            const Json after = *pin == "NONE" ? Json::array({"NONE"}) : Json::array({"CMD-SHELL", *pin});
            Change& one = draft_.change("test", shown_probe(draft_.test_before, draft_.probe), after, kPinned, kPinned);
            one.recipe = recipe_of_probe(draft_.kind);
            draft_.program = read_probe(after).program;
            if (draft_.probe.none()) {
                draft_.proposed = true;  // without its test, the times of a check are none
                one.joint = "health check";
            }
            return;
        }
        if (draft_.probe.none()) {
            propose();
            return;
        }
        draft_.program = draft_.probe.program;
        std::vector<ProbeComplaint> complaints;
        const bool socket = service_asks_over_socket(draft_.resolved(), draft_.probe);
        const bool orphan = postgres_inherits(draft_.service, draft_.resolved()) &&
                            leaves_child(draft_.probe, draft_.image_reference());
        const bool ipv6 = !has_no_ipv6(draft_.resolved());
        const auto plan = repair_probe(draft_.probe, draft_.tools, {draft_.passed, socket, orphan, ipv6}, complaints);
        for (ProbeComplaint& complaint : complaints) {
            draft_.advice.findings.push_back({draft_.service.service, "health-check-wrong", complaint.severity,
                                              std::move(complaint.what), std::move(complaint.harm),
                                              std::move(complaint.fix),
                                              "https://docs.docker.com/reference/compose-file/services/#healthcheck"});
        }
        if (!plan) {
            if (complaints.empty()) {
                draft_.leave("healthcheck.test",
                             draft_.passed ? "it works" : "nothing is wrong with it as far as it can be read");
            }
            return;
        }
        // A drop-in for another program takes another time than what was measured.
        draft_.probes = plan->program == draft_.probe.program ? draft_.probes : ProbeTimes{};
        draft_.program = plan->program;
        Change& one =
            draft_.change("test", shown_probe(draft_.test_before, draft_.probe), plan->test, plan->reason, plan->rule);
        one.as_written = draft_.users_own && plan->test.dump().find('$') != std::string::npos;
        one.recipe = plan->recipe;
        one.source = plan->source;
        if (!tools_known()) {
            one.inputs.push_back({"commands of the image", "not known", "nobody could look"});
        }
    }

  private:
    [[nodiscard]] bool tools_known() const { return draft_.service.probe_commands_known; }

    /// A service that begins, does its work and ends has nothing to be asked.
    [[nodiscard]] bool runs() const {
        return std::any_of(draft_.service.containers.begin(), draft_.service.containers.end(),
                           [](const Container& container) { return container.running(); });
    }

    void propose() {
        std::string why_not = runs() ? "" : "it does not run, so no probe could be proven";
        const auto plan = runs()
                              ? propose_probe(draft_.service, ports_of(draft_.resolved(), draft_.service, draft_.image),
                                              draft_.tools, why_not)
                              : std::nullopt;
        if (!plan) {
            draft_.leave("healthcheck.test", "it has none, and none is proposed: " + why_not);
            if (runs()) {
                draft_.advice.findings.push_back(missing(why_not));
            }
            return;
        }
        draft_.program = plan->program;
        draft_.proposed = true;
        Change& one = draft_.change("test", nullptr, plan->test, plan->reason, plan->rule);
        one.joint = "health check";
        one.recipe = plan->recipe;
        one.source = plan->source;
    }

    [[nodiscard]] Finding missing(const std::string& why_not) const {
        std::string fix =
            "healthcheck:\n  test: [\"CMD\", …]  # a command of the image that fails when it does not answer";
        if (draft_.kind == "nginx") {
            const std::string ask = draft_.tools.has("curl") || !draft_.tools.has("wget")
                                        ? R"("curl", "-fsS", "-o", "/dev/null")"
                                        : R"("wget", "-q", "-O", "/dev/null")";
            fix = fmt::format(
                "in the server block:\n  location = /nginx-health {{ access_log off; return 200; }}\nin the Compose "
                "file:\n  healthcheck:\n    test: [\"CMD\", {}, \"http://127.0.0.1:80/nginx-health\"]",
                ask);
        }
        return {draft_.service.service,
                "no-health-check",
                draft_.waited ? Finding::Severity::kWarning : Finding::Severity::kNote,
                "it has no health check, and none can be proposed: " + why_not,
                "nobody can wait until it answers, or see that it no longer does",
                fix,
                "https://docs.docker.com/reference/compose-file/services/#healthcheck"};
    }

    HealthDraft& draft_;
};

void leave_pinned_schedule(HealthDraft& draft) {
    if (draft.wish == nullptr) {
        return;
    }
    for (const auto& [key, pin] : draft.wish->pinned) {
        if (key.starts_with("healthcheck.")) {
            draft.leave(key, "pinned by x-pilotpros, but there is no health check that it could be of");
        }
    }
}

Advice advise_health_of(HealthDraft draft) {
    if (draft.wish != nullptr && draft.wish->excludes("healthcheck")) {
        draft.leave("*", "excluded by x-pilotpros");
    } else if (draft.disabled && !draft.pinned("healthcheck.test")) {
        draft.leave("healthcheck.test", "you switched the health check off");
        leave_pinned_schedule(draft);
    } else {
        Testing(draft).test();
        if (!draft.probe.none() || !draft.advice.changes.empty()) {
            advise_schedule(draft);
        } else {
            leave_pinned_schedule(draft);
        }
    }
    return std::move(draft.advice);
}

}  // namespace

Advice advise_healthcheck(const Case& input) {
    const std::set<std::string> waited = waited_for(input.project);
    Advice advice;
    for (const ServiceObservation& service : input.observation.services) {
        const Service* const of_files = input.service(service.service);
        if (of_files != nullptr && of_files->profiled_out && service.containers.empty()) {
            continue;
        }
        advice.add(advise_health_of(HealthDraft(input, service, waited.contains(service.service))));
    }
    return advice;
}

}  // namespace pilotpros
