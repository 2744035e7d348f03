#include "core/apps/node/module.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/asking.h"
#include "core/apps/node/advise.h"
#include "core/apps/node/demand.h"
#include "core/apps/node/facts.h"
#include "core/apps/node/heap.h"
#include "core/apps/node/in_force.h"
#include "core/apps/node/options.h"
#include "core/apps/node/server.h"
#include "core/apps/node/verify.h"
#include "core/apps/signs.h"
#include "core/docker/json.h"
#include "core/model/error.h"
#include "core/sys/files.h"

namespace pilotpros::apps::node {

namespace {

// One line of JSON from V8 itself.
constexpr const char* kAskV8 =
    "JSON.stringify({version:process.versions.node,v8:process.versions.v8,heap_limit:require('v8').getHeapStatistics()."
    "heap_size_limit})";

std::optional<Recognition> recognise(const Evidence& evidence) {
    static const Signs kSigns{"node", is_node, {"NODE_VERSION", "YARN_VERSION"}, {"NODE_ENV", "NODE_OPTIONS"},
                              {},     {"node"}};
    return weigh(kSigns, evidence);
}

/// NODE_OPTIONS as the process itself has it: an entrypoint may have changed it. Only where the process is provably
/// ours to look at.
std::optional<std::string> options_of_process(const Asking& asking, const ContainerProcess* process) {
    if (!asking.facts.local || process == nullptr || process->pid <= 0) {
        return std::nullopt;
    }
    try {
        const DiskFiles files;
        const auto group = files.read(fmt::format("/proc/{}/cgroup", process->pid));
        const auto environment = files.read(fmt::format("/proc/{}/environ", process->pid));
        if (!group || !environment || environment->empty() ||
            group->find(asking.evidence.container->id) == std::string::npos) {
            return std::nullopt;
        }
        const std::string name = "NODE_OPTIONS=";
        for (std::size_t at = 0; at < environment->size();) {
            const auto end = std::min(environment->find('\0', at), environment->size());
            if (environment->compare(at, name.size(), name) == 0) {
                return environment->substr(at + name.size(), end - at - name.size());
            }
            at = end + 1;
        }
        return std::string{};
    } catch (const Error&) {
        return std::nullopt;  // another user's process
    }
}

struct Deciding {
    Options environment, command;
    std::string source;  ///< of the last heap flag
    bool by_entrypoint = false;
};

Deciding decide_by(const Asking& asking, const Server& server) {
    Deciding result;
    // Not public as a whole: an option's value may be anything. What read_options lets through are checked numbers and
    // options' names, which node would not start with were they not its own.
    const auto set = variable(asking.evidence, "NODE_OPTIONS");
    const std::string configured = set ? set->reveal() : std::string{};
    const auto actual = options_of_process(asking, server.process);
    const std::string text = actual ? *actual : configured;
    result.environment = read_options(split_node_options(text));
    result.command = read_options(server.program.options);
    result.by_entrypoint = text != configured;
    if (!result.command.heap.empty()) {
        result.source = "command line";
    } else if (result.environment.heap.empty()) {
        result.source = "V8's default";
    } else if (text != configured) {
        result.source = "entrypoint";
    } else {
        result.source = is_of_image(asking.evidence, "NODE_OPTIONS", text) ? "image" : "environment";
    }
    return result;
}

/// Which node to start: the one that the server was started with.
std::string executable_of(const Program& program) {
    return interpreter_of(program.name) == "node" && !program.path.empty() ? program.path : "node";
}

void ask_v8(Asking& asking, const Program& program, Facts& facts, std::vector<Gap>& gaps) {
    const std::string image = image_id(asking.evidence);
    if (image.empty()) {
        gaps.push_back(gap(asking, "version and heap limit of node", "the image is not known"));
        return;
    }
    ThrowawayRequest request;
    request.image = image;
    request.argv.push_back(executable_of(program));
    request.argv.insert(request.argv.end(), facts.heap_flags.begin(), facts.heap_flags.end());
    request.argv.insert(request.argv.end(), {"-p", kAskV8});
    // The image's own NODE_OPTIONS are among the flags already, where they count.
    request.environment = {"NODE_OPTIONS="};
    request.memory = facts.memory_limit;
    const std::string question =
        fmt::format("node 1 {} [{}] {}", request.argv.front(), fmt::join(facts.heap_flags, " "), request.memory);
    std::string why;
    const nlohmann::json answer = ask_image(asking, question, request, why);
    facts.version = text(answer, "version");
    facts.v8 = text(answer, "v8");
    facts.heap_limit = std::max<Bytes>(0, integer(answer, "heap_limit"));
    if (facts.version.empty() || facts.heap_limit == 0) {
        gaps.push_back(gap(asking, "version and heap limit of node",
                           why.empty() ? "a container of the image answered nonsense" : why));
    }
}

/// The command of what does not run, by files or image.
Program planned_program(const Evidence& evidence) {
    if (evidence.container != nullptr) {
        return program_of(evidence.container->argv);
    }
    std::vector<Secret> words;
    if (evidence.service != nullptr) {
        for (const char* key : {"entrypoint", "command"}) {
            for (const std::string& word : texts(evidence.service->resolved, key)) {
                words.emplace_back(word);
            }
        }
    }
    if (words.empty() && evidence.image != nullptr) {
        words = evidence.image->entrypoint;
        words.insert(words.end(), evidence.image->command.begin(), evidence.image->command.end());
    }
    return program_of(words);
}

Answers ask(Asking& asking) {
    Answers answers;
    Facts facts;
    auto server = why_not_running(asking.evidence) ? std::nullopt : find_server(programs(asking.evidence));
    if (!server) {
        facts.from_files = true;
        server = server_of(planned_program(asking.evidence));
        answers.gaps.push_back(gap(asking, "which process is the node server",
                                   why_not_running(asking.evidence).value_or("no process of the container is node's")));
    }
    const Server found = server.value_or(Server{});
    const Deciding deciding = decide_by(asking, found);
    facts.heap_flags = deciding.environment.heap;
    facts.heap_flags.insert(facts.heap_flags.end(), deciding.command.heap.begin(), deciding.command.heap.end());
    facts.command_heap_flags = deciding.command.heap;
    facts.entrypoint_sets_options = deciding.by_entrypoint;
    facts.option_names = deciding.environment.names;
    facts.option_names.insert(facts.option_names.end(), deciding.command.names.begin(), deciding.command.names.end());
    facts.heap_decided_by = deciding.source;
    facts.memory_limit = memory_limit(asking.evidence);
    facts.node_environment = public_variable(asking.evidence, "node", "NODE_ENV").value_or("");
    facts.package = found.package;
    facts.wrappers = found.wrappers;
    facts.development = found.development;
    if (facts.node_environment == "development") {
        facts.development.emplace_back("NODE_ENV");
    }
    facts.processes = found.processes;
    facts.servers = found.servers;
    facts.server_pid = found.process != nullptr ? found.process->pid : 0;
    ask_v8(asking, found.program, facts, answers.gaps);
    answers.facts = facts;
    return answers;
}

}  // namespace

std::vector<std::string> describe(const Facts& facts) {
    if (facts.version.empty()) {
        return {};
    }
    std::string first = "Node.js " + facts.version;
    if (!facts.package.empty()) {
        first += ", runs " + facts.package;
    }
    if (!facts.wrappers.empty()) {
        first += fmt::format(" under {}", fmt::join(facts.wrappers, ", "));
    }
    std::vector<std::string> lines{first};
    lines.push_back(fmt::format("heap limit {} by {}{}, container {}", format_bytes(facts.heap_limit),
                                facts.heap_decided_by,
                                facts.heap_flags.empty() ? "" : fmt::format(" ({})", fmt::join(facts.heap_flags, " ")),
                                facts.memory_limit > 0 ? format_bytes(facts.memory_limit) : "without a limit"));
    if (!facts.development.empty()) {
        lines.push_back(fmt::format("a development server: {}", fmt::join(facts.development, ", ")));
    }
    return lines;
}

ApplicationModule module() {
    ApplicationModule module{
        "node", recognise, ask, {"NODE_ENV", "NODE_VERSION", "UV_THREADPOOL_SIZE"}, [](const nlohmann::json& facts) {
            return describe(facts.get<Facts>());
        }};
    module.demand = demand;
    module.beside = [](const ServiceObservation& service, const Container& container, const nlohmann::json& facts) {
        return resident_beside(service, container, facts.get<Facts>());
    };
    module.advise = advise;
    module.verify = verify;
    module.not_in_force = not_in_force;
    module.decision = {
        {"V8 takes half of the limit by itself, which is right most of the time: a heap is written only where that, or "
         "the user's own "
         "flag, does not fit, or where the container held three quarters of the heap's ceiling beside what else is in "
         "it, and memory is unused.",
         "The limit holds the heap's ceiling, 40 MiB and 5 % of it for node, and what else was seen in the container.",
         "It is merged into NODE_OPTIONS wherever that is set; a heap on the command line wins over it, and is told."},
        "https://nodejs.org/docs/latest/api/cli.html#node_optionsoptions"};
    return module;
}

}  // namespace pilotpros::apps::node
