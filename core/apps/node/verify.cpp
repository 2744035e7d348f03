#include "core/apps/node/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/apps/asking.h"
#include "core/apps/node/demand.h"
#include "core/apps/node/heap.h"
#include "core/apps/node/merge_options.h"
#include "core/apps/node/options.h"
#include "core/apps/node/server.h"
#include "core/model/error.h"
#include "core/model/json.h"
#include "core/model/sha256.h"

namespace pilotpros::apps::node {

namespace {

constexpr Bytes kLargestTrial = 256 * kMiB;

// Fills old space to 97 %: the last per cent is V8's to give up, with a heap error, which is what a heap that fits
// does.
constexpr const char* kFill =
    "const v=require('v8'),s=()=>v.getHeapStatistics(),a=[],l=s().heap_size_limit,g=(l-3*Number(process.argv[1]))*.97;"
    "for(;;){for(let i=0;i<32;i++)a.push(new Array(8000).fill(.5+i));if(s().used_heap_size>=g)break}"
    "console.log('\\n'+JSON.stringify({limit:l}))";
constexpr const char* kAsk = "'\\n'+JSON.stringify({limit:require('v8').getHeapStatistics().heap_size_limit})";

/// What is tried.
struct Trial {
    std::string executable = "node";
    std::vector<std::string> environment, command;  ///< options
    std::vector<std::string> left_out;              ///< names of the server's own that are not tried
    Bytes memory = 0;
    [[nodiscard]] std::vector<std::string> all() const {
        std::vector<std::string> words = environment;
        words.insert(words.end(), command.begin(), command.end());
        return words;
    }
};

Trial trial_of(const Verifying& verifying, const Change& change, const Facts& facts) {
    Trial trial;
    const OwnFlags own = own_flags(verifying.input, verifying.service, facts);
    const std::string after = change.after.is_string() ? change.after.get<std::string>() : std::string{};
    if (change.as_written) {
        // What Compose puts in for ${…}, and then what we wrote outside of it.
        trial.environment = triable_options(own.resolved);
        for (const OptionWord& word : option_words(after, false)) {
            if (!word.open) {
                const auto more = triable_options(word.written);
                trial.environment.insert(trial.environment.end(), more.begin(), more.end());
            }
        }
    } else {
        trial.environment = triable_options(after);
    }
    if (const auto server = find_server(programs(verifying.evidence));
        server && interpreter_of(server->program.name) == "node" && !server->program.path.empty()) {
        trial.executable = server->program.path;
        CommandOptions own_options = command_options(server->program.options);
        trial.command = std::move(own_options.tried);
        trial.left_out = std::move(own_options.left_out);
    }
    trial.command.insert(trial.command.end(), facts.command_heap_flags.begin(), facts.command_heap_flags.end());
    const auto share = verifying.input.budget.shares.find(verifying.service.service);
    trial.memory = share == verifying.input.budget.shares.end() ? 0 : share->second.memory;
    return trial;
}

ThrowawayRequest request_of(const Trial& trial, const std::string& image) {
    ThrowawayRequest request;
    request.image = image;
    request.argv = {trial.executable};
    request.argv.insert(request.argv.end(), trial.command.begin(), trial.command.end());
    // No word holds a blank or a quote: options with a value of that kind are not tried.
    request.environment = {fmt::format("NODE_OPTIONS={}", fmt::join(trial.environment, " "))};
    request.memory = trial.memory;
    return request;
}

std::string question_of(const char* what, const Trial& trial, Bytes memory) {
    return fmt::format("node {} 1 {} {}", what,
                       sha256_hex(fmt::format("{}|{}|{}", trial.executable, fmt::join(trial.environment, " "),
                                              fmt::join(trial.command, " "))),
                       memory);
}

/// Node's own word on an option: "node: --optimize-for-size is not allowed in NODE_OPTIONS". Names only.
std::string complaint_of(const ThrowawayResult& result) {
    for (const char* sign : {"is not allowed in NODE_OPTIONS", "illegal value for flag", "bad option"}) {
        if (const auto at = result.error.find(sign); at != std::string::npos) {
            const auto begin = result.error.rfind('\n', at);
            const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
            return without_quoted(result.error.substr(from, result.error.find('\n', at) - from));
        }
    }
    return why_failed(result);
}

/// Asks once for each image, options and limit; the answer says how it ended, also where it failed.
nlohmann::json ask_once(Verifying& verifying, const std::string& question, const ThrowawayRequest& request) {
    nlohmann::json answer = verifying.image_answers.find(request.image, question);
    if (answer.is_object()) {
        return answer;
    }
    const ThrowawayResult result = ask_in_throwaway(verifying.engine, request);
    answer = nlohmann::json::object();
    if (!result.started || result.timed_out) {
        answer["unanswered"] = why_failed(result);
        return answer;
    }
    answer = {{"exit", result.exit_code}, {"killed", result.oom_killed || result.exit_code == 137}};
    // Refused by V8's own word is as good as full: the heap ended before the container did.
    answer["heap_error"] = result.error.find("heap limit") != std::string::npos;
    const auto line = result.output.rfind("\n{");
    const auto said =
        nlohmann::json::parse(line == std::string::npos ? "" : result.output.substr(line), nullptr, false);
    answer["limit"] = integer(said, "limit");
    if (!result.ok()) {
        answer["complaint"] = complaint_of(result);
    }
    verifying.image_answers.keep(request.image, question, answer);
    return answer;
}

/// Whether V8 names the heap that was asked for.
bool is_as_asked(Bytes limit, const HeapFlags& flags, const Trial& trial) {
    if (flags.percentage > 0) {
        return limit > 0;
    }
    const Bytes old_space = flags.old_space > 0 ? flags.old_space : default_old_space(trial.memory);
    const Bytes young = limit - old_space;
    // Without a flag the version decides the semi-space: at most 64 MiB.
    return flags.semi_space > 0 ? std::abs(young - 3 * flags.semi_space) <= 2 * kMiB
                                : young >= 0 && young <= Bytes{3} * 64 * kMiB;
}

/// Whether the heap lives in the limit when it is full, in words; the Verdict is refused where it does not.
void fill(Verifying& verifying, const Trial& trial, Bytes semi_space, Bytes beside, Verdict& verdict) {
    ThrowawayRequest request = request_of(trial, image_id(verifying.evidence));
    request.argv.insert(request.argv.end(), {"-e", kFill, fmt::format("{}", semi_space)});
    request.memory = trial.memory - beside;
    request.timeout = std::chrono::seconds{60};
    const nlohmann::json filled = ask_once(verifying, question_of("fill", trial, request.memory), request);
    if (filled.contains("unanswered")) {
        verdict.said += "; filling it gave no answer in time: that it fits is derived";
    } else if (flag(filled, "killed")) {
        verdict.outcome = Verdict::Outcome::kRefused;
        verdict.said += fmt::format("; filled, it is killed in {}", format_bytes(request.memory));
    } else if (integer(filled, "exit") == 0 || flag(filled, "heap_error")) {
        verdict.said += fmt::format("; filled, it lives in {}", format_bytes(request.memory));
    } else {
        verdict.said +=
            fmt::format("; filling it ended with exit {}: that it fits is derived", integer(filled, "exit"));
    }
}

Verdict try_change(Verifying& verifying, const Change& change, const HeapChecks& checks) {
    const auto facts = verifying.application_facts.get<Facts>();
    Verdict verdict{verifying.service.service,
                    change.key,
                    Verdict::Outcome::kNotAsked,
                    fmt::format("Node.js {} of this image", facts.version),
                    {},
                    {}};
    const std::string image = image_id(verifying.evidence);
    if (image.empty()) {
        verdict.said = "the image is not known";
        return verdict;
    }
    const Trial trial = trial_of(verifying, change, facts);
    ThrowawayRequest request = request_of(trial, image);
    request.argv.insert(request.argv.end(), {"-p", kAsk});
    const nlohmann::json answer = ask_once(verifying, question_of("limit", trial, trial.memory), request);
    if (answer.contains("unanswered")) {
        verdict.said = text(answer, "unanswered");
        return verdict;
    }
    const Bytes limit = integer(answer, "limit");
    const HeapFlags flags = heap_flags(read_options(trial.all()).heap);
    verdict.outcome = Verdict::Outcome::kRefused;
    if (checks.starts && integer(answer, "exit") != 0) {
        verdict.said = text(answer, "complaint");
        return verdict;
    }
    if (checks.as_asked && !is_as_asked(limit, flags, trial)) {
        verdict.said = fmt::format("heap limit {}, which is not what was asked for", format_bytes(limit));
        return verdict;
    }
    const Bytes beside = std::max(measured_beside(verifying.service, facts), known_beside(facts));
    const Bytes old_space = limit - 3 * heap_in(trial.memory, flags, major_of(facts.version)).semi_space;
    if (checks.holds && trial.memory > 0 && limit + beside > trial.memory) {
        verdict.said =
            fmt::format("heap limit {}, which {} do not hold", format_bytes(limit), format_bytes(trial.memory));
        return verdict;
    }
    verdict.outcome = Verdict::Outcome::kAccepted;
    verdict.said = fmt::format("heap limit {}", format_bytes(limit));
    if (trial.memory > 0 && limit > kLargestTrial + 16 * kMiB) {
        verdict.said += "; not filled, it is large: that it fits is derived";
    } else if (trial.memory > 0 && checks.fill) {
        fill(verifying, trial, (limit - old_space) / 3, beside, verdict);
    }
    if (!trial.left_out.empty()) {
        verdict.said += fmt::format("; tried without {} of its command line", fmt::join(trial.left_out, ", "));
    }
    return verdict;
}

}  // namespace

std::vector<Verdict> verify(Verifying& verifying) { return verify_with(verifying, {}); }

std::vector<Verdict> verify_with(Verifying& verifying, const HeapChecks& checks) {
    std::vector<Verdict> verdicts;
    for (const Change* const change : verifying.changes) {
        if (change->target.path == std::vector<std::string>{"environment", "NODE_OPTIONS"}) {
            verdicts.push_back(try_change(verifying, *change, checks));
        }
    }
    return verdicts;
}

}  // namespace pilotpros::apps::node
