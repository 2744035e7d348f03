#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/compose/discovery.h"
#include "tests/unit/fake_engine_memory.h"

namespace pilotpros::testing {

/// Programs in memory: a function answers each command; every command is kept.
class MemoryProcess final : public Process {
  public:
    std::vector<Finished> run_all(const std::vector<Command>& commands, const Cancel& /*cancel*/) override {
        std::vector<Finished> results;
        for (const Command& command : commands) {
            ran.push_back(command);
            results.push_back(answer(command));
        }
        return results;
    }
    ConnectedChild connect(const std::vector<std::string>& /*argv*/) override { return {-1, ""}; }

    std::function<Finished(const Command&)> answer;
    std::vector<Command> ran;
};

inline bool has(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

inline Finished printed(std::string output, std::string error = {}) {
    Finished finished;
    finished.exit_code = 0;
    finished.output = std::move(output);
    finished.error = std::move(error);
    return finished;
}

inline Finished failed(std::string error, int exit_code = 1) {
    Finished finished;
    finished.exit_code = exit_code;
    finished.error = std::move(error);
    return finished;
}

/// A machine in memory on which discovery can run: the user is in /home/me/shop, Compose answers with one service
/// "web".
struct Machine {
    Machine() {
        environment.working_directory = "/home/me/shop";
        process.answer = [this](const Command& command) {
            return has(command.argv, "version")            ? printed(version)
                   : has(command.argv, "--no-interpolate") ? as_written
                   : has(command.argv, "json")             ? resolved
                                                           : as_yaml;
        };
    }

    Project discover(const Selectors& selectors = {}) {
        return pilotpros::discover(
            selectors, {environment, files, process, cancel, engine_there ? &engine : nullptr, {"docker"}, [] {
                            return std::string{"services: {}"};
                        }});
    }
    /// The files that Compose was last told to resolve.
    [[nodiscard]] std::vector<std::string> told(const std::string& flag) const {
        std::vector<std::string> values;
        const std::vector<std::string>& argv = process.ran.back().argv;
        for (std::size_t at = 0; at + 1 < argv.size(); ++at) {
            if (argv[at] == flag) {
                values.push_back(argv[at + 1]);
            }
        }
        return values;
    }

    Environment environment;
    MemoryFiles files;
    MemoryProcess process;
    Cancel cancel;
    MemoryEngine engine;
    bool engine_there = false;
    std::string version = "2.26.1-4\n";
    Finished resolved = printed(R"({"name":"shop","services":{"web":{"image":"nginx:1"}}})");
    Finished as_written = printed(R"({"name":"shop","services":{"web":{"image":"nginx:${TAG}"}}})");
    Finished as_yaml = printed("name: shop\n");
};

}  // namespace pilotpros::testing
