#include "core/apps/postgres/trial.h"

#include <charconv>
#include <sstream>

#include "core/apps/asking.h"
#include "core/apps/postgres/trial_script.h"
#include "core/docker/throwaway.h"
#include "core/model/sha256.h"

namespace pilotpros::apps::postgres {

namespace {

constexpr std::chrono::seconds kTime{60};

std::string words_of(const TrialChecks& checks) {
    std::string words;
    const std::pair<bool, const char*> steps[] = {{checks.names, "names"},
                                                  {checks.whole, "whole"},
                                                  {checks.server, "server"},
                                                  {checks.server && checks.buffers, "buffers"},
                                                  {checks.server && checks.sorts, "sorts"}};
    for (const auto& [wanted, word] : steps) {
        words += wanted ? std::string{word} + " " : std::string{};
    }
    return words;
}

/// Bump the number when the script asks otherwise.
std::string question_of(const TrialRequest& request) {
    const nlohmann::json all{request.user,           request.own_path,       request.own,
                             request.flags,          request.checks,         request.postgresql_conf,
                             request.pilotpros_conf, request.memory,         request.shm_size,
                             request.cpus,           words_of(request.which)};
    return "postgres trial 1 " + sha256_hex(all.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::int64_t trial_number(const std::string& text) {
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::string rest_of(std::istringstream& stream) {
    std::string rest;
    std::getline(stream >> std::ws, rest);
    return rest.substr(0, 200);
}

}  // namespace

TrialOutcome read_trial(const std::string& output) {
    TrialOutcome outcome;
    bool done = false;
    std::istringstream lines{output};
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("pilotpros ", 0) != 0) {
            continue;
        }
        std::istringstream stream{line.substr(10)};
        std::string word;
        std::string first;
        stream >> word;
        if (word == "version") {
            const std::string text = rest_of(stream);  // "postgres (PostgreSQL) 17.2 (Debian …)"
            std::istringstream parts{text.substr(std::min(text.find(')'), text.size()))};
            parts >> first >> outcome.version;
        } else if (word == "takes" && stream >> first) {
            outcome.taken.push_back(first);
        } else if (word == "refuses" && stream >> first) {
            outcome.refused.emplace_back(first, rest_of(stream));
        } else if (word == "loads") {
            outcome.loads = true;
        } else if (word == "notwhole") {
            outcome.not_whole = rest_of(stream);
        } else if (word == "nostart") {
            outcome.not_whole = "it does not start: " + rest_of(stream);
        } else if (word == "touched" && stream >> first) {
            outcome.buffers = trial_number(first);
            outcome.peak = std::max<Bytes>(outcome.peak, trial_number(rest_of(stream)));
        } else if (word == "sorted" && stream >> first) {
            outcome.sorts = static_cast<int>(trial_number(first));
            outcome.peak = std::max<Bytes>(outcome.peak, trial_number(rest_of(stream)));
        } else if (word == "fallen") {
            outcome.fell = rest_of(stream);
        } else if (word == "missing") {
            outcome.not_asked = "the image has no " + rest_of(stream);
        } else if (word == "unable") {
            outcome.not_asked = "a server of its own could not be asked: " + rest_of(stream);
            outcome.unable = true;
        } else if (word == "done") {
            done = true;
        }
    }
    outcome.survived = done && outcome.fell.empty() && outcome.not_whole.empty();
    return outcome;
}

TrialOutcome run_trial(Engine& engine, ImageAnswers& answers, const TrialRequest& request) {
    const std::string question = question_of(request);
    if (const nlohmann::json kept = answers.find(request.image, question); kept.is_object()) {
        return read_trial(kept.value("lines", std::string{}));
    }
    ThrowawayRequest container;
    container.image = request.image;
    container.user = request.user;
    container.memory = request.memory;
    container.cpus = request.cpus;
    container.shm_size = request.shm_size;
    container.pids = request.connections + 256;
    container.timeout = kTime;
    std::string checks;
    for (const std::string& check : request.checks) {
        checks += check + "\n";
    }
    const std::string ours = std::string{kPostgresDirectory} + "/postgresql.conf";
    container.files = {{request.own_path, request.own},
                       {ours, request.postgresql_conf},
                       {std::string{kPostgresDirectory} + "/pilotpros.conf", request.pilotpros_conf},
                       {"/pilotpros/checks", checks}};
    container.argv = {"sh", "-c", kTrialScript, "pilotpros", request.own_path, ours, words_of(request.which)};
    for (const std::string& flag : request.flags) {
        container.argv.insert(container.argv.end(), {"-c", flag});
    }
    const ThrowawayResult result = ask_in_throwaway(engine, container);
    TrialOutcome outcome = read_trial(result.output);
    if (!result.started) {
        outcome.not_asked = why_failed(result);
    } else if (result.timed_out) {
        outcome.survived = false;
        outcome.not_asked = "it was not through within a minute: the machine is busy, or the sizes are large";
    } else if (result.oom_killed && outcome.fell.empty()) {
        outcome.survived = false;
        outcome.fell = "a process was killed for memory";
    } else if (!outcome.survived && outcome.fell.empty() && outcome.not_whole.empty() && outcome.not_asked.empty()) {
        outcome.not_asked = "it broke off without a word";
    } else if (!outcome.unable) {
        answers.keep(request.image, question, {{"lines", result.output}});
    }
    return outcome;
}

}  // namespace pilotpros::apps::postgres
