#include "core/advise/probe_repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "core/advise/probe_edit.h"
#include "core/model/json.h"

namespace pilotpros {

namespace {

using Json = nlohmann::json;

constexpr const char* kHealthDocs = "https://docs.docker.com/reference/compose-file/services/#healthcheck";
constexpr const char* kRecipeCurl =
    "its curl -f http://localhost:… stays unhealthy for ever where the image has no curl";
constexpr const char* kRecipeSocket =
    "its pg_isready -U … -d … -t 1 goes over the socket: true before the database is there";

/// In double quotes of a shell, where variables are filled in.
std::string for_shell(const std::string& word) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789_./:=-") == std::string::npos;
    return plain ? word : "\"" + word + "\"";
}

Json as_test(const std::vector<std::string>& words, bool shell, const std::string& tail) {
    if (!shell) {
        Json test = Json::array({"CMD"});
        for (const std::string& word : words) {
            test.push_back(word);
        }
        return test;
    }
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + for_shell(word);
    }
    return Json::array({"CMD-SHELL", tail.empty() ? text : text + " " + tail});
}

/// The words that ask an address by HTTP and fail on an error status, by the cheapest program there is: measured, wget
/// takes 13 ms of CPU, curl 29, node's http.get 124 and more.
std::vector<std::string> http_words(const std::string& url, bool insecure, const ProbeTools& tools) {
    std::vector<std::string> words;
    if (tools.has("wget")) {
        words = {"wget", "-q", "-O", "/dev/null"};
        if (insecure) {
            words.emplace_back("--no-check-certificate");
        }
        words.push_back(url);
    } else if (tools.has("curl")) {
        words = {"curl", insecure ? "-kfsS" : "-fsS", "-o", "/dev/null", url};
    } else if (tools.has("node")) {
        const bool https = url.starts_with("https:");
        words = {"node", "-e",
                 fmt::format("require('{}').get('{}',{}r=>process.exit(r.statusCode<400?0:1)).on('error',()=>process."
                             "exit(1))",
                             https ? "https" : "http", url, https && insecure ? "{rejectUnauthorized:false}," : "")};
    } else if (tools.has("python3") && !insecure) {
        words = {"python3", "-c", fmt::format("import urllib.request as u; u.urlopen('{}', timeout=5)", url)};
    } else if (tools.has("php") && !insecure) {
        words = {"php", "-r", fmt::format("exit(@file_get_contents('{}')===false?1:0);", url)};
    }
    return words;
}

std::vector<std::string> tcp_words(int port, const ProbeTools& tools) {
    if (tools.has("bash")) {
        return {"bash", "-c", fmt::format("</dev/tcp/127.0.0.1/{}", port)};
    }
    if (tools.has("nc")) {
        return {"nc", "-z", "127.0.0.1", std::to_string(port)};
    }
    if (tools.has("node")) {
        return {"node", "-e",
                fmt::format("require('net').connect({},'127.0.0.1').on('connect',()=>process.exit(0)).on('error',()=>"
                            "process.exit(1))",
                            port)};
    }
    if (tools.has("python3")) {
        return {"python3", "-c", fmt::format("import socket; socket.create_connection(('127.0.0.1', {}), 5)", port)};
    }
    return {};
}

ProbePlan plan_of(Json test, std::string program) {
    ProbePlan plan;
    plan.test = std::move(test);
    plan.program = std::move(program);
    plan.source = kHealthDocs;
    return plan;
}

