#include <catch2/catch.hpp>

#include "core/model/error.h"
#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

struct Shop : Machine {
    Shop() { files.contents = {{"/home/me/shop/compose.yaml", "services: {web: {image: x}}"}}; }
};

Error refusal(Machine& machine) {
    try {
        machine.discover();
    } catch (const Error& error) {
        return error;
    }
    return {ExitCode::kDone, "nothing was refused"};
}

}  // namespace

TEST_CASE("services carry what Compose resolved and what the user wrote", "[discovery]") {
    Shop machine;
    machine.resolved = printed(R"({"name":"shop","services":{
        "web":{"image":"nginx:1","deploy":{"replicas":3}}, "api":{"build":{"context":"."},"scale":2}, "off":{"image":"x","deploy":{"replicas":0}}}})");
    machine.as_written = printed(R"({"name":"shop","x-pilotpros":{"environment":"development"},"services":{
        "web":{"image":"nginx:${TAG}","deploy":{"replicas":"${N}"},"x-pilotpros":{"application":"nginx"}}, "api":{"build":{"context":"."}},
        "off":{"image":"x"}, "debug":{"image":"busybox","profiles":["dbg"]}}})");
    const Project project = machine.discover();
    CHECK(project.name == "shop");
    REQUIRE(project.services.size() == 4);
    const Service& web = project.services.at("web");
    CHECK(web.image == "nginx:1");
    CHECK(web.replicas == 3);
    CHECK(web.extension.at("application") == "nginx");
    CHECK_FALSE(web.profiled_out);
    CHECK(project.services.at("api").built);
    CHECK(project.services.at("api").image.empty());
    CHECK(project.services.at("api").replicas == 2);
    CHECK(project.services.at("off").replicas == 0);
    CHECK(project.services.at("debug").profiled_out);
    CHECK(project.services.at("debug").image == "busybox");
    CHECK(project.services.at("debug").resolved.is_null());
    CHECK(project.extension.at("environment") == "development");
    CHECK(project.uninterpolated.at("services").at("web").at("image") == "nginx:${TAG}");
}

TEST_CASE("odd answers of Compose are survived or refused", "[discovery]") {
    Shop machine;
    SECTION("a project without services") {
        machine.resolved = machine.as_written = printed(R"({"name":"shop","services":{}})");
        CHECK(machine.discover().warnings == std::vector<std::string>{"the project has no services"});
    }
    SECTION("services is null, or not there") {
        machine.resolved = printed(R"({"name":"shop","services":null})");
        machine.as_written = printed(R"({"name":"shop"})");
        CHECK(machine.discover().services.empty());
    }
    SECTION("a null service") {
        machine.resolved = printed(R"({"name":"shop","services":{"web":null}})");
        machine.as_written = printed(R"({"name":"shop","services":{"web":null}})");
        CHECK(machine.discover().services.at("web").image.empty());
    }
    SECTION("all services have profiles") {
        machine.resolved = printed(R"({"name":"shop","services":{}})");
        machine.as_written = printed(R"({"services":{"a":{"profiles":["p"]}}})");
        CHECK(machine.discover().warnings == std::vector<std::string>{"no service is active: each needs a --profile"});
    }
    SECTION("it cannot show the files as written") {
        machine.as_written = failed("no such option");
        machine.resolved = printed(R"({"name":"shop","x-pilotpros":{"a":1},"services":{"web":{"image":"x"}}})");
        const Project project = machine.discover();
        CHECK(project.uninterpolated.is_null());
        CHECK(project.extension.at("a") == 1);
        CHECK(project.warnings.size() == 1);
        CHECK(project.services.at("web").extension.is_null());
    }
    SECTION("then the wishes in services are those of its YAML") {
        machine.as_written = failed("invalid spec: too many colons");
        machine.as_yaml = printed(
            "name: shop\nservices:\n  web:\n    image: x\n    x-pilotpros:\n      pin: {memory: 96m, "
            "cpus: 0.5, heap: 256, user: \"256\"}\n      exclude: [logging]\n");
        const Project project = machine.discover();
        CHECK(project.services.at("web").extension ==
              nlohmann::json::parse(
                  R"({"pin": {"memory": "96m", "cpus": 0.5, "heap": 256, "user": "256"}, "exclude": ["logging"]})"));
        CHECK(project.warnings.size() == 1);
        SECTION("where there is none, they are said not to be seen") {
            machine.as_yaml = failed("no such option");
            CHECK(machine.discover().warnings.size() == 2);
        }
        SECTION("what is no YAML has none") {
            machine.as_yaml = printed("services: [");
            CHECK(machine.discover().services.at("web").extension.is_null());
        }
    }
    SECTION("no JSON") {
        machine.resolved = printed(R"({"name":"shop","serv)");
        CHECK(refusal(machine).code() == ExitCode::kBadInput);
    }
    SECTION("exit codes of every version") {
        for (const int code : {1, 14, 15, 16}) {
            machine.resolved = failed("yaml: line 3: mapping values are not allowed in this context", code);
            const Error error = refusal(machine);
            CHECK(error.code() == ExitCode::kBadInput);
            CHECK(std::string{error.what()}.find("yaml: line 3: mapping values are not allowed in this context") !=
                  std::string::npos);
        }
    }
}

