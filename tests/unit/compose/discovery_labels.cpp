#include <catch2/catch.hpp>

#include "core/compose/foreign.h"
#include "core/compose/labels.h"
#include "core/model/error.h"
#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Names = std::vector<std::string>;

namespace {

struct Started {
    std::string project = "shop", service = "web", folder = "/srv/shop", files = "/srv/shop/dev.yml", state = "running",
                environment = {};
    int created = 100;
};

nlohmann::json container(const Started& started) {
    return {{"Id", "c"},
            {"Image", "nginx:1"},
            {"State", started.state},
            {"Created", started.created},
            {"Labels",
             {{"com.docker.compose.project", started.project},
              {"com.docker.compose.service", started.service},
              {"com.docker.compose.oneoff", "False"},
              {"com.docker.compose.project.working_dir", started.folder},
              {"com.docker.compose.project.config_files", started.files},
              {"com.docker.compose.project.environment_file", started.environment}}}};
}

struct RunningMachine : Machine {
    explicit RunningMachine(const nlohmann::json& containers) {
        engine_there = true;
        engine.answer("GET /containers/json", 200, containers.dump());
        files.contents = {{"/srv/shop/dev.yml", ""}, {"/home/me/shop/notes", ""}};
    }
    ExitCode refuses(const Selectors& selectors = {}) {
        try {
            discover(selectors);
        } catch (const Error& error) {
            hint = error.hint();
            return error.code();
        }
        return ExitCode::kDone;
    }
    std::string hint;
};

Selectors named(const std::string& name) {
    Selectors selectors;
    selectors.project_name = name;
    return selectors;
}

}  // namespace

TEST_CASE("the newest container says what the project was started with", "[discovery]") {
    MemoryEngine engine;
    nlohmann::json old = container({.files = "/old.yml", .created = 50});
    nlohmann::json once = container({.service = "once", .created = 999});
    once["Labels"]["com.docker.compose.oneoff"] = "True";
    nlohmann::json hook = container({.service = "hook", .created = 999});
    hook["Labels"]["com.docker.compose.hook"] = "pre_start";
    const nlohmann::json newest = container({.service = "api", .files = "/new.yml", .created = 70});
    nlohmann::json foreign = {{"Labels", nullptr}, {"Created", "x"}};
    engine.answer("GET /containers/json", 200, nlohmann::json{newest, old, once, hook, foreign, nullptr}.dump());
    const auto projects = labelled_projects(engine, std::nullopt);
    REQUIRE(projects.size() == 1);
    CHECK(projects.front().config_files == "/new.yml");
    CHECK(projects.front().images.size() == 2);
    CHECK(projects.front().running);
}

TEST_CASE("paths that were joined by commas are taken apart by what exists", "[discovery]") {
    MemoryFiles files;
    files.contents = {{"/a,b/x.yml", ""}, {"/c.yml", ""}, {"/a", ""}};
    CHECK(split_labelled_paths("/c.yml", files) == Names{"/c.yml"});
    CHECK(split_labelled_paths("/c.yml,/a,b/x.yml,/c.yml", files) == Names{"/c.yml", "/a", "b/x.yml", "/c.yml"});
    files.contents.erase("/a");
    CHECK(split_labelled_paths("/c.yml,/a,b/x.yml,/c.yml", files) == Names{"/c.yml", "/a,b/x.yml", "/c.yml"});
    CHECK(split_labelled_paths("/gone.yml,/c.yml", files) == Names{"/gone.yml", "/c.yml"});
    CHECK(split_labelled_paths("", files).empty());
}

TEST_CASE("a project name finds a running project from anywhere, or says that it needs the engine", "[discovery]") {
    RunningMachine machine{nlohmann::json::array({container({})})};
    CHECK(machine.discover(named("shop")).files == Names{"/srv/shop/dev.yml"});
    CHECK(machine.told("--project-directory") == Names{"/srv/shop"});
    CHECK(machine.told("-p") == Names{"shop"});

    machine.engine_there = false;
    CHECK(machine.refuses(named("shop")) == ExitCode::kEngineNeeded);
    CHECK(machine.refuses() == ExitCode::kEngineNeeded);
    machine.files.contents["/home/me/shop/compose.yaml"] = "";
    CHECK(machine.discover(named("shop")).files == Names{"/home/me/shop/compose.yaml"});
}