/// Another program for the same address.
std::optional<ProbePlan> replace_program(const Probe& probe, const ProbeTools& tools,
                                         std::vector<ProbeComplaint>& complaints) {
    const std::string missing = tools.lacks(probe.program) ? probe.program : "sh";
    if (!probe.understood || !probe.url || !probe.before.empty()) {
        complaints.push_back({fmt::format("the health check calls {}, which the image does not have", missing),
                              kNeverPasses, "write the health check with a command that the image has"});
        return std::nullopt;
    }
    const bool insecure = probe.program == "curl"
                              ? probe.option("k", "").has_value() ||
                                    std::any_of(probe.words.begin(), probe.words.end(),
                                                [](const Probe::Word& word) { return word.raw == "--insecure"; })
                              : false;
    const std::string url = probe.url->text();
    // A variable of the container is the shell's to fill in.
    const bool shell = url.find("$$") != std::string::npos;
    const std::vector<std::string> words = http_words(url, insecure, tools);
    if (words.empty() || (shell && tools.lacks("sh"))) {
        complaints.push_back(
            {fmt::format("the health check calls {}, and the image has nothing that could ask instead", missing),
             kNeverPasses, "build a small probe into the image, or take the health check out"});
        return std::nullopt;
    }
    ProbePlan plan = plan_of(as_test(words, shell, probe.tail), words.front());
    plan.reason =
        fmt::format("the image has no {}: the check can never pass; {} asks the same address", missing, words.front());
    plan.rule = "the same address, asked by a command that the image has, at 127.0.0.1";
    plan.recipe = kRecipeCurl;
    return plan;
}

/// pg_isready without a host goes over the socket, where initdb's temporary server answers, too.
std::optional<ProbePlan> over_tcp(const Probe& probe, std::vector<ProbeComplaint>& complaints) {
    if (!asks_over_socket(probe)) {
        return std::nullopt;
    }
    const auto host = probe.option("h", "host");
    if (!probe.understood) {
        complaints.push_back({"pg_isready asks over the socket, and its words hold what may be a password",
                              "it passes while initdb's temporary server runs: what waits for the database starts too "
                              "early, once",
                              "add -h 127.0.0.1 to pg_isready in the health check"});
        return std::nullopt;
    }
    Json test = with_words_after(probe, 0, {"-h", "127.0.0.1"});
    if (host) {
        std::string raw = probe.words[host->word].raw;
        raw.replace(raw.rfind(host->value), host->value.size(), "127.0.0.1");
        test = with_word(probe, host->word, raw);
    }
    ProbePlan plan = plan_of(std::move(test), probe.program);
    plan.reason = "over the socket it passes while initdb's temporary server runs, which listens on no port";
    plan.rule = "asked over TCP, where initdb's temporary server does not listen";
    plan.recipe = kRecipeSocket;
    plan.source = "https://github.com/docker-library/postgres/issues/146";
    return plan;
}

/// On top of what else is repaired.
std::optional<ProbePlan> without_orphan(const Probe& probe, std::optional<ProbePlan> plan,
                                        std::vector<ProbeComplaint>& complaints) {
    const auto test = behind_exec(plan ? read_probe(plan->test) : probe);
    if (!test) {
        return plan;
    }
    if (!probe.understood) {
        complaints.push_back({"a shell runs pg_isready, whose words hold what may be a password", kOrphanHarm,
                              "write exec before pg_isready in the health check, or set init: true"});
        return plan;
    }
    if (plan) {
        plan->test = *test;
        plan->reason += "; and a shell that is killed leaves pg_isready to PostgreSQL, which takes its end for a crash";
        plan->rule += ", and behind exec: the engine kills the shell alone";
        return plan;
    }
    plan = plan_of(*test, probe.program);
    plan->reason = kOrphanHarm;
    plan->rule = "behind exec, so that the shell that the engine kills at the timeout is pg_isready itself";
    plan->recipe = kRecipeSocket;
    plan->source = kOrphanSource;
    plan->harm = kOrphanHarm;
    return plan;
}

/// A text fact of an application's settings, where its name is `name`.
std::string setting_value(const Json& facts, const char* name) {
    for (const Json& setting : member(facts, "settings")) {
        if (text(setting, "name") == name) {
            return text(setting, "value");
        }
    }
    return {};
}

int as_port(const std::string& text, int fallback) {
    int port = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && rest == text.data() + text.size() && port > 0 && port < 65536 ? port : fallback;
}

