#include <catch2/catch.hpp>

#include "core/compose/compose_variables.h"
#include "core/compose/default_files.h"
#include "core/model/error.h"
#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using Names = std::vector<std::string>;

TEST_CASE("Compose's default names come in Compose's order, from the folder or the nearest one above", "[discovery]") {
    MemoryFiles files;
    CHECK_FALSE(find_default_files("/home/me/shop/src", files));

    files.contents["/home/docker-compose.yaml"] = "";
    CHECK(find_default_files("/home/me/shop/src", files)->folder == "/home");
    for (const char* name : {"docker-compose.yaml", "docker-compose.yml", "compose.yml", "compose.yaml"}) {
        files.contents[Path{"/home/me/shop"} / name] = "";
        const auto found = find_default_files("/home/me/shop/src", files);
        CHECK(found->folder == "/home/me/shop");
        CHECK(found->main == name);
    }
    CHECK(find_default_files("/home/me/shop", files)->warnings.size() == 1);
    for (const char* name : {"docker-compose.override.yaml", "docker-compose.override.yml", "compose.override.yaml",
                             "compose.override.yml"}) {
        files.contents[Path{"/home/me/shop"} / name] = "";
        CHECK(find_default_files("/home/me/shop/src", files)->override_file == name);
    }
}

TEST_CASE("an override of ours is set apart, and the user's that it hides is read", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/compose.yaml", ""}, {"/home/me/shop/.pilotpros/compose.yaml", ""}};
    machine.files.contents["/home/me/shop/compose.override.yaml"] = "";
    machine.files.links["/home/me/shop/compose.override.yaml"] = ".pilotpros/compose.yaml";
    CHECK(machine.discover().files == Names{"/home/me/shop/compose.yaml"});
    CHECK(machine.discover().our_files == Names{"/home/me/shop/compose.override.yaml"});

    machine.files.contents["/home/me/shop/docker-compose.override.yml"] = "";
    const Project project = machine.discover();
    CHECK(project.files == Names{"/home/me/shop/compose.yaml", "/home/me/shop/docker-compose.override.yml"});
    REQUIRE(project.warnings.size() == 1);
    CHECK(project.warnings.front().find("hides docker-compose.override.yml") != std::string::npos);

    machine.files.links.clear();  // the same names as files of the user's own
    CHECK(machine.discover().our_files.empty());
    CHECK(machine.told("-f").back() == "/home/me/shop/compose.override.yaml");
}

TEST_CASE("only our own file is no project", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/.pilotpros/compose.yaml", ""}};
    Selectors selectors;
    selectors.files = {".pilotpros/compose.yaml"};
    // Named from its own folder it is not below a .pilotpros of the project: the working directory is the folder
    // itself.
    selectors.project_directory = ".";
    CHECK_THROWS_AS(machine.discover(selectors), Error);
}

TEST_CASE("what Compose is told is absolute and complete", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/a.yml", ""}, {"/home/me/b.yml", ""}, {"/home/me/shop/x.env", ""}};
    Selectors selectors;
    selectors.files = {"a.yml", "../b.yml", "-"};
    selectors.env_files = {"./x.env"};
    selectors.profiles = {"debug"};
    selectors.project_name = "store";
    const Project project = machine.discover(selectors);
    CHECK(machine.told("-f") == Names{"/home/me/shop/a.yml", "/home/me/b.yml", "-"});
    CHECK(machine.told("--env-file") == Names{"/home/me/shop/x.env"});
    CHECK(machine.told("--profile") == Names{"debug"});
    CHECK(machine.told("-p") == Names{"store"});
    CHECK(machine.told("--project-directory") == Names{"/home/me/shop"});
    CHECK(project.standard_input == "services: {}");
    CHECK(machine.process.ran.back().input == "services: {}");
    CHECK(project.compose_command.size() == machine.process.ran.back().argv.size() - 4);
    CHECK(project.compose_command.back() == "debug");
}

TEST_CASE("Compose is bounded in time and memory", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/compose.yaml", ""}};
    machine.discover();
    REQUIRE(machine.process.ran.size() == 2);  // and nothing is asked that need not be
    for (const Command& command : machine.process.ran) {
        CHECK(command.timeout == std::chrono::seconds{10});
        CHECK(command.memory_limit == 240'000'000);
    }
}

