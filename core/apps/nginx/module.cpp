#include "core/apps/nginx/module.h"

#include <algorithm>

#include "core/apps/asking.h"
#include "core/apps/nginx/advise.h"
#include "core/apps/nginx/config.h"
#include "core/apps/nginx/facts.h"
#include "core/apps/nginx/serving.h"
#include "core/apps/signs.h"

namespace pilotpros::apps::nginx {

namespace {

bool is_nginx(const Program& program) {
    return program.name == "nginx" || program.name == "openresty" || program.name == "nginx-debug" ||
           program.name == "angie";
}

std::optional<Recognition> recognise(const Evidence& evidence) {
    static const Signs kSigns{"nginx",    is_nginx, {"NGINX_VERSION", "NJS_VERSION"},
                              {"NGINX_"}, {},       {"nginx", "nginx-unprivileged", "openresty", "angie"}};
    return weigh(kSigns, evidence);
}

/// The running server's own program and its -c, -p and -g, so that the files that it reads are the ones that are shown.
/// The exact command line is better than the title: -g holds blanks.
std::vector<std::string> command_of(const Evidence& evidence) {
    std::vector<std::string> words;
    const Program own = program_of(evidence.container->argv);
    if (is_nginx(own)) {
        words = own.options;
        words.insert(words.begin(), own.path);
    } else {
        for (const auto& [process, program] : programs(evidence)) {
            // "master process /usr/sbin/nginx -c /etc/x.conf"
            const auto& title = program.options;
            const auto at = std::find(title.begin(), title.end(), "process");
            if (is_nginx(program) && at != title.end() && at != title.begin() && *std::prev(at) == "master" &&
                std::next(at) != title.end()) {
                words.assign(std::next(at), title.end());
                break;
            }
        }
    }
    std::vector<std::string> command{words.empty() ? "nginx" : words.front()};
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        if (words[i] == "-c" || words[i] == "-p" || (words[i] == "-g" && is_nginx(own))) {
            command.push_back(words[i]);
            command.push_back(words[++i]);
        }
    }
    return command;
}

/// "nginx version: nginx/1.26.3" or "openresty/1.25.3.1".
std::string version_in(const std::string& text) {
    const auto line = text.find(" version: ");
    const auto slash = line == std::string::npos ? line : text.find('/', line);
    if (slash == std::string::npos) {
        return {};
    }
    const auto end = text.find_first_not_of("0123456789.", slash + 1);
    return text.substr(slash + 1, end == std::string::npos ? end : end - slash - 1);
}

std::string complaint_in(const std::string& error) {
    for (const char* level : {"[emerg]", "[alert]", "[crit]", "[error]"}) {
        if (const auto at = error.find(level); at != std::string::npos) {
            std::string line = without_quoted(error.substr(at));
            // "1#1: " names a process, which tells nobody anything.
            if (const auto colon = line.find(": "); colon < 24) {
                line.erase(0, colon + 2);
            }
            return line;
        }
    }
    return "it gave no reason";
}

/// Its version and its configuration: nginx ends after -v only where no -t or -T stands beside it (src/core/nginx.c).
std::vector<InsideProgram> begins_with(const Evidence& evidence) {
    std::vector<std::string> show = command_of(evidence);
    show.insert(show.end(), {"-v", "-T"});
    return {{"", std::move(show)}};
}

Answers ask(Asking& asking) {
    Answers answers;
    if (const auto why = why_not_running(asking.evidence)) {
        answers.gaps.push_back(gap(asking, "what nginx says of itself", *why));
        return answers;
    }
    const ExecResult shown = run_all(asking, begins_with(asking.evidence)).front();
    Facts facts = read_facts(read_configuration(shown.output));
    facts.version = version_in(shown.error);
    facts.accepted = shown.ok();
    if (!shown.started || shown.timed_out || shown.exit_code < 0 || shown.exit_code == 137) {
        answers.gaps.push_back(gap(asking, "configuration of nginx", why_failed(shown)));
    } else if (!facts.accepted) {
        facts.complaint = complaint_in(shown.error);
        answers.gaps.push_back(
            gap(asking, "configuration of nginx", "nginx -T refuses the files as they are now: " + facts.complaint));
    } else if (facts.files.empty()) {
        answers.gaps.push_back(gap(asking, "configuration of nginx", "its answer could not be read"));
    }
    if (facts.version.empty()) {
        answers.gaps.push_back(
            gap(asking, "version of nginx", shown.ok() ? "its answer could not be read" : why_failed(shown)));
    }
    for (const auto& [process, program] : programs(asking.evidence)) {
        const auto& words = program.options;
        facts.workers += is_nginx(program) && !words.empty() && words.front() == "worker" ? 1 : 0;
    }
    if (!facts.version.empty() || !facts.files.empty()) {
        answers.facts = facts;
        if (!facts.is_read()) {  // defaults are no facts
            answers.facts = {{"version", facts.version},
                             {"accepted", facts.accepted},
                             {"complaint", facts.complaint},
                             {"workers", facts.workers}};
        }
    }
    return answers;
}

}  // namespace

ApplicationModule module() {
    ApplicationModule nginx{
        "nginx",
        recognise,
        ask,
        {"NGINX_VERSION", "NJS_VERSION", "PKG_RELEASE", "NGINX_ENTRYPOINT_WORKER_PROCESSES_AUTOTUNE",
         "NGINX_ENTRYPOINT_LOCAL_RESOLVERS", "NGINX_ENTRYPOINT_QUIET_LOGS"},
        [](const nlohmann::json& facts) { return describe(facts.get<Facts>()); }};
    nginx.advise = advise;
    nginx.decision = {{"Workers by the CPU quota, connections to upstreams that are kept, the WebSocket map beside "
                       "them, names that are looked up once.",
                       "Each with the exact lines; whether nginx -t takes the files as they are is told, too.",
                       "Findings only: the files are the user's."},
                      "https://nginx.org/en/docs/http/ngx_http_upstream_module.html"};
    nginx.resolved_once = [](const nlohmann::json& facts) { return resolved_once(facts.get<Facts>()); };
    nginx.reload = [](const nlohmann::json& /*facts*/) {
        return std::vector<InsideProgram>{{"", {"nginx", "-s", "reload"}}};
    };
    nginx.begins_with = begins_with;
    nginx.serving = serving;
    nginx.served_again = served_again;
    return nginx;
}

}  // namespace pilotpros::apps::nginx
