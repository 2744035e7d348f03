#include "core/apps/n8n/module.h"

#include <algorithm>

#include "core/apps/asking.h"
#include "core/apps/n8n/advise.h"
#include "core/apps/n8n/facts.h"
#include "core/apps/n8n/question.h"
#include "core/apps/n8n/serving.h"
#include "core/apps/n8n/verify.h"
#include "core/apps/signs.h"
#include "core/docker/json.h"

namespace pilotpros::apps::n8n {

namespace {

bool is_n8n(const Program& program) {
    const std::string interpreter = interpreter_of(program.name);
    return program.name == "n8n" || (interpreter == "node" && base_name(program.script) == "n8n");
}

std::optional<Recognition> recognise(const Evidence& evidence) {
    static const Signs kSigns{"n8n", is_n8n, {"N8N_VERSION", "N8N_RELEASE_TYPE"}, {"N8N_"}, {5678}, {"n8n"}};
    return weigh(kSigns, evidence);
}

/// n8n defines these as choices, switches or numbers.
const std::vector<std::string>& public_names() {
    static const std::vector<std::string> kNames{"EXECUTIONS_MODE",
                                                 "DB_TYPE",
                                                 "DB_POSTGRESDB_POOL_SIZE",
                                                 "DB_POSTGRESDB_CONNECTION_TIMEOUT",
                                                 "EXECUTIONS_TIMEOUT",
                                                 "EXECUTIONS_TIMEOUT_MAX",
                                                 "EXECUTIONS_DATA_SAVE_ON_ERROR",
                                                 "EXECUTIONS_DATA_SAVE_ON_SUCCESS",
                                                 "EXECUTIONS_DATA_SAVE_ON_PROGRESS",
                                                 "EXECUTIONS_DATA_PRUNE",
                                                 "EXECUTIONS_DATA_MAX_AGE",
                                                 "EXECUTIONS_DATA_PRUNE_MAX_COUNT",
                                                 "N8N_CONCURRENCY_PRODUCTION_LIMIT",
                                                 "N8N_DEFAULT_BINARY_DATA_MODE",
                                                 "N8N_DISABLE_UI",
                                                 "N8N_GRACEFUL_SHUTDOWN_TIMEOUT",
                                                 "N8N_METRICS",
                                                 "N8N_PAYLOAD_SIZE_MAX",
                                                 "N8N_PORT",
                                                 "N8N_PROXY_HOPS",
                                                 "N8N_PUSH_BACKEND",
                                                 "N8N_RUNNERS_ENABLED",
                                                 "N8N_RUNNERS_MAX_CONCURRENCY",
                                                 "N8N_RUNNERS_MAX_OLD_SPACE_SIZE",
                                                 "N8N_RUNNERS_MODE",
                                                 "N8N_VERSION",
                                                 "N8N_RELEASE_TYPE",
                                                 "NODE_ENV"};
    return kNames;
}

/// Where n8n's folder is, for people and for what is mounted there.
constexpr const char* kUserFolder = "N8N_USER_FOLDER";
constexpr const char* kHome = "HOME";

std::vector<std::string> all_public_names() {
    std::vector<std::string> names = public_names();
    names.insert(names.end(), {kUserFolder, kHome});
    return names;
}

/// A value that is a word or a number, as n8n's choices are; anything else may be a secret in the wrong place.
bool is_plain(const std::string& value) {
    return value.size() <= 24 &&
           value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
               std::string::npos;
}

/// A folder's absolute path; anything else may be a secret in the wrong place.
bool is_path(const std::string& value) {
    return value.size() <= 256 && value.front() == '/' &&
           std::all_of(value.begin(), value.end(), [](unsigned char letter) { return letter > ' ' && letter < 127; });
}

std::vector<std::string> set_names(const Evidence& evidence) {
    std::vector<std::string> names;
    if (evidence.container != nullptr) {
        for (const auto& [name, value] : evidence.container->environment) {
            if (!is_of_image(evidence, name, value.reveal())) {
                names.push_back(name);
            }
        }
    } else if (evidence.service != nullptr) {
        names = keys(evidence.service->resolved, "environment");
    }
    return names;
}

const Program* main_program(const std::vector<std::pair<const ContainerProcess*, Program>>& all) {
    const auto found = std::find_if(all.begin(), all.end(), [](const auto& one) { return is_n8n(one.second); });
    return found == all.end() ? nullptr : &found->second;
}

void read_role(Facts& facts, const Program& program) {
    const auto& words = program.script.empty() ? program.options : program.arguments;
    const auto says = [&](const char* word) { return std::find(words.begin(), words.end(), word) != words.end(); };
    facts.role = says("worker") ? "worker" : says("webhook") ? "webhook" : "main";
}

void find_folder(const Asking& asking, const std::string& home_of_image, Facts& facts, std::vector<Gap>& gaps) {
    const Evidence& evidence = asking.evidence;
    const auto folder = public_variable(evidence, "n8n", kUserFolder);
    const auto home = public_variable(evidence, "n8n", kHome);
    const bool own_user =
        evidence.container != nullptr && evidence.image != nullptr && evidence.container->user != evidence.image->user;
    if (const auto& set = folder && !folder->empty() ? folder : home; set && !set->empty()) {
        if (!is_path(*set)) {
            gaps.push_back(gap(asking, "where n8n keeps its folder", "its environment names no absolute path"));
            return;
        }
        facts.folder = *set + "/.n8n";
    } else if (!home_of_image.empty() && !own_user) {
        facts.folder = home_of_image + "/.n8n";
    } else {
        gaps.push_back(
            gap(asking, "where n8n keeps its folder", "the container runs as another user than its image says"));
        return;
    }
    if (evidence.container != nullptr) {
        facts.folder_lies_on = lies_on(*evidence.container, facts.folder);
    }
}

Answers ask(Asking& asking) {
    Answers answers;
    Facts facts;
    const auto all = programs(asking.evidence);
    const Program* const running = main_program(all);
    const Program planned =
        asking.evidence.container != nullptr ? program_of(asking.evidence.container->argv) : Program{};
    read_role(facts, running != nullptr ? *running : planned);
    if (const auto why = why_not_running(asking.evidence)) {
        answers.gaps.push_back(gap(asking, "n8n as it runs", *why));
    }
    for (const std::string& name : public_names()) {
        if (const auto value = public_variable(asking.evidence, "n8n", name); value && is_plain(*value)) {
            facts.values[name] = *value;
        }
    }
    const auto value_or = [&](const char* name, const char* fallback) {
        const auto found = facts.values.find(name);
        return found == facts.values.end() || found->second.empty() ? std::string{fallback} : found->second;
    };
    facts.mode = value_or("EXECUTIONS_MODE", "regular");
    facts.database = value_or("DB_TYPE", "sqlite");
    facts.set_names = set_names(asking.evidence);
    facts.key_in_environment =
        variable(asking.evidence, "N8N_ENCRYPTION_KEY") || variable(asking.evidence, "N8N_ENCRYPTION_KEY_FILE");

    ThrowawayRequest request;
    request.image = image_id(asking.evidence);
    nlohmann::json package;
    std::string why = "the image is not known";
    if (!request.image.empty()) {
        const std::string node = running != nullptr && interpreter_of(running->name) == "node" ? running->path : "node";
        const std::string hint =
            running != nullptr && !running->script.empty() && running->script.front() == '/' ? running->script : "";
        request.argv = {node, "-e", kAskPackage, hint};
        request.environment = {"NODE_OPTIONS="};
        request.memory = Bytes{768} << 20U;
        request.timeout = std::chrono::seconds{60};
        package = ask_image(asking, "n8n 1 " + node + " " + hint, request, why);
    }
    facts.version = text(package, "version");
    facts.package_path = text(package, "path");
    facts.configured = texts(package, "configured");
    facts.mentioned = texts(package, "mentioned");
    if (facts.version.empty()) {
        answers.gaps.push_back(
            gap(asking, "version of n8n",
                package.is_object() ? "the image holds no n8n package where it was looked for" : why));
    }
    if (facts.configured.empty()) {
        answers.gaps.push_back(gap(asking, "environment names that this n8n reads",
                                   facts.version.empty() ? why : "its configuration could not be loaded"));
    } else {
        facts.unknown_names = unknown_names(facts.set_names, facts.configured, facts.mentioned);
    }
    find_folder(asking, text(package, "home"), facts, answers.gaps);
    answers.facts = facts;
    return answers;
}

}  // namespace

ApplicationModule module() {
    ApplicationModule module{"n8n", recognise, ask, all_public_names(),
                             [](const nlohmann::json& facts) { return describe(facts.get<Facts>()); }};
    module.demand = demand;
    module.advise = advise;
    module.verify = verify;
    module.serving = serving;
    module.served_again = served_again;
    module.decision = {
        {"stop_grace_period above its own graceful shutdown: with Docker's 10 s running executions are lost.",
         "A pool of 10 connections where it is busy and its database has them free.",
         "Names that this version does not read are told with the right ones, and an encryption key that only the "
         "container has."},
        "https://docs.n8n.io/hosting/configuration/environment-variables/"};
    return module;
}

}  // namespace pilotpros::apps::n8n