ProbePlan for_postgres(const Json& facts) {
    const int port = as_port(setting_value(facts, "port"), 5432);
    // Without -U and -d each probe leaves a FATAL line in the server's log: tried. Without exec: kOrphanHarm.
    ProbePlan plan =
        plan_of(Json::array({"CMD-SHELL",
                             fmt::format("exec pg_isready -q -h 127.0.0.1{} -U \"${{POSTGRES_USER:-postgres}}\" -d "
                                         "\"${{POSTGRES_DB:-${{POSTGRES_USER:-postgres}}}}\"",
                                         port == 5432 ? "" : fmt::format(" -p {}", port))}),
                "pg_isready");
    plan.reason = "there is none: nobody can wait for the database, or see that it stands still";
    plan.rule =
        "pg_isready over TCP, with the user and database of the container's own environment, behind exec: the engine "
        "kills the shell alone";
    plan.recipe = kRecipeSocket;
    return plan;
}

ProbePlan for_redis(const Json& facts, const std::string& client) {
    const int port = as_port(text(member(facts, "config"), "port"), 6379);
    // redis-cli ends with 0 for LOADING and NOAUTH as well: the answer counts.
    ProbePlan plan = plan_of(
        Json::array({"CMD-SHELL", fmt::format("{} -h 127.0.0.1 -p {} ping | grep -q PONG", client, port)}), client);
    plan.reason = "there is none: nobody can wait for it, or see that it stands still";
    plan.rule = "ping, and PONG has to come back: redis-cli ends well with LOADING and NOAUTH, too";
    return plan;
}

/// On top of what else is repaired of what was meant.
std::optional<ProbePlan> for_its_shell(const Probe& meant, std::optional<ProbePlan> plan,
                                       std::vector<ProbeComplaint>& complaints) {
    constexpr const char* kNoShell =
        "CMD calls a program, and its health check is written for a shell, which reads none of it";
    if (!meant.understood) {
        complaints.push_back({kNoShell, kNeverPasses,
                              "write CMD-SHELL for CMD in the health check, and all that follows as one text",
                              Finding::Severity::kError});
        return std::nullopt;
    }
    if (!plan) {
        plan = plan_of(Json::array({"CMD-SHELL", meant.text}), meant.program);
        plan->reason = kNoShell;
        plan->rule = "the same words, read by a shell";
        return plan;
    }
    plan->reason = fmt::format("{}; {}", kNoShell, plan->reason);
    return plan;
}

}  // namespace

ProbeTools::ProbeTools(const ServiceObservation& service)
    : paths_(service.probe_commands), known_(service.probe_commands_known) {}

bool ProbeTools::lacks(const std::string& command) const {
    // What was looked for: core/observe/probe_commands.cpp.
    static const std::set<std::string> kLookedFor{"curl",       "wget", "nc",        "bash",  "sh",  "node", "python3",
                                                  "pg_isready", "psql", "redis-cli", "nginx", "php", "perl"};
    return known_ && kLookedFor.contains(command) && !paths_.contains(command);
}