TEST_CASE("what is wrong with docker itself is told apart from what is wrong with the files", "[discovery]") {
    Shop machine;
    std::string expected;
    const auto answer_all = [&](const Finished& finished) {
        machine.process.answer = [finished](const Command&) { return finished; };
    };
    SECTION("no docker") {
        Finished finished;
        finished.not_found = true;
        answer_all(finished);
        expected = "there is no docker program to ask";
    }
    SECTION("no Compose: docker 28") {
        answer_all(failed("unknown flag: --project-directory\n\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n"));
        expected = "docker has no Compose plugin";
    }
    SECTION("no Compose: docker 20, 26") {
        answer_all(failed("docker: 'compose' is not a docker command.\nSee 'docker --help'", 125));
        expected = "docker has no Compose plugin";
    }
    SECTION("out of time") {
        Finished finished;
        finished.timed_out = true;
        finished.signal = 9;
        answer_all(finished);
        expected = "Compose did not finish reading these files within 10 s";
    }
    SECTION("out of memory") {
        answer_all(failed("fatal error: runtime: out of memory\n\nruntime stack:\n", 2));
        expected = "Compose needed more than 240 MB to read these files";
    }
    const Error error = refusal(machine);
    CHECK(error.what() == expected);
    CHECK_FALSE(error.hint().empty());
    CHECK(error.code() == ExitCode::kBadInput);
}

TEST_CASE("a service may be called like docker's complaint of an unknown flag", "[discovery]") {
    Shop machine;
    machine.resolved = failed(R"(service "web" depends on undefined service "unknown flag")");
    CHECK(std::string{refusal(machine).what()}.find("Compose plugin") == std::string::npos);
}

TEST_CASE("an unknown profile is pointed out, one that is computed is not", "[discovery]") {
    Shop machine;
    machine.as_written = printed(R"({"services":{"web":{"image":"x"},"d":{"profiles":["debug"]}}})");
    Selectors selectors;
    selectors.profiles = {"degub", "*"};
    CHECK(machine.discover(selectors).warnings ==
          std::vector<std::string>{"no service has the profile degub (there are: debug)"});
    machine.as_written = printed(R"({"services":{"web":{"image":"x"},"d":{"profiles":["${P}"]}}})");
    CHECK(machine.discover(selectors).warnings.empty());
}

TEST_CASE("names of services are checked, and the nearest named", "[discovery]") {
    Shop machine;
    machine.resolved = machine.as_written =
        printed(R"({"name":"shop","services":{"backend":{},"frontend":{},"db":{}}})");
    const Project project = machine.discover();
    require_services(project, {"db", "backend"});
    const auto hint = [&](const std::string& name) {
        try {
            require_services(project, {"db", name});
        } catch (const Error& error) {
            CHECK(error.code() == ExitCode::kUsage);
            return error.hint();
        }
        return std::string{"no error"};
    };
    CHECK(hint("bakend") == "did you mean backend?");
    CHECK(hint("dB") == "did you mean db?");
    CHECK(hint("queue") == "there are: backend, db, frontend");
    CHECK(hint("") == "there are: backend, db, frontend");
}
