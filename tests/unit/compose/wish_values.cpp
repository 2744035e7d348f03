#include "core/compose/wish_values.h"

#include <catch2/catch.hpp>

#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Json = nlohmann::json;

namespace {

/// Compose in memory: it fills in ${M}, ${N} and $$, and refuses a question with "bad" in it.
struct Asking {
    Asking() {
        project.name = "shop";
        project.compose_command = {"docker",    "compose", "--project-directory", "/shop", "--env-file",
                                   "/shop/one", "-f",      "/shop/compose.yaml",  "-f",    "/shop/more.yaml",
                                   "--profile", "debug"};
        process.answer = [this](const Command& command) {
            if (silent || command.input.find("bad") != std::string::npos) {
                return failed("invalid interpolation format");
            }
            Json question = Json::parse(command.input);
            for (Json& label : question["services"]["question"]["labels"]) {
                static const std::map<std::string, std::string> kValues{
                    {"${M:-512m}", "512m"}, {"${N}", "99"}, {"$$HOME", "$$HOME"}, {"${UNSET}", ""}};
                label = kValues.at(label.get<std::string>());
            }
            return printed(question.dump(), "level=warning msg=\"variable is not set\"");
        };
    }

    void ask() { fill_in_wishes(wishes, project, {environment, files, process, cancel, nullptr, {"docker"}, {}}); }

    Project project;
    Wishes wishes;
    Environment environment;
    MemoryFiles files;
    MemoryProcess process;
    Cancel cancel;
    bool silent = false;
};

}  // namespace

TEST_CASE("a wish with ${…} gets the value that Compose gives it, and a pin keeps its text", "[wishes]") {
    Asking asking;
    Wish& web = asking.wishes["web"];
    web.pinned = {{"memory", "${M:-512m}"}, {"cpus", "1.5"}};
    web.least["pids"] = web.most["pids"] = "${N}";
    asking.ask();
    CHECK(web.pinned.at("memory") == "512m");
    CHECK(web.as_written.at("memory") == "${M:-512m}");
    CHECK(web.pinned.at("cpus") == "1.5");
    CHECK_FALSE(web.as_written.contains("cpus"));
    CHECK(web.least.at("pids") == "99");
    CHECK(web.most.at("pids") == "99");
    SECTION("it is asked once, with the user's selectors but none of the files") {
        REQUIRE(asking.process.ran.size() == 1);
        const Command& command = asking.process.ran.front();
        CHECK(command.argv == std::vector<std::string>{"docker", "compose", "--project-directory", "/shop",
                                                       "--env-file", "/shop/one", "-p", "shop", "-f", "-", "config",
                                                       "--format", "json"});
        CHECK(command.memory_limit > 0);
        CHECK(command.timeout.count() > 0);
    }
}

TEST_CASE("a name that the user gave is the one that Compose is asked with", "[wishes]") {
    Asking asking;
    asking.project.compose_command = {"docker", "compose", "-p", "mine"};
    asking.wishes["web"].pinned["pids"] = "${N}";
    asking.ask();
    const auto& argv = asking.process.ran.front().argv;
    CHECK(std::count(argv.begin(), argv.end(), "-p") == 1);
    CHECK(has(argv, "mine"));
}

TEST_CASE("without a $ nobody is asked", "[wishes]") {
    Asking asking;
    asking.wishes["web"].pinned["memory"] = "512m";
    asking.ask();
    CHECK(asking.process.ran.empty());
    CHECK(asking.wishes["web"].as_written.empty());
    SECTION("nor where there are no files") {
        asking.wishes["web"].pinned["memory"] = "${M:-512m}";
        asking.project.compose_command.clear();
        asking.ask();
        CHECK(asking.process.ran.empty());
    }
}

TEST_CASE("what Compose does not know stays as it is, and does not take the others with it", "[wishes]") {
    Asking asking;
    Wish& web = asking.wishes["web"];
    web.pinned = {{"memory", "${M:-512m}"}, {"pids", "${bad"}, {"shm_size", "${UNSET}"}};
    asking.ask();
    CHECK(web.pinned.at("memory") == "512m");
    CHECK(web.pinned.at("pids") == "${bad");
    CHECK(web.pinned.at("shm_size").empty());
    SECTION("nor where it answers nothing at all") {
        web.pinned = {{"memory", "${M:-512m}"}};
        asking.silent = true;
        asking.ask();
        CHECK(web.pinned.at("memory") == "${M:-512m}");
    }
    SECTION("however many there are") {
        for (int i = 0; i < 1000; ++i) {
            web.pinned["x" + std::to_string(i)] = "${bad" + std::to_string(i);
        }
        asking.process.ran.clear();
        asking.ask();
        CHECK(asking.process.ran.size() < 20);
    }
}

TEST_CASE("a dollar that Compose prints twice is one", "[wishes]") {
    Asking asking;
    asking.wishes["web"].pinned["healthcheck.test"] = "$$HOME";
    asking.ask();
    CHECK(asking.wishes["web"].pinned.at("healthcheck.test") == "$HOME");
    CHECK(asking.wishes["web"].as_written.at("healthcheck.test") == "$$HOME");
}