std::optional<ProbePlan> repair_probe(const Probe& probe, const ProbeTools& tools, const ProbeSetting& setting,
                                      std::vector<ProbeComplaint>& complaints) {
    if (probe.none()) {
        return std::nullopt;
    }
    if (const auto meant = setting.works ? std::nullopt : meant_for_shell(probe)) {
        return for_its_shell(*meant, repair_probe(*meant, tools, setting, complaints), complaints);
    }
    const bool no_shell = probe.form == Probe::Form::kShell && tools.lacks("sh");
    if (!setting.works && probe.simple && (tools.lacks(probe.program) || no_shell)) {
        return replace_program(probe, tools, complaints);
    }
    if (!setting.works && !probe.simple) {
        for (const char* command : {"curl", "wget", "nc", "node", "python3"}) {
            if (tools.lacks(command) && calls(probe, command)) {
                return replace_program(probe, tools, complaints);
            }
        }
    }
    if (calls(probe, "pg_isready") && probe.simple) {
        std::optional<ProbePlan> plan = setting.socket ? over_tcp(probe, complaints) : std::nullopt;
        if (setting.orphan) {
            plan = without_orphan(probe, std::move(plan), complaints);
        }
        if (plan) {
            return plan;
        }
    }
    if (!setting.ipv6 || !asks_localhost(probe)) {
        return std::nullopt;
    }
    const auto test = probe.understood ? without_localhost(probe) : std::nullopt;
    if (!test) {
        const bool passes = tries_every_address(probe);
        complaints.push_back({"the health check asks localhost, and holds more than can be shown or rewritten",
                              passes ? tries_in_vain(probe)
                                     : "localhost is ::1 first: a program that does not fall back fails on a server "
                                       "that listens on IPv4 alone",
                              "write 127.0.0.1 for localhost in the health check",
                              passes ? Finding::Severity::kNote : Finding::Severity::kWarning});
        return std::nullopt;
    }
    ProbePlan plan = plan_of(*test, probe.program);
    plan.reason = "localhost is ::1 first: busybox's wget does not fall back, others try in vain each time";
    plan.rule = "127.0.0.1 instead of localhost, which is ::1 first";
    plan.recipe = "it asks localhost";
    plan.source = "https://github.com/wallabag/docker/issues/407";
    return plan;
}

std::string recipe_of_probe(const std::string& kind) {
    return kind == "postgres" ? kRecipeSocket : kind == "n8n" || kind == "node" ? kRecipeCurl : "";
}

std::optional<ProbePlan> propose_probe(const ServiceObservation& service, const std::vector<int>& ports,
                                       const ProbeTools& tools, std::string& why_not) {
    const bool shell = !tools.lacks("sh");
    for (const Application& application : service.applications) {
        if (application.confidence < 0.5) {
            continue;
        }
        if (application.kind == "postgres" && shell && tools.has("pg_isready")) {
            return for_postgres(application.facts);
        }
        if (application.kind == "redis" && shell && tools.has("redis-cli")) {
            return for_redis(application.facts, "redis-cli");
        }
        if (application.kind == "nginx") {
            why_not = "no address of this nginx is known to answer without asking anything behind it";
            return std::nullopt;
        }
        if (application.kind == "n8n") {
            const std::string role = text(application.facts, "role");
            if (!role.empty() && role != "main") {
                why_not = "an n8n worker answers by HTTP only with QUEUE_HEALTH_CHECK_ACTIVE=true";
                return std::nullopt;
            }
            const int port = as_port(text(member(application.facts, "values"), "N8N_PORT"), 5678);
            const auto words = http_words(fmt::format("http://127.0.0.1:{}/healthz", port), false, tools);
            if (!words.empty()) {
                ProbePlan plan = plan_of(as_test(words, false, ""), words.front());
                plan.reason = "there is none: nobody can wait for it, or see that it stands still";
                plan.rule = "n8n's own /healthz, which does not ask the database: an outage there is not n8n's";
                plan.recipe = kRecipeCurl;
                plan.source = "https://docs.n8n.io/hosting/logging-monitoring/monitoring/";
                return plan;
            }
        }
        if (application.kind == "node" || application.kind == "python") {
            if (ports.size() != 1) {
                why_not = ports.empty() ? "no port is known on which it listens"
                                        : "it has several ports, and nothing tells which one answers";
                return std::nullopt;
            }
            if (const auto words = tcp_words(ports.front(), tools); !words.empty()) {
                ProbePlan plan = plan_of(as_test(words, false, ""), words.front());
                plan.reason =
                    fmt::format("there is none; port {} is what is known: whether it takes connections", ports.front());
                plan.rule = "whether its port takes connections; an address of its own would tell more";
                plan.recipe = recipe_of_probe(application.kind);
                return plan;
            }
        }
    }
    if (why_not.empty()) {
        why_not = service.applications.empty() ? "no program is known in it, so nothing tells how to ask it"
                                               : "the image has no command that could ask it";
    }
    return std::nullopt;
}

}  // namespace pilotpros
