#include "core/apps/nginx/advise.h"

#include <catch2/catch.hpp>

#include "core/apps/nginx/facts.h"
#include "tests/unit/advise/health_case.h"

using namespace pilotpros;
using namespace pilotpros::testing;
using namespace pilotpros::apps;
using Json = nlohmann::json;

namespace {

struct Nginx {
    HealthCase seen;
    nginx::Facts facts;

    Nginx() {
        seen.add("door", "nginx", Json::object());
        seen.add("app", "node", Json::object());
        ServiceObservation& flow = seen.add("flow", "n8n", Json::object());
        flow.applications.front().facts = {{"values", Json::object()}};
        facts.version = "1.26.3";
        facts.accepted = true;
        facts.files = {"/etc/nginx/nginx.conf"};
        facts.servers.resize(1);
        facts.servers.front().listen = {"80"};
    }
    nginx::Location& location(const char* target) {
        facts.servers.front().locations.push_back({"/", "http", target, "1.1", "", "", "", "", true, false, false});
        return facts.servers.front().locations.back();
    }
    [[nodiscard]] Advice advice() const {
        return nginx::advise(seen.input(), seen.observation.services.front(), Json(facts));
    }
    [[nodiscard]] const Finding* find(const char* id) {
        last = advice();
        return finding_of(last, "door", id);
    }
    Advice last;
};

}  // namespace

TEST_CASE("more workers than the quota has CPUs are found", "[nginx][advise]") {
    Nginx one;
    one.facts.worker_processes = "auto";
    one.facts.workers = 4;
    CHECK(one.find("workers-above-quota") == nullptr);
    one.seen.observation.services.front().containers.front().limits.cpus = 1.5;
    REQUIRE(one.find("workers-above-quota") != nullptr);
    CHECK(one.find("workers-above-quota")->fix.find("worker_processes 2;") != std::string::npos);
    one.facts.workers = 2;
    CHECK(one.find("workers-above-quota") == nullptr);
    SECTION("also by their number in the file, where nobody could count them") {
        one.facts.workers = 0;
        one.facts.worker_processes = "8";
        CHECK(one.find("workers-above-quota") != nullptr);
        one.facts.worker_processes = "2";
        CHECK(one.find("workers-above-quota") == nullptr);
    }
}

TEST_CASE("connections that are not kept are found, with the lines", "[nginx][advise]") {
    Nginx one;
    one.location("app:3000").connection = "upgrade";
    REQUIRE(one.find("no-upstream-keepalive") != nullptr);
    CHECK_FALSE(one.last.findings.empty());
    CHECK(one.find("no-upstream-keepalive")->fix.find("server app:3000; keepalive 32;") != std::string::npos);

    SECTION("with the map where something upgrades") {
        CHECK(one.find("no-upstream-keepalive")->fix.find("map $http_upgrade") == std::string::npos);
        one.facts.servers.front().locations.front().upgrade = "passed";
        CHECK(one.find("no-upstream-keepalive")->fix.find("map $http_upgrade") != std::string::npos);
    }
    SECTION("with resolve where nginx knows it") {
        one.facts.version = "1.27.3";
        CHECK(one.find("no-upstream-keepalive")->fix.find("server app:3000 resolve;") != std::string::npos);
    }
    SECTION("not where they are kept") {
        one.facts.servers.front().locations.clear();
        one.location("group").connection = "variable";
        one.facts.upstreams = {{"group", {"app:3000"}, 16, false}};
        CHECK(one.find("no-upstream-keepalive") == nullptr);
        one.facts.servers.front().locations.front().http_version = "";
        CHECK(one.find("no-upstream-keepalive") != nullptr);
    }
}

