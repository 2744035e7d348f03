#include "core/compose/yaml_aliases.h"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

#include "core/model/error.h"
#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

std::pair<int, int> multiplied_in(const std::string& yaml) {
    const auto found = aliases_in(yaml).multiplied;
    return found ? std::pair{found->line, found->column} : std::pair{0, 0};
}

/// Each line ten of the one before: the n-th is 10^n of the first, and the lists themselves.
std::string tens(int lines) {
    std::string yaml = "x0: &a0 x\n";
    for (int i = 1; i <= lines; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        yaml += "x" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j) {
            yaml += (j == 0 ? "" : ",") + before;
        }
        yaml += "]\n";
    }
    return yaml;
}

}  // namespace

TEST_CASE("aliases that multiply are told without writing them out", "[compose]") {
    CHECK(multiplied_in(tens(5)) == std::pair{0, 0});  // 111,111 in its last line, 123,456 values in all
    CHECK(multiplied_in(tens(6)).first == 7);
    CHECK(multiplied_in(tens(60)).first == 7);
    SECTION("in mappings, and merged") {
        std::string yaml = "a0: &a0 {k: v, l: w}\n";
        for (int i = 1; i < 30; ++i) {
            const std::string before = "*a" + std::to_string(i - 1);
            yaml += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: " + before + ", m: " + before + "}\n";
        }
        CHECK(multiplied_in(yaml).first > 10);
    }
    SECTION("of a long text, which counts as many") {
        const auto repeated = [](std::size_t length, int times) {
            std::string yaml = "x-a: &a \"" + std::string(length, 'y') + "\"\nlabels:\n";
            for (int i = 0; i < times; ++i) {
                yaml += "  l" + std::to_string(i) + ": *a\n";
            }
            return yaml;
        };
        CHECK(multiplied_in(repeated(100'000, 9000)).first > 3);
        CHECK(multiplied_in(repeated(1'000'000, 700)).first > 3);
        CHECK(multiplied_in(repeated(1'000'000, 1)) == std::pair{0, 0});
        CHECK(multiplied_in(repeated(1000, 5000)) == std::pair{0, 0});  // 5 MB of text
    }
    SECTION("behind thousands of plain aliases there are no more values than there are lines") {
        std::string yaml = "x: &x {a: 1, b: 2}\nall:\n";
        for (int i = 0; i < 5000; ++i) {
            yaml += "  - *x\n";
        }
        CHECK(multiplied_in(yaml) == std::pair{0, 0});
    }
    SECTION("an anchor given anew is what it was given last, and each document begins anew") {
        CHECK(multiplied_in(tens(5) + "x1: &a5 small\ny: [*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5,*a5]\n") ==
              std::pair{0, 0});
        CHECK(multiplied_in(tens(4) + "---\n" + tens(5)) == std::pair{0, 0});
    }
    SECTION("what refers to itself, what is no YAML and what is nothing is left to Compose") {
        CHECK(multiplied_in("a: &a [*a, *a]\n") == std::pair{0, 0});
        CHECK(multiplied_in("a: *nowhere\n") == std::pair{0, 0});
        CHECK(multiplied_in("a: [*\n") == std::pair{0, 0});
        CHECK(multiplied_in("") == std::pair{0, 0});
    }
}

TEST_CASE("a file whose aliases multiply never reaches Compose", "[discovery]") {
    Machine machine;
    machine.files.contents = {{"/home/me/shop/compose.yaml", tens(9) + "services: {web: {image: x}}\n"}};
    REQUIRE_THROWS_AS(machine.discover(), Error);
    CHECK(machine.process.ran.empty());
    SECTION("nor one that takes such a file in, at any depth") {
        machine.files.contents = {
            {"/home/me/shop/compose.yaml", "include: [parts/one.yaml]\nservices: {web: {image: x}}\n"},
            {"/home/me/shop/parts/one.yaml",
             "services: {a: {extends: {file: ../two.yml, service: a}}, b: {extends: {file: one.yaml, service: a}}}\n"},
            {"/home/me/shop/two.yml", tens(9)}};
        try {
            machine.discover();
            FAIL("it is taken in");
        } catch (const Error& error) {
            CHECK(std::string{error.what()}.find("/home/me/shop/two.yml: line 7") == 0);
        }
        CHECK(machine.process.ran.empty());
    }
    machine.files.contents = {{"/home/me/shop/compose.yaml", tens(2) + "services: {web: {image: x}}\n"}};
    CHECK(machine.discover().services.contains("web"));
}