TEST_CASE("a request to stop while the engine is asked is no lack of an engine", "[discovery]") {
    RunningMachine machine{nlohmann::json::array({container({})})};
    machine.files.contents["/home/me/shop/compose.yaml"] = "";
    machine.engine.interrupt_at = "GET /containers/json";
    CHECK(machine.refuses(named("shop")) == ExitCode::kInterrupted);
}

TEST_CASE("a folder without files belongs to the project that was started from it or the nearest above",
          "[discovery]") {
    const nlohmann::json above = container({.project = "above", .folder = "/home/me"});
    const nlohmann::json here = container({.project = "here", .folder = "/home/me/shop"});
    const nlohmann::json below = container({.project = "below", .folder = "/home/me/shop/src"});
    CHECK(RunningMachine{nlohmann::json{above, here, below}}.discover().found_by ==
          "labels of the running project here");
    CHECK(RunningMachine{nlohmann::json{above, below}}.discover().found_by == "labels of the running project above");
    RunningMachine none{nlohmann::json::array({below})};
    CHECK(none.refuses() == ExitCode::kBadInput);
    CHECK(none.hint.find("-p below") != std::string::npos);

    const nlohmann::json second = container({.project = "second", .folder = "/home/me/shop"});
    RunningMachine two{nlohmann::json{here, second}};
    CHECK(two.refuses() == ExitCode::kUsage);
    CHECK(two.hint.find("-p here") != std::string::npos);
    CHECK(two.hint.find("-p second") != std::string::npos);
    const nlohmann::json stopped = container({.project = "second", .folder = "/home/me/shop", .state = "exited"});
    CHECK(RunningMachine{nlohmann::json{here, stopped}}.discover().found_by == "labels of the running project here");
}

TEST_CASE("files that cannot be read leave what the containers say", "[discovery]") {
    for (const char* files : {"-", "/gone/compose.yml", ""}) {
        RunningMachine machine{nlohmann::json{container({.files = files}), container({.files = files}),
                                              container({.service = "db", .files = files})}};
        const Project project = machine.discover(named("shop"));
        CHECK(project.from_labels);
        CHECK(project.warnings.size() == 1);
        REQUIRE(project.services.size() == 2);
        CHECK(project.services.at("web").replicas == 2);
        CHECK(project.services.at("db").image == "nginx:1");
        CHECK(machine.process.ran.empty());
    }
}

TEST_CASE("an override that was taken away is no loss, another file is", "[discovery]") {
    RunningMachine taken{
        nlohmann::json::array({container({.files = "/srv/shop/dev.yml,/srv/shop/compose.override.yaml"})})};
    CHECK(taken.discover(named("shop")).files == Names{"/srv/shop/dev.yml"});
    RunningMachine lost{nlohmann::json::array({container({.files = "/srv/shop/dev.yml,/srv/shop/more.yml"})})};
    CHECK(lost.discover(named("shop")).from_labels);
}

TEST_CASE("environment files of the labels are used when they are there", "[discovery]") {
    RunningMachine machine{nlohmann::json::array({container({.environment = "/srv/shop/a.env,/srv/shop/b.env"})})};
    machine.files.contents["/srv/shop/b.env"] = "";
    CHECK(machine.discover(named("shop")).environment_files == Names{"/srv/shop/b.env"});
    CHECK(machine.told("--env-file") == Names{"/srv/shop/b.env"});
}

TEST_CASE("stacks of Portainer and Coolify are recognised by path or label", "[discovery]") {
    CHECK(foreign_manager({"/data/compose/12/docker-compose.yml"}, {}) == "Portainer");
    CHECK(foreign_manager({"/data/coolify/applications/abc/docker-compose.yaml"}, {}) == "Coolify");
    CHECK(foreign_manager({"/srv/shop/compose.yaml"}, {"coolify.managed"}) == "Coolify");
    CHECK(foreign_manager({"/srv/coolify/compose.yaml", "/srv/compose/data.yml"}, {"com.docker.compose.project"})
              .empty());
}
