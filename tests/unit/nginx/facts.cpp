#include <catch2/catch.hpp>

#include "core/apps/asking.h"
#include "core/apps/nginx/facts.h"
#include "core/apps/redis/facts.h"
#include "tests/unit/apps/asked_container.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using namespace pilotpros::apps;
using pilotpros::testing::answer_exec;
using pilotpros::testing::AskedContainer;

namespace {

using Words = std::vector<std::string>;

// As `nginx -T` of 1.26 prints it; secrets where stacks keep them.
constexpr const char* kShown = R"(# configuration file /etc/nginx/nginx.conf:
user  nginx;
worker_processes  auto;
# a comment; with { signs }
events {
    worker_connections  1024;
}
http {
    include       /etc/nginx/mime.types;
    map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    log_format main '$remote_addr "$request" {"a": 1}';
    sendfile on;
    proxy_set_header Host $host;
    client_max_body_size 8m;
    gzip on;
    gzip_types text/css application/json;
    proxy_cache_path /var/cache/nginx keys_zone=z:1m;
    upstream api { server backend-dev:3001 max_fails=2; server unix:/run/x.sock; keepalive 16; }
    include conf.d/*.conf;
}

# configuration file /etc/nginx/mime.types:
types {
    text/html html htm;
}

# configuration file /etc/nginx/conf.d/default.conf:
server {
    listen 80 default_server;
    listen [::]:80;
    server_name localhost shop.example.org ~^(?<x>hunter2)$;
    location = /health { return 200 "hunter2 { ok }\n"; }
    location /api/ {
        proxy_pass http://api;
        proxy_cache z;
        proxy_cache_valid 200 5m;
    }
    location /hooks/hunter2 {
        proxy_pass https://user:hunter2@partner.example.org:8443/x?key=hunter2;
        proxy_set_header Authorization "Basic hunter2";
        proxy_set_header Connection "";
    }
    location ~* \.(js|css)$ { expires 1y; }
    location / {
        set $up frontend-dev;
        proxy_pass http://$up:3000;
        proxy_http_version 1.1;
        proxy_read_timeout 10s;
        proxy_buffering off;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Host $http_host;
    }
}
)";

struct Ask : AskedContainer {
    Ask() : AskedContainer("edge") {
        container.argv = {Secret{"/docker-entrypoint.sh"}, Secret{"nginx"}, Secret{"-g"}, Secret{"daemon off;"}};
    }
    Answers operator()(const char* kind) { return module_of(kind)->ask(asking); }
};

}  // namespace

TEST_CASE("nginx: a whole configuration, includes in place", "[apps]") {
    const auto facts = nginx::read_facts(nginx::read_configuration(kShown));
    CHECK(facts.complete);
    CHECK(facts.files == Words{"/etc/nginx/nginx.conf", "/etc/nginx/mime.types", "/etc/nginx/conf.d/default.conf"});
    CHECK(facts.worker_processes == "auto");
    CHECK(facts.worker_connections == "1024");
    CHECK(facts.gzip);
    CHECK(facts.gzip_types == Words{"text/css", "application/json"});
    CHECK(facts.cache_zones == 1);
    REQUIRE(facts.upstreams.size() == 1);
    CHECK(facts.upstreams[0].servers == Words{"backend-dev:3001", "unix socket"});
    CHECK(facts.upstreams[0].keepalive == 16);
    REQUIRE(facts.servers.size() == 1);
    const auto& server = facts.servers[0];
    CHECK(server.listen == Words{"80", "[::]:80"});
    CHECK(server.names == Words{"localhost", "shop.example.org", "~…"});
    CHECK(server.client_max_body_size == "8m");
    CHECK(server.other_locations == 2);
    REQUIRE(server.locations.size() == 3);
    CHECK(server.locations[0].match == "/api/");
    CHECK(server.locations[0].target == "api");
    CHECK(server.locations[0].cached);
    CHECK(server.locations[0].cache_valid);
    CHECK(server.locations[0].host == "$host");
    CHECK(server.locations[1].scheme == "https");
    CHECK(server.locations[1].target == "partner.example.org:8443");
    CHECK(server.locations[1].match == "/hooks/…");
    CHECK(server.locations[1].connection == "empty");
    // proxy_set_header of the location replaces all that is inherited.
    CHECK(server.locations[1].host.empty());
    CHECK(server.locations[2].target == "variable");
    CHECK(server.locations[2].upgrade == "passed");
    CHECK(server.locations[2].connection == "variable");
    CHECK(server.locations[2].http_version == "1.1");
    CHECK(server.locations[2].read_timeout == "10s");
    CHECK_FALSE(server.locations[2].buffering);
}

TEST_CASE("nginx: nothing of the text that may be a secret is kept", "[apps]") {
    Ask ask;
    answer_exec(ask.engine, "c", kShown, 0, "nginx version: nginx/1.26.3\n");
    const Answers answers = ask("nginx");
    CHECK(answers.facts["version"] == "1.26.3");
    CHECK(answers.facts["accepted"] == true);
    CHECK(answers.facts.dump().find("hunter2") == std::string::npos);
    // The running server's own -g goes along.
    CHECK(nlohmann::json::parse(ask.engine.asked.front().body)["Cmd"] ==
          nlohmann::json::array({"nginx", "-g", "daemon off;", "-v", "-T"}));
}

TEST_CASE("nginx: what it refuses is a gap with a reason that quotes nothing", "[apps]") {
    Ask ask;
    answer_exec(ask.engine, "c", "", 1,
                "2026/11/23 15:00:00 [emerg] 7#7: host not found in upstream \"hunter2:3001\" in "
                "/etc/nginx/conf.d/default.conf:12\n"
                "nginx: configuration file /etc/nginx/nginx.conf test failed\nnginx version: nginx/1.26.3\n");
    const Answers answers = ask("nginx");
    REQUIRE(answers.gaps.size() == 1);
    CHECK(answers.gaps[0].why.find("host not found in upstream … in /etc/nginx/conf.d/default.conf:12") !=
          std::string::npos);
    CHECK(answers.facts["accepted"] == false);
    SECTION("and nginx's defaults are not told as what is so") {
        CHECK_FALSE(answers.facts.contains("gzip"));
        CHECK_FALSE(answers.facts.contains("servers"));
        const std::vector<std::string> lines = nginx::describe(answers.facts.get<nginx::Facts>());
        REQUIRE(lines.size() == 2);
        CHECK(lines[0] == "nginx 1.26.3, 0 workers running");
        CHECK(lines[1].find("nginx -t refuses") == 0);
    }
}

TEST_CASE("nginx: broken, cut and hostile configurations never throw", "[apps]") {
    const std::string shown = kShown;
    for (std::size_t length = 0; length < shown.size(); length += 13) {
        CHECK_NOTHROW(nginx::read_facts(nginx::read_configuration(shown.substr(0, length))));
    }
    CHECK_FALSE(nginx::read_configuration(shown.substr(0, shown.size() - 3)).complete);
    CHECK_FALSE(nginx::read_configuration("nonsense").complete);
    const std::string self = "# configuration file /a:\ninclude /a; include /a; x y;\n";
    CHECK_NOTHROW(nginx::read_configuration(self));
    CHECK_NOTHROW(nginx::read_configuration("# configuration file /a:\n" + std::string(100'000, '{')));
    CHECK_NOTHROW(nginx::read_configuration("# configuration file /a:\n" + std::string(1000, '}') + "\"unended"));
}

TEST_CASE("nginx: quotes, variables in braces and lua as nginx reads them", "[apps]") {
    bool complete = true;
    const auto read = nginx::read_directives(
        R"(a "x; {y}" 'it''s' b\ c ${d}e; content_by_lua_block { if x then y = "}" end } f;)", complete);
    REQUIRE(read.size() == 3);
    CHECK(read[0].arguments[0] == "x; {y}");
    CHECK(read[0].arguments.back() == "${d}e");
    CHECK(read[1].has_block);
    CHECK(read[2].name == "f");
    CHECK(complete);
}

TEST_CASE("nginx: proxy targets and locations fit for print", "[apps]") {
    CHECK(nginx::proxy_target("http://a:p@h:80/x?q=1").second == "h:80");
    CHECK(nginx::proxy_target("http://unix:/run/hunter2.sock:/x").second == "unix socket");
    CHECK(nginx::proxy_target("https://[::1]:8/").second == "[::1]:8");
    CHECK(nginx::proxy_target("backend:90").second == "backend:90");
    CHECK(nginx::printable_match({"=", "/healthz"}) == "= /healthz");
    CHECK(nginx::printable_match({"^~", "/api/v1/AbC"}) == "^~ /api/…");
    CHECK(nginx::printable_match({"/9f3aTOKEN"}) == "/…");
    CHECK(nginx::printable_match({"~", "^/hunter2"}) == "~ …");
    CHECK(nginx::printable_match({"@back"}) == "@back");
    CHECK(nginx::printable_match({"/"}) == "/");
}

TEST_CASE("redis: INFO and the public settings are read, nothing else", "[apps]") {
    Ask ask;
    ask.container.environment = {{"REDIS_PASSWORD", Secret{"hunter2"}}};
    answer_exec(
        ask.engine, "c",
        "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nused_memory:941536\r\nmaxmemory:67108864\r\n"
        "maxmemory_policy:noeviction\r\nconnected_clients:4\r\nrole:master\r\naof_enabled:1\r\nconfig_file:/hunter2\r\n"
        "db0:keys=12,expires=0,avg_ttl=0\r\n\r\npilotpros-"
        "config\nmaxmemory\n67108864\nrequirepass\nhunter2\nsave\n3600 1\nappendonly\nyes\n",
        0);
    const Answers answers = ask("redis");
    CHECK(answers.gaps.empty());
    const auto facts = answers.facts.get<redis::Facts>();
    CHECK(facts.version == "7.0.15");
    CHECK(facts.maxmemory == 67108864);
    CHECK(facts.clients == 3);
    CHECK(facts.keys == 12);
    CHECK(facts.append_only);
    CHECK(facts.snapshots);
    CHECK(answers.facts.dump().find("hunter2") == std::string::npos);
    CHECK(ask.engine.asked.front().body.find("hunter2") == std::string::npos);
}

TEST_CASE("what an application's question begins with is all of it where it was run ahead", "[apps]") {
    for (const char* const kind : {"nginx", "redis", "postgres"}) {
        INFO(kind);
        Ask ask;
        answer_exec(ask.engine, "c", "nonsense", 0);
        const auto first = first_questions(ask.evidence, {{kind, 1, {}, nullptr}});
        REQUIRE_FALSE(first.empty());
        ExecsAhead ahead(ask.engine);
        ahead.run_ahead(first);
        const std::size_t asked = ask.engine.asked.size();
        Asking asking{ask.engine, ask.answers, ask.evidence, ask.facts, &ahead};
        module_of(kind)->ask(asking);
        CHECK(ask.engine.asked.size() == asked);
    }
    SECTION("nothing of a service that does not run, or that nobody knows") {
        Ask ask;
        CHECK(first_questions(ask.evidence, {{"python", 1, {}, nullptr}, {"memcached", 1, {}, nullptr}}).empty());
        ask.container.status = "exited";
        CHECK(first_questions(ask.evidence, {{"redis", 1, {}, nullptr}}).empty());
    }
}

TEST_CASE("redis demand: what maxmemory lets it take, and its saves; without it nobody knows", "[apps][demand]") {
    redis::Facts facts;
    CHECK_FALSE(redis::demand(facts));
    facts.maxmemory = 400 * kMiB;
    CHECK(redis::demand(facts)->least == 420 * kMiB);
    CHECK(redis::demand(facts)->wish == 0);
    facts.used_memory = 100 * kMiB;
    facts.used_memory_rss = 150 * kMiB;
    CHECK(redis::demand(facts)->least == 450 * kMiB);
    facts.snapshots = true;
    CHECK(redis::demand(facts)->wish == 850 * kMiB);
}

TEST_CASE("redis: each way of not answering is a gap with its reason", "[apps]") {
    const auto why = [](const char* output, int exit_code) {
        Ask ask;
        answer_exec(ask.engine, "c", output, exit_code);
        const Answers answers = ask("redis");
        REQUIRE(answers.gaps.size() == 1);
        return answers.gaps.front().why;
    };
    CHECK(why("NOAUTH Authentication required.\n\npilotpros-config\n", 0).find("password") != std::string::npos);
    CHECK(why("Could not connect to Redis at 127.0.0.1:6379: Connection refused", 1).find("no server") !=
          std::string::npos);
    CHECK(why("nonsense", 0).find("could not be read") != std::string::npos);
    CHECK(why("", 137).find("killed") != std::string::npos);
}

TEST_CASE("asking: a module that throws is a gap, an interrupt is not", "[apps]") {
    Ask ask;
    std::vector<Application> none{{"nosuch", 1, {}, nullptr}};
    CHECK(ask_all(ask.asking, none).empty());
    ask.engine.interrupt_at = "POST /containers/c/exec";
    std::vector<Application> redis{{"redis", 1, {}, nullptr}};
    CHECK_THROWS_AS(ask_all(ask.asking, redis), Interrupted);
    CHECK(without_quoted("a \"b\" c 'd' e `f\nsecond") == "a … c … e …");
}