TEST_CASE("the variables of an environment file are asked of Compose only when it mentions one", "[discovery]") {
    Machine machine;
    machine.files.contents = {
        {"/home/me/shop/compose.yaml", ""}, {"/home/me/shop/other.yaml", ""}, {"/home/me/shop/.env", "A=1\n"}};
    CHECK(machine.discover().files == Names{"/home/me/shop/compose.yaml"});
    CHECK(machine.process.ran.size() == 2);

    machine.files.contents["/home/me/shop/.env"] = "COMPOSE_FILE=other.yaml\n";
    machine.process.answer = [&](const Command& command) {
        return command.input.find("COMPOSE_FILE") == std::string::npos
                   ? machine.resolved
                   : printed(
                         R"({"services":{"question":{"labels":{"COMPOSE_FILE":"other.yaml","COMPOSE_PROFILES":"a, b"}}}})");
    };
    const Project project = machine.discover();
    CHECK(project.files == Names{"/home/me/shop/other.yaml"});
    CHECK(project.profiles == Names{"a", "b"});
    CHECK(machine.told("--profile").empty());  // the environment file says it again by itself
}

TEST_CASE("which .env counts from a sub-folder depends on Compose's version", "[discovery]") {
    const auto order = [](const char* version) { return order_of_environment_files(version, "folder", "project"); };
    CHECK(order("2.23.3") == Names{"folder", "project"});
    CHECK(order("v2.24.0") == Names{"folder"});
    CHECK(order("2.24.5") == Names{"folder"});
    CHECK(order("2.24.6") == Names{"project"});
    CHECK(order("2.26.1-4\n") == Names{"project"});
    CHECK(order("2.27.0") == Names{"project"});
    CHECK(order("v2.27.1\n") == Names{"project", "folder"});
    CHECK(order("5.5.0") == Names{"project", "folder"});

    Machine machine;
    machine.environment.working_directory = "/home/me/shop/src";
    machine.files.contents = {
        {"/home/me/shop/compose.yaml", ""}, {"/home/me/shop/.env", ""}, {"/home/me/shop/src/.env", ""}};
    CHECK(machine.discover().environment_files == Names{"/home/me/shop/.env"});
    CHECK(machine.told("--env-file").empty());
    machine.version = "2.30.0\n";
    CHECK(machine.discover().environment_files == Names{"/home/me/shop/.env", "/home/me/shop/src/.env"});
    CHECK(machine.told("--env-file").size() == 2);
}

TEST_CASE("the folder is the one that the user sees", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/compose.yaml", ""}, {"/elsewhere/compose.yaml", ""}};
    machine.files.links["/link/to/shop"] = "/home/me/shop";
    machine.environment.variables["PWD"] = "/elsewhere";  // left over from another shell
    CHECK(machine.discover().working_directory == "/home/me/shop");
    machine.environment.variables["PWD"] = "/link/to/shop";
    machine.files.contents["/link/to/shop/compose.yaml"] = "";
    CHECK(machine.discover().working_directory == "/link/to/shop");
}

TEST_CASE("a missing file is named with what is there", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/stack.yml", ""}, {"/home/me/shop/notes.txt", ""}};
    Selectors selectors;
    selectors.files = {"stak.yml"};
    try {
        machine.discover(selectors);
        FAIL("it is missing");
    } catch (const Error& error) {
        CHECK(error.code() == ExitCode::kBadInput);
        CHECK(std::string{error.what()} == "there is no file /home/me/shop/stak.yml");
        CHECK(error.hint() == "/home/me/shop holds stack.yml");
    }
    CHECK(machine.process.ran.empty());
}

TEST_CASE("a Compose file's address holds no password and no token", "[discovery]") {
    const auto named_by = [](const char* url) {
        Machine machine;
        Selectors selectors;
        selectors.files = {url};
        try {
            machine.discover(selectors);
            return std::string{"taken"};
        } catch (const Error& error) {
            return std::string{error.code() == ExitCode::kRefused ? "refused" : "another error"} +
                   (std::string{error.what()}.find("hunter2") == std::string::npos ? "" : ", and says it");
        }
    };
    for (const char* url : {"https://me:hunter2@host/shop.git", "https://hunter2@host/shop.git", "https://hunter2@host",
                            "ssh://git:hunter2@host/shop.git", "git://hunter2@host/shop.git"}) {
        INFO(url);
        CHECK(named_by(url) == "refused");
    }
    for (const char* url : {"https://host/shop.git", "ssh://git@host:22/shop.git", "git@host:shop.git",
                            "https://host:8443/shop.git", "https://host/a@b:c"}) {
        INFO(url);
        CHECK(named_by(url) == "taken");
    }
}
