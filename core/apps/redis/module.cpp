#include "core/apps/redis/module.h"

#include <algorithm>

#include "core/apps/asking.h"
#include "core/apps/redis/facts.h"
#include "core/apps/redis/question.h"
#include "core/apps/signs.h"

namespace pilotpros::apps::redis {

namespace {

bool is_server(const Program& program) {
    return program.name == "redis-server" || program.name == "valkey-server" || program.name == "keydb-server" ||
           program.name == "redis-sentinel";
}

std::optional<Recognition> recognise(const Evidence& evidence) {
    static const Signs kSigns{"redis-server",
                              is_server,
                              {"REDIS_VERSION", "VALKEY_VERSION"},
                              {"REDIS_PASSWORD", "ALLOW_EMPTY_PASSWORD"},
                              {6379},
                              {"redis", "valkey", "keydb"}};
    return weigh(kSigns, evidence);
}

/// From its title "redis-server *:7000 [cluster]", or from `--port 7000`; empty when neither says.
std::string port_of(const Evidence& evidence) {
    const auto digits = [](const std::string& text) {
        return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos;
    };
    for (const auto& [process, program] : programs(evidence)) {
        if (!is_server(program)) {
            continue;
        }
        for (std::size_t i = 0; i < program.options.size(); ++i) {
            const std::string& word = program.options[i];
            const auto colon = word.rfind(':');
            if (colon != std::string::npos && digits(word.substr(colon + 1))) {
                return word.substr(colon + 1);
            }
            if (word == "--port" && i + 1 < program.options.size() && digits(program.options[i + 1])) {
                return program.options[i + 1];
            }
        }
    }
    return {};
}

std::string why_refused(const ExecResult& result) {
    const std::string all = result.output + result.error;
    const auto says = [&](const char* words) { return all.find(words) != std::string::npos; };
    if (says("NOAUTH") || says("WRONGPASS") || says("AUTH failed")) {
        return "the server wants a password that the container's environment does not have";
    }
    if (says("NOPERM")) {
        return "the server's access list does not let us ask";
    }
    if (says("LOADING")) {
        return "the server is still loading its data";
    }
    if (says("Could not connect") || says("Connection refused")) {
        return "no server answers at its port";
    }
    if (says("not found")) {
        return "the container has no redis-cli";
    }
    return result.ok() ? "its answer could not be read" : why_failed(result);
}

std::vector<InsideProgram> begins_with(const Evidence& evidence) {
    std::vector<std::string> command{"sh", "-c", kScript, "pilotpros", port_of(evidence)};
    command.insert(command.end(), kConfigNames.begin(), kConfigNames.end());
    return {{"", std::move(command)}};
}

Answers ask(Asking& asking) {
    Answers answers;
    const auto fail = [&](const std::string& why) {
        answers.gaps.push_back(gap(asking, "what Redis says of itself", why));
        return answers;
    };
    if (const auto why = why_not_running(asking.evidence)) {
        return fail(*why);
    }
    const ExecResult result = run_all(asking, begins_with(asking.evidence)).front();
    const Facts facts = read_facts(result.output);
    if (facts.version.empty()) {
        return fail(result.started && !result.timed_out ? why_refused(result) : why_failed(result));
    }
    if (facts.config.empty()) {
        answers.gaps.push_back(gap(asking, "settings of Redis", "the server refuses CONFIG GET"));
    }
    answers.facts = facts;
    return answers;
}

}  // namespace

ApplicationModule module() {
    ApplicationModule module{
        "redis", recognise, ask, {"REDIS_VERSION", "VALKEY_VERSION"}, [](const nlohmann::json& facts) {
            return describe(facts.get<Facts>());
        }};
    module.begins_with = begins_with;
    module.demand = [](const Case&, const ServiceObservation&, const nlohmann::json& facts) {
        return demand(facts.get<Facts>());
    };
    return module;
}

}  // namespace pilotpros::apps::redis
