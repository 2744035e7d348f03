#include "core/apply/compose_run.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/apply/dependencies.h"
#include "core/compose/followers.h"
#include "core/compose/invoke.h"
#include "core/model/json.h"

namespace pilotpros {

ComposeRun::ComposeRun(World& world, std::vector<std::string> arguments, Path folder,
                       std::map<std::string, std::string> variables)
    : world_(world), arguments_(std::move(arguments)), folder_(std::move(folder)), variables_(std::move(variables)) {
    variables_["COMPOSE_PROGRESS"] = "plain";
    variables_["COMPOSE_ANSI"] = "never";
}

ComposeRun ComposeRun::with(const Path& file) const {
    ComposeRun more = *this;
    more.arguments_.insert(more.arguments_.end(), {"-f", file.string()});
    return more;
}

Command ComposeRun::command(std::vector<std::string> words) const {
    Command result;
    result.argv = world_.docker_command();
    result.argv.insert(result.argv.end(), arguments_.begin(), arguments_.end());
    result.argv.insert(result.argv.end(), words.begin(), words.end());
    result.working_directory = folder_;
    result.set_variables = variables_;
    call_compose_itself(result, world_.docker_command(), world_.environment, world_.files);
    return result;
}

Command ComposeRun::question(std::vector<std::string> words, std::string input) const {
    Command result = command(std::move(words));
    result.input = std::move(input);
    result.timeout = std::chrono::seconds{10};
    result.memory_limit = 500'000'000;
    return result;
}

Command ComposeRun::up(const std::string& service, bool alone, int scale, std::chrono::milliseconds timeout) const {
    std::vector<std::string> words{"up", "-d", "--no-build", "--pull", "never"};
    if (alone) {
        words.emplace_back("--no-deps");
    }
    if (scale > 0) {
        words.insert(words.end(), {"--scale", service + "=" + std::to_string(scale)});
    }
    words.push_back(service);
    Command result = command(std::move(words));
    result.timeout = timeout;
    return result;
}

Command ComposeRun::up_beside(const std::string& service, bool alone, int scale,
                              std::chrono::milliseconds timeout) const {
    Command result = up(service, alone, scale, timeout);
    result.argv.insert(result.argv.end() - 1, "--no-recreate");
    return result;
}

Command ComposeRun::up_anew(const std::string& service, bool alone, int scale,
                            std::chrono::milliseconds timeout) const {
    Command result = up(service, alone, scale, timeout);
    result.argv.insert(result.argv.end() - 1, "--force-recreate");
    return result;
}

std::vector<Finished> ComposeRun::run(const std::vector<Command>& commands) const {
    return world_.process.run_all(commands, world_.cancel);
}

std::map<std::string, std::string> ComposeRun::asked_for_hashes(std::vector<std::string> words,
                                                                const std::string& model, Finished& how) const {
    const auto known = world_.known_hashes.find({folder_.string(), model});
    if (known != world_.known_hashes.end()) {
        how.exit_code = 0;
        return known->second;
    }
    ComposeRun resolved = *this;
    resolved.arguments_ = {"compose", "--project-directory", folder_.string(), "--profile", "*", "-f", "-"};
    if (takes_volumes(model)) {
        // Normalised, a container in the place of a service's name would be a dependency that there is none of.
        words.insert(words.begin() + 1, {"--no-normalize", "--no-consistency"});
    }
    how = run({resolved.question(std::move(words), model)}).front();
    auto hashes = hashes_of(how.output);
    if (how.ok()) {
        world_.known_hashes[{folder_.string(), model}] = hashes;
    }
    return hashes;
}

std::map<std::string, std::string> ComposeRun::hashes(const std::string& model, Finished& how) const {
    return asked_for_hashes({"config", "--hash", "*"}, model, how);
}

std::map<std::string, std::string> ComposeRun::hashes(const std::string& model) const {
    Finished how;
    return hashes(model, how);
}

std::map<std::string, std::string> ComposeRun::hashes_alone(const std::string& model) const {
    nlohmann::json alone = nlohmann::json::parse(model, nullptr, false);
    std::size_t erased = 0;
    if (member(alone, "services").is_object()) {
        for (nlohmann::json& service : alone["services"]) {
            erased += service.is_object() ? service.erase("depends_on") : 0;
        }
    }
    Finished how;
    // Normalised, it would have again what is inferred.
    return erased == 0 ? hashes(model)
                       : asked_for_hashes({"config", "--no-normalize", "--hash", "*"}, alone.dump(), how);
}

bool is_made_from(const std::string& label, const std::string& hash, const std::string& alone) {
    return label == hash || (!alone.empty() && label == alone);
}

std::vector<std::string> compose_arguments(const Project& project, const World& world) {
    const auto skipped = static_cast<std::ptrdiff_t>(world.docker_command().size());
    return {project.compose_command.begin() + skipped, project.compose_command.end()};
}

std::map<std::string, std::string> compose_variables_of(const Environment& environment) {
    std::map<std::string, std::string> result;
    for (const auto& [name, value] : environment.variables) {
        if (name.starts_with("COMPOSE_")) {
            result[name] = value;
        }
    }
    return result;
}

std::string printed_hash(const Finished& finished) {
    const std::size_t blank = finished.output.find(' ');
    if (!finished.ok() || blank == std::string::npos) {
        return {};
    }
    return finished.output.substr(blank + 1, finished.output.find('\n') - blank - 1);
}

}  // namespace pilotpros
