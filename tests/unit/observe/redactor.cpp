#include "core/observe/redactor.h"

#include <catch2/catch.hpp>

#include "core/docker/logs.h"
#include "tests/unit/fake_engine_memory.h"

using namespace pilotpros;
using pilotpros::testing::frame;

namespace {

std::string cleaned(const std::string& line, const std::vector<std::string>& values = {}) {
    std::vector<Secret> secrets;
    secrets.reserve(values.size());
    for (const std::string& value : values) {
        secrets.emplace_back(value);
    }
    return Redactor{secrets}.clean(line);
}

}  // namespace

TEST_CASE("a secret of the service is never in a line of its log", "[redactor]") {
    SECTION("whole, also a short one") {
        CHECK(cleaned("cannot log in with hunter2 here", {"hunter2"}) == "cannot log in with … here");
        CHECK(cleaned("pin 4711 is wrong", {"4711"}) == "pin … is wrong");
    }
    SECTION("in other letter case, cut, and cut in two by an escape") {
        CHECK(cleaned("said CORRECT-HORSE twice", {"correct-horse-battery"}) == "said … twice");
        CHECK(cleaned("correct-ho\x1b[31mrse-bat\x1b[0m ends", {"correct-horse-battery"}) == "… ends");
    }
    SECTION("the password of an address in the environment, alone") {
        const std::string line =
            cleaned("role shop, word demo-only-not: refused", {"postgres://shop:demo-only-not-a-secret@db:5432/shop"});
        CHECK(line.find("demo-only") == std::string::npos);
        CHECK(cleaned("postgres starts", {"postgres://shop:word-of-mine@db:5432/shop"}) == "postgres starts");
    }
    SECTION("what nobody could keep secret stays: planted") {
        CHECK(cleaned("exit 1, on", {"1", "on", ""}) == "exit 1, on");
    }
}

TEST_CASE("what is usually secret is left out of a line, whoever wrote it", "[redactor]") {
    CHECK(cleaned("connect to postgres://u:w@db:5432/shop failed") == "connect to postgres://…@db:5432/… failed");
    CHECK(cleaned("GET https://api.example.org/hook/9f?key=x 500") == "GET https://api.example.org/… 500");
    CHECK(cleaned("\"POST /webhook/9f3a?k=v HTTP/1.1\" 502") == "\"POST /… HTTP/1.1\" 502");
    CHECK(cleaned("password=hunter, user=me") == "password …, user=me");
    CHECK(cleaned("{\"token\": \"abc def\"}") == "{\"token\" …}");
    CHECK(cleaned("Authorization: Basic dXNlcjpwYXNz") == "Authorization …");
    CHECK(cleaned("key 9f86d081884c7d659a2feaa0c55ad015 unknown") == "key … unknown");
    CHECK(cleaned("FATAL: password authentication failed for user \"shop\"") ==
          "FATAL: password authentication failed for user \"shop\"");
    CHECK(cleaned("Error: Cannot find module 'express' at /app/server.js:12") ==
          "Error: Cannot find module 'express' at /app/server.js:12");
}

TEST_CASE("a line of a log is one line that a terminal does not obey", "[redactor]") {
    CHECK(without_escapes("\x1b]0;title\a\x1b[1;31mred\x1b[0m\tend\r\n\x07") == "red end");
    CHECK(without_escapes("\x1b").empty());
    CHECK(without_escapes("\x1b[").empty());
    const std::string cut = cleaned(std::string(158, 'a') + "ääää");
    CHECK(cut == std::string(158, 'a') + "ä…");
}

TEST_CASE("the secrets of a container are what its user set", "[redactor]") {
    Container container;
    container.environment = {
        {"PATH", Secret{"/usr/bin:/bin"}}, {"WORD", Secret{"hunter22"}}, {"MODE", Secret{"queue"}}};
    container.labels = {{"com.docker.compose.service", Secret{"web-service"}}, {"auth", Secret{"admin:hash-of-it"}}};
    container.argv = {Secret{"server"}, Secret{"--requirepass"}, Secret{"word-1"}, Secret{"--token=word-2"}};
    Image image;
    image.environment = {{"PATH", Secret{"/usr/bin:/bin"}}};
    std::vector<std::string> found;
    for (const Secret& secret : secrets_of(container, &image, {"MODE"})) {
        found.push_back(secret.reveal());
    }
    CHECK(found == std::vector<std::string>{"hunter22", "admin:hash-of-it", "word-1", "word-2"});
}

TEST_CASE("both streams of a log come in the order in which they were written", "[redactor]") {
    const std::string body = frame(1, "2026-01-01T00:00:01.000000001Z one\n2026-01-01T00:00:03.000000000Z three\n") +
                             frame(2, "2026-01-01T00:00:02.000000000Z two\r\n");
    std::vector<std::string> texts;
    for (const LogLine& line : log_lines(body, false)) {
        texts.push_back(line.text);
    }
    CHECK(texts == std::vector<std::string>{"one", "two", "three"});
    CHECK(log_lines("2026-01-01T00:00:01Z of a terminal\n", true).front().text == "of a terminal");
    CHECK(log_lines("nonsense", false).empty());
}
