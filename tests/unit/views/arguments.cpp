#include "plugin/arguments.h"

#include <catch2/catch.hpp>

#include "core/model/error.h"
#include "plugin/cli.h"

using namespace pilotpros;

TEST_CASE("docker's whole command line is taken apart at the plugin's name") {
    SECTION("global flags before the name are docker's, flags after it are ours") {
        const auto split = split_arguments({"--debug", "-H", "tcp://1.2.3.4:1", "--log-level", "warn", "pilotpros",
                                            "profile", "--context", "mine", "-p", "x"});
        CHECK(split.globals.debug);
        CHECK(split.globals.host == "tcp://1.2.3.4:1");
        CHECK(split.globals.log_level == "warn");
        CHECK_FALSE(split.globals.context);
        CHECK(split.own == std::vector<std::string>{"profile", "--context", "mine", "-p", "x"});
    }
    SECTION("values may be attached, letters may be joined") {
        const auto split =
            split_arguments({"-Dcprod", "--config=/c", "--tlsverify=false", "--tlscacert=/ca", "pilotpros"});
        CHECK(split.globals.debug);
        CHECK(split.globals.context == "prod");
        CHECK(split.globals.config == "/c");
        CHECK_FALSE(split.globals.tls_verify);
        CHECK(split.globals.tls);  // docker: who names --tlsverify at all wants TLS
        CHECK(split.globals.tls_ca == "/ca");
        CHECK(split.own.empty());
    }
    SECTION("truth is told as Go reads it") {
        CHECK_FALSE(split_arguments({"--tls=F", "pilotpros"}).globals.tls);
        CHECK(split_arguments({"--tls=t", "pilotpros"}).globals.tls);
        CHECK_THROWS_AS(split_arguments({"--tls=maybe", "pilotpros"}), Error);
    }
    SECTION("help comes in three forms") {
        CHECK(split_arguments({"help", "pilotpros", "profile"}).kind == Arguments::Kind::kHelp);
        CHECK(split_arguments({"--help", "pilotpros"}).kind == Arguments::Kind::kHelp);
        const auto own = split_arguments({"pilotpros", "--help"});
        CHECK(own.kind == Arguments::Kind::kCommand);
        CHECK(own.own == std::vector<std::string>{"--help"});
    }
    SECTION("completion keeps the word being typed, also an empty one") {
        const auto split = split_arguments({"__complete", "pilotpros", "profile", ""});
        CHECK(split.kind == Arguments::Kind::kComplete);
        CHECK(split.own == std::vector<std::string>{"profile", ""});
    }
    SECTION("without docker the first word is ours") {
        CHECK(split_arguments({"profile", "web"}).own == std::vector<std::string>{"profile", "web"});
    }
    SECTION("an unknown or unfinished global flag is an error that does not repeat a value") {
        CHECK_THROWS_AS(split_arguments({"--password=hunter2", "pilotpros"}), Error);
        CHECK_THROWS_AS(split_arguments({"--host"}), Error);
        try {
            split_arguments({"--password=hunter2", "pilotpros"});
        } catch (const Error& error) {
            CHECK(std::string{error.what()}.find("hunter2") == std::string::npos);
            CHECK(error.code() == ExitCode::kUsage);
        }
    }
}

TEST_CASE("the flags repeated to a docker of ours give the same flags again") {
    const std::vector<std::string> flags{"--config", "/c",        "--context", "x",           "--log-level",
                                         "info",     "--debug",   "--tls",     "--tlsverify", "--tlscacert",
                                         "/a",       "--tlscert", "/b",        "--tlskey",    "/k"};
    CHECK(split_arguments(flags).globals.as_arguments() == flags);
}

TEST_CASE("an option that may be given several times leaves the words after its value to the services") {
    CLI::App app;
    Selectors selectors;
    std::vector<std::string> services;
    std::vector<std::string> advisors;
    app.add_option("services", services);
    one_each_time(app.add_option("--only", advisors))->delimiter(',');
    declare_selectors(app, selectors);
    app.parse("-f a.yaml --only limits,node -f b.yaml --profile p --env-file e web db");
    CHECK(selectors.files == std::vector<std::string>{"a.yaml", "b.yaml"});
    CHECK(selectors.profiles == std::vector<std::string>{"p"});
    CHECK(selectors.env_files == std::vector<std::string>{"e"});
    CHECK(advisors == std::vector<std::string>{"limits", "node"});
    CHECK(services == std::vector<std::string>{"web", "db"});
}
