// pilotpros-contract-driver (small|real): what the engine in memory, or the one that docker reaches, answers to the
// scenarios of answers.h, a line each.
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "core/connection.h"
#include "core/docker/exec.h"
#include "tests/engine_contract/small.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

class OthersOfReal final : public Others {
  public:
    explicit OthersOfReal(Engine& engine) : engine_(engine) {}

    void tag(const std::string& image, const std::string& name) override {
        const std::size_t colon = name.find(':');
        act("POST", fmt::format("/images/{}/tag", image),
            {{"repo", name.substr(0, colon)}, {"tag", name.substr(colon + 1)}});
    }
    void untag(const std::string& name) override { act("DELETE", "/images/" + name, {}); }
    void kill(const std::string& container) override { act("POST", fmt::format("/containers/{}/kill", container), {}); }
    void write(const std::string& container, const std::string& path) override {
        ExecRequest request;
        request.container = container;
        request.argv = {"touch", path};
        if (!exec(engine_, request).ok()) {
            throw Error(ExitCode::kInternal, fmt::format("{} cannot be written in {}", path, container));
        }
    }

  private:
    void act(const char* method, const std::string& path, std::vector<std::pair<std::string, std::string>> query) {
        Request request;
        request.method = method;
        request.path = path;
        request.query = std::move(query);
        if (const Response response = engine_.call(request); !response.ok()) {
            throw Error(ExitCode::kInternal, fmt::format("{} {}: {}", method, path, response.message()));
        }
    }

    Engine& engine_;
};

std::vector<std::string> answers_of_real() {
    const Environment environment = Environment::of_process();
    DiskFiles files;
    SystemProcess process;
    const Clock clock;
    Cancel cancel = Cancel::install("");
    World world{environment, files, process, clock, cancel, {}, [] { return std::string{}; }};
    const Connection connection = connect(world);
    if (!connection.engine) {
        throw EngineLost(*connection.why_not);
    }
    OthersOfReal others{*connection.engine};
    return contract_answers(*connection.engine, others);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string which = argc == 2 ? argv[1] : "";
    if (which != "small" && which != "real") {
        std::cerr << "usage: pilotpros-contract-driver (small|real)\n";
        return static_cast<int>(ExitCode::kUsage);
    }
    try {
        PreparedSmallEngine small;
        for (const std::string& line : which == "small" ? contract_answers(small.engine, small) : answers_of_real()) {
            std::cout << line << "\n";
        }
        return 0;
    } catch (const Error& error) {
        std::cerr << error.what() << "\n";
        return static_cast<int>(error.code());
    }
}
