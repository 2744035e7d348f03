#include "core/verify/probes.h"

#include <catch2/catch.hpp>

#include "tests/unit/health_case.h"

using namespace pilotpros;

namespace {

using Words = std::vector<std::string>;

std::string shell(const char* text) {
    const auto wrong = with_wrong_port({"CMD-SHELL", text});
    return wrong ? wrong->at(1) : "";
}

}  // namespace

TEST_CASE("every kind of probe has a variant that must fail", "[probes]") {
    CHECK(shell("curl -f http://127.0.0.1:3001/health || exit 1") == "curl -f http://127.0.0.1:1/health || exit 1");
    CHECK(shell("wget -qO- http://127.0.0.1/") == "wget -qO- http://127.0.0.1:1/");
    CHECK(shell("curl -f \"http://localhost:$PORT/\"") == "curl -f \"http://localhost:1/\"");
    CHECK(shell("curl -f localhost:3000/x") == "curl -f http://localhost:1/x");
    CHECK(shell("curl -f http://[::1]:80/") == "curl -f http://[::1]:1/");
    CHECK(shell("pg_isready -h 127.0.0.1 -U a") == "pg_isready -p 1 -h 127.0.0.1 -U a");
    CHECK(shell("pg_isready -p 5433 -U a") == "pg_isready -p 1 -U a");
    CHECK(shell("redis-cli -h 127.0.0.1 -p 6379 ping | grep -q PONG") ==
          "redis-cli -h 127.0.0.1 -p 1 ping | grep -q PONG");
    CHECK(with_wrong_port({"CMD", "redis-cli", "ping"}) == Words{"CMD", "redis-cli", "-p", "1", "ping"});
    CHECK(with_wrong_port({"CMD", "pg_isready", "--port=5433"}) == Words{"CMD", "pg_isready", "--port=1"});
    CHECK(with_wrong_port({"CMD", "bash", "-c", "</dev/tcp/127.0.0.1/4000"}) ==
          Words{"CMD", "bash", "-c", "</dev/tcp/127.0.0.1/1"});
    CHECK(with_wrong_port({"CMD", "nc", "-z", "127.0.0.1", "4000"}) == Words{"CMD", "nc", "-z", "127.0.0.1", "1"});
    CHECK(with_wrong_port({"CMD", "node", "-e", "require('net').connect(4000,'127.0.0.1')"}) ==
          Words{"CMD", "node", "-e", "require('net').connect(1,'127.0.0.1')"});
    CHECK(with_wrong_port({"CMD", "python3", "-c", "socket.create_connection(('127.0.0.1', 80), 5)"}) ==
          Words{"CMD", "python3", "-c", "socket.create_connection(('127.0.0.1', 1), 5)"});
    CHECK_FALSE(with_wrong_port({"CMD", "true"}).has_value());
    CHECK_FALSE(with_wrong_port({"NONE"}).has_value());
}
