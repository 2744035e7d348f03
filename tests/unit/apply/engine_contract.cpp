#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "tests/engine_contract/small.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

// tests/engine_contract/answers.txt was answered by the real engine; tests/integration/contract_apply.sh asks it again.

namespace {

std::vector<std::string> answers_of_the_real_one() {
    std::ifstream file(std::string{SOURCE_DIR} + "/tests/engine_contract/answers.txt");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// The engine in memory, which answers otherwise than it would.
class Lying final : public Engine {
  public:
    using Lie = std::function<void(const Request&, Response&)>;
    Lying(Engine& engine, Lie lie) : engine_(engine), lie_(std::move(lie)) {}

    std::vector<Response> call_all(const std::vector<Request>& requests) override {
        std::vector<Response> responses = engine_.call_all(requests);
        for (std::size_t at = 0; at < requests.size(); ++at) {
            lie_(requests[at], responses[at]);
        }
        return responses;
    }
    StreamId open(const Request& request, OnBytes on_bytes, OnEnd on_end) override {
        return engine_.open(request, std::move(on_bytes), std::move(on_end));
    }
    void close(StreamId id) override { engine_.close(id); }
    void pump(std::chrono::milliseconds at_most) override { engine_.pump(at_most); }

  private:
    Engine& engine_;
    Lie lie_;
};

/// Whether the contract holds.
bool keeps_it(const Lying::Lie& lie) {
    PreparedSmallEngine small;
    Lying engine{small.engine, lie};
    try {
        return contract_answers(engine, small) == answers_of_the_real_one();
    } catch (const std::exception&) {
        return false;
    }
}

/// Another status wherever the request ends so and was answered with this one.
Lying::Lie another_status(const std::string& end, int was, int is) {
    return [=](const Request& request, Response& response) {
        if (request.path.ends_with(end) && response.status == was) {
            response.status = is;
        }
    };
}

/// Other words wherever a container is inspected or listed.
Lying::Lie other_words(const std::string& was, const std::string& is) {
    return [=](const Request& request, Response& response) {
        if (request.path.starts_with("/containers/") && request.path.ends_with("json")) {
            for (auto at = response.body.find(was); at != std::string::npos;
                 at = response.body.find(was, at + is.size())) {
                response.body.replace(at, was.size(), is);
            }
        }
    };
}

}  // namespace

TEST_CASE("the engine in memory answers an apply as the real one does", "[apply][contract]") {
    const std::vector<std::string> real = answers_of_the_real_one();
    PreparedSmallEngine small;
    const std::vector<std::string> answers = contract_answers(small.engine, small);
    REQUIRE(answers.size() > 150);
    for (std::size_t at = 0; at < std::min(real.size(), answers.size()); ++at) {
        CHECK(answers[at] == real[at]);
    }
    CHECK(answers.size() == real.size());
    CHECK(small.engine.containers.empty());
}

TEST_CASE("an engine in memory that answers one thing otherwise breaks the contract", "[apply][contract]") {
    REQUIRE(keeps_it([](const Request& /*request*/, Response& /*response*/) {}));
    CHECK(!keeps_it(another_status("/start", 304, 204)));
    CHECK(!keeps_it(another_status("/start", 404, 204)));
    CHECK(!keeps_it(another_status("/stop", 304, 204)));
    CHECK(!keeps_it(another_status("/create", 409, 500)));
    CHECK(!keeps_it(another_status("/create", 404, 400)));
    CHECK(!keeps_it(another_status("/rename", 400, 409)));
    CHECK(!keeps_it(another_status("/update", 409, 200)));
    CHECK(!keeps_it(another_status("/exec", 409, 201)));
    CHECK(!keeps_it(another_status("/connect", 404, 200)));
    CHECK(!keeps_it(another_status("/stats", 200, 204)));
    CHECK(!keeps_it(other_words("exited", "created")));
    CHECK(!keeps_it(other_words("\"ExitCode\":143", "\"ExitCode\":0")));
    CHECK(!keeps_it(other_words("\"ExitCode\":1,", "\"ExitCode\":0,")));
    CHECK(!keeps_it(other_words("\"ExitCode\":137", "\"ExitCode\":143")));
    CHECK(!keeps_it(other_words("\"Aliases\":[\"web\",\"shop\"]", "\"Aliases\":[\"web\"]")));
    CHECK(!keeps_it(other_words("\"Image\":\"sha256:web\"", "\"Image\":\"sha256:lean\"")));
    CHECK(!keeps_it(other_words("\"Memory\":100663296", "\"Memory\":67108864")));
    CHECK(!keeps_it(other_words("\"MemorySwap\":134217728", "\"MemorySwap\":0")));
    CHECK(!keeps_it(other_words("\"IPAddress\"", "\"Address\"")));
    CHECK(!keeps_it(other_words("pp-engine-contract-named", "another")));
    CHECK(!keeps_it(other_words("\"message\"", "\"error\"")));

    const auto asked_for = [](const std::string& path, const std::string& name) {
        return [=](const Request& request) {
            return request.path == path && std::any_of(request.query.begin(), request.query.end(),
                                                       [&](const auto& one) { return one.first == name; });
        };
    };
    const auto filtered = asked_for("/containers/json", "filters");
    const auto all = asked_for("/containers/json", "all");
    CHECK(!keeps_it([&](const Request& request, Response& response) {
        response.body = filtered(request) && !all(request) ? "[]" : response.body;
    }));
    CHECK(!keeps_it([&](const Request& request, Response& response) {
        if (filtered(request)) {  // the oldest first
            Json listed = Json::parse(response.body);
            std::reverse(listed.begin(), listed.end());
            response.body = listed.dump();
        }
    }));
    CHECK(!keeps_it([](const Request& request, Response& response) {
        response.status = request.method == "DELETE" && response.status == 409 ? 204 : response.status;
    }));
    CHECK(!keeps_it([](const Request& request, Response& response) {
        response.status = request.path.starts_with("/images/") && response.status == 404 ? 500 : response.status;
    }));
}

TEST_CASE("an engine in memory in another state than it says breaks the contract", "[apply][contract]") {
    const auto answers = [](const std::function<void(PreparedSmallEngine&)>& planted) {
        PreparedSmallEngine small;
        planted(small);
        return contract_answers(small.engine, small) == answers_of_the_real_one();
    };
    CHECK(answers([](PreparedSmallEngine& /*small*/) {}));
    CHECK(!answers([](PreparedSmallEngine& small) { small.engine.has_shell = false; }));
    CHECK(!answers([](PreparedSmallEngine& small) { small.engine.networks.insert("pp-none"); }));
    CHECK(!answers([](PreparedSmallEngine& small) {
        small.engine.create("pp-engine-contract-web-9",
                            {{"Image", "lean"}, {"Labels", {{"com.docker.compose.service", "x"}}}});
        small.engine.containers.front().body["Labels"]["com.docker.compose.project"] = kContractProject;
    }));
}