TEST_CASE("the lines that keep connections are such that nginx takes them and loses nothing", "[nginx][advise]") {
    Nginx one;
    const auto fix = [&] {
        const Finding* const found = one.find("no-upstream-keepalive");
        return found == nullptr ? std::string{} : found->fix;
    };
    const auto has = [&](const char* part) { return mentions(fix(), part); };
    SECTION("unix sockets, hidden hosts and gRPC get none, and that is said") {
        one.location("unix socket");
        one.location("…");
        one.location("app:9000").scheme = "grpc";
        CHECK(fix().empty());
        CHECK(mentions(why_left(one.last, "door", "keepalive"), "unix sockets"));
        one.location("app:3000");
        CHECK(has("upstream app-kept { server app:3000;"));
        CHECK_FALSE(has("unix"));
        CHECK_FALSE(has("…"));
        CHECK_FALSE(has("9000"));
    }
    SECTION("two ports of one host are two groups with names of their own") {
        one.location("app:3000");
        one.location("app:4000");
        CHECK(has("upstream app-3000-kept { server app:3000;"));
        CHECK(has("upstream app-4000-kept { server app:4000;"));
        CHECK(has("proxy_pass http://app-4000-kept;  # for app:4000"));
        CHECK_FALSE(has("upstream app-kept"));
    }
    SECTION("no name that is there already") {
        one.facts.upstreams = {{"app-kept", {"other:1"}, 0, false}};
        one.location("app:3000");
        CHECK(has("upstream app-3000-kept2 { server app:3000;"));
    }
    SECTION("a group that is there gets its one line, and stays as it is") {
        one.facts.upstreams = {{"group", {"app:3000", "unix socket"}, 0, false}};
        one.location("group");
        CHECK(has("in the upstream group, as the last line of its block:\n  keepalive 32;\n"));
        CHECK_FALSE(has("upstream group {"));
        CHECK_FALSE(has("proxy_pass"));
        CHECK_FALSE(has("Host"));
        CHECK(has("proxy_set_header Connection \"\";"));
        one.facts.upstreams.front().keepalive = 16;
        CHECK_FALSE(has("keepalive 32"));
    }
    SECTION("the upstream sees the Host that it saw before") {
        one.location("app:3000");
        CHECK(has("proxy_set_header Host app:3000;"));
        CHECK_FALSE(has("proxy_ssl_name"));
        one.facts.servers.front().locations.front().host = "$host";
        CHECK_FALSE(has("proxy_set_header Host"));
        one.facts.servers.front().locations.front().scheme = "https";
        CHECK(has("proxy_ssl_name app;"));
    }
    SECTION("headers that a location loses are told") {
        one.location("app:3000");
        CHECK(has("drops all those that it inherits"));
    }
    SECTION("a resolver only where there is none") {
        one.facts.version = "1.27.3";
        one.location("app:3000");
        CHECK(has("resolver 127.0.0.11"));
        one.facts.resolver = "127.0.0.11";
        CHECK_FALSE(has("resolver 127.0.0.11"));
    }
}

TEST_CASE("a cache that may leak is found", "[nginx][advise]") {
    Nginx one;
    one.location("app:3000").cached = true;
    CHECK(one.find("cache-may-leak") == nullptr);
    one.facts.servers.front().locations.front().cache_valid = true;
    CHECK(one.find("cache-may-leak") != nullptr);
}

TEST_CASE("JavaScript that goes out uncompressed is found", "[nginx][advise]") {
    Nginx one;
    CHECK(one.find("gzip-without-javascript") == nullptr);
    one.facts.gzip = true;
    one.facts.gzip_types = {"text/css", "application/javascript"};
    REQUIRE(one.find("gzip-without-javascript") != nullptr);
    CHECK(one.find("gzip-without-javascript")->fix.find("text/css application/javascript text/javascript;") !=
          std::string::npos);
    one.facts.gzip_types = {"*"};
    CHECK(one.find("gzip-without-javascript") == nullptr);
}

TEST_CASE("a WebSocket that is cut off is found", "[nginx][advise]") {
    Nginx one;
    nginx::Location& location = one.location("app:3000");
    location.read_timeout = "10s";
    CHECK(one.find("short-websocket-timeout") == nullptr);
    location.upgrade = "passed";
    CHECK(one.find("short-websocket-timeout") != nullptr);
    location.read_timeout = "1h";
    CHECK(one.find("short-websocket-timeout") == nullptr);
    CHECK(one.find("default-websocket-timeout") == nullptr);
    location.read_timeout = "";
    CHECK(one.find("default-websocket-timeout") != nullptr);
    location.target = "flow:5678";
    CHECK(one.find("short-websocket-timeout") != nullptr);
    location.http_version = "";
    CHECK(one.find("upgrade-without-http-1.1") != nullptr);
}

TEST_CASE("names that are resolved once are found, services of the project only", "[nginx][advise]") {
    Nginx one;
    one.location("example.org:80");
    CHECK(one.find("static-upstream-names") == nullptr);
    one.location("app:3000");
    CHECK(one.find("static-upstream-names") != nullptr);
}

TEST_CASE("what n8n behind it needs is found", "[nginx][advise]") {
    Nginx one;
    nginx::Location& location = one.location("flow:5678");
    location.host = "$host";
    Container& container = one.seen.observation.services.front().containers.front();
    CHECK(one.find("host-without-port") == nullptr);
    container.ports = {{"127.0.0.1", "8080", "80/tcp"}};
    REQUIRE(one.find("host-without-port") != nullptr);
    CHECK(mentions(one.find("host-without-port")->fix, "drops all those that it inherits"));
    SECTION("webhooks do not ask for the port") {
        location.match = "/webhook/";
        CHECK(one.find("host-without-port") == nullptr);
    }
    SECTION("the port is passed") {
        location.host = "$http_host";
        CHECK(one.find("host-without-port") == nullptr);
    }
    SECTION("bodies that it takes get through") {
        CHECK(one.find("body-smaller-than-n8n-takes") != nullptr);
        one.facts.client_max_body_size = "16m";
        CHECK(one.find("body-smaller-than-n8n-takes") == nullptr);
    }
}

TEST_CASE("a configuration that was not read is not judged", "[nginx][advise]") {
    Nginx one;
    one.facts.gzip = true;
    one.facts.accepted = false;
    CHECK(one.advice().findings.empty());
    CHECK(one.advice().left_alone.front().why.starts_with("insufficient evidence"));
}
