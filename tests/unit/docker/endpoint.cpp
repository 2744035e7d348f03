#include "core/docker/endpoint.h"

#include <catch2/catch.hpp>

#include "core/model/error.h"
#include "core/model/sha256.h"

using namespace pilotpros;

namespace {

struct Machine {
    MemoryFiles files;
    Environment environment{{{"HOME", "/home/u"}}, "/"};

    void add_context(const std::string& name, const std::string& host, bool skip_verify = false) {
        files.contents["/home/u/.docker/contexts/meta/" + sha256_hex(name) + "/meta.json"] =
            R"({"Name":")" + name + R"(","Endpoints":{"docker":{"Host":")" + host + R"(","SkipTLSVerify":)" +
            (skip_verify ? "true" : "false") + "}}}";
    }
    Endpoint resolve(const GlobalFlags& flags = {}) const { return resolve_endpoint(flags, environment, files); }
};

GlobalFlags with_context(const std::string& name) {
    GlobalFlags flags;
    flags.context = name;
    return flags;
}

}  // namespace

TEST_CASE("the name of a context's folder is the SHA-256 of its name") {
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("the engine is chosen in docker's own order") {
    Machine machine;
    CHECK(machine.resolve().address == "/var/run/docker.sock");
    CHECK(machine.resolve().kind == Endpoint::Kind::kUnix);

    machine.add_context("current", "unix:///current.sock");
    machine.files.contents["/home/u/.docker/config.json"] = R"({"currentContext":"current"})";
    CHECK(machine.resolve().address == "/current.sock");

    machine.add_context("named", "unix:///named.sock");
    machine.environment.variables["DOCKER_CONTEXT"] = "named";
    CHECK(machine.resolve().address == "/named.sock");

    machine.environment.variables["DOCKER_HOST"] = "tcp://h";
    CHECK(machine.resolve().address == "h:2375");

    GlobalFlags flags;
    flags.host = "unix:///flag.sock";
    CHECK(machine.resolve(flags).address == "/flag.sock");
    CHECK(machine.resolve(with_context("named")).address == "/named.sock");
    CHECK(machine.resolve(with_context("default")).address == "/var/run/docker.sock");
}

TEST_CASE("a context that does not exist is an error that says who named it") {
    const Machine machine;
    try {
        machine.resolve(with_context("nosuch"));
        FAIL("no error");
    } catch (const Error& error) {
        CHECK(error.code() == ExitCode::kEngineNeeded);
        CHECK(std::string{error.what()} == "context \"nosuch\" does not exist (named by --context)");
        CHECK_FALSE(error.hint().empty());
    }
}

TEST_CASE("TLS material comes from the context, or from flags and environment") {
    Machine machine;
    SECTION("a context's own") {
        machine.add_context("prod", "tcp://prod:2376", true);
        const std::string directory = "/home/u/.docker/contexts/tls/" + sha256_hex("prod") + "/docker/";
        machine.files.contents[directory + "ca.pem"] = "";
        const Endpoint endpoint = machine.resolve(with_context("prod"));
        REQUIRE(endpoint.tls);
        CHECK(endpoint.tls->ca == directory + "ca.pem");
        CHECK(endpoint.tls->cert.empty());
        CHECK_FALSE(endpoint.tls->verify);
    }
    SECTION("any value of DOCKER_TLS_VERIFY verifies, even 0, and the port becomes 2376") {
        machine.environment.variables = {{"HOME", "/home/u"},
                                         {"DOCKER_HOST", "tcp://h"},
                                         {"DOCKER_TLS_VERIFY", "0"},
                                         {"DOCKER_CERT_PATH", "/certs"}};
        machine.files.contents["/certs/key.pem"] = "";
        const Endpoint endpoint = machine.resolve();
        REQUIRE(endpoint.tls);
        CHECK(endpoint.tls->verify);
        CHECK(endpoint.tls->key == "/certs/key.pem");
        CHECK(endpoint.address == "h:2376");
    }
    SECTION("a context that skips verification has TLS without any of its own files") {
        machine.files.contents["/home/u/.docker/contexts/meta/" + sha256_hex("skip") + "/meta.json"] =
            R"({"Name":"skip","Endpoints":{"docker":{"Host":"tcp://h:1","SkipTLSVerify":true}}})";
        const Endpoint endpoint = machine.resolve(with_context("skip"));
        REQUIRE(endpoint.tls);
        CHECK_FALSE(endpoint.tls->verify);
        CHECK(endpoint.tls->ca.empty());
    }
    SECTION("certificates alone are no wish for it") {
        GlobalFlags flags;
        flags.host = "tcp://h";
        flags.tls_ca = "/ca.pem";
        CHECK_FALSE(machine.resolve(flags).tls);
        CHECK(machine.resolve(flags).address == "h:2375");
    }
    SECTION("--tls alone does not verify") {
        GlobalFlags flags;
        flags.host = "h:1";
        flags.tls = true;
        const Endpoint endpoint = machine.resolve(flags);
        REQUIRE(endpoint.tls);
        CHECK_FALSE(endpoint.tls->verify);
    }
}

TEST_CASE("forms of a host") {
    Machine machine;
    GlobalFlags flags;
    flags.host = "ssh://user:pw@far:22";
    const Endpoint ssh = machine.resolve(flags);
    CHECK(ssh.kind == Endpoint::Kind::kDialStdio);
    CHECK(ssh.display() == "ssh://far:22");
    flags.host = "tcp://user:pw@far:2375";
    CHECK(machine.resolve(flags).display() == "tcp://far:2375");
    flags.host = " tcp://h:1/engines/a/ ";
    CHECK(machine.resolve(flags).address == "h:1");
    CHECK(machine.resolve(flags).base == "/engines/a");
    for (const char* const nothing : {"", "  "}) {
        flags.host = nothing;
        CHECK(machine.resolve(flags).kind == Endpoint::Kind::kUnix);
    }
    flags.host = "http://h";
    CHECK_THROWS_AS(machine.resolve(flags), Error);
    flags.host = "tcp://[::1]";
    CHECK(machine.resolve(flags).address == "[::1]:2375");
}

TEST_CASE("a configuration that cannot be read counts for nothing, as for docker itself") {
    Machine machine;
    for (const char* const broken : {"{broken", "[]", ""}) {
        machine.files.contents["/home/u/.docker/config.json"] = broken;
        CHECK(machine.resolve().address == "/var/run/docker.sock");
        CHECK(machine.resolve().context == "default");
        CHECK(machine.resolve().headers.empty());
    }
}

TEST_CASE("headers and a pinned API version are taken over") {
    Machine machine;
    machine.files.contents["/home/u/.docker/config.json"] = R"({"HttpHeaders":{"X-Meta":"1"}})";
    machine.environment.variables["DOCKER_API_VERSION"] = "1.41";
    CHECK(machine.resolve().headers.at("X-Meta") == "1");
    CHECK(machine.resolve().api_version == "1.41");
    machine.environment.variables["DOCKER_API_VERSION"] = "v1.41";
    CHECK(machine.resolve().api_version == "1.41");
    for (const char* const wrong : {"banana", "1", "1.", ".41", "1.41/../x", "v"}) {
        machine.environment.variables["DOCKER_API_VERSION"] = wrong;
        CHECK_THROWS_AS(machine.resolve(), Error);
    }
}
