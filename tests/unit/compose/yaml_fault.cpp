#include "core/compose/yaml_fault.h"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/compose/discovery_fakes.h"

using namespace pilotpros;
using namespace pilotpros::testing;

namespace {

using Place = std::pair<int, int>;

Place fault_in(const std::string& yaml) {
    const auto found = yaml_fault(yaml);
    return found ? Place{found->line, found->column} : Place{0, 0};
}

}  // namespace

TEST_CASE("broken YAML has a line and a column", "[compose]") {
    CHECK(fault_in("services:\n  web:\n    image: [a\n    x: b\n") == Place{4, 6});
    CHECK(fault_in("services:\n  web:\n    image: x\n\tbad: tab\n") == Place{4, 1});
    CHECK(fault_in("services:\n  web:\n    image: nginx\n   ports: []\n") == Place{4, 4});
    CHECK(fault_in("services:\n  web:\n    image: x: y\n") == Place{3, 13});
    CHECK(fault_in("services:\n  web: *nowhere\n") == Place{2, 8});
    SECTION("quotes that are not closed, where they are opened") {
        CHECK(fault_in("services:\n  web: \"x\n") == Place{2, 8});
        CHECK(fault_in("a: 'it''s\n") == Place{1, 4});
        CHECK(fault_in("a: \"x\\\"\n") == Place{1, 4});
        CHECK(fault_in("a: 'it''s'\nb: \"x\\\"\"\n") == Place{0, 0});
    }
    SECTION("a byte that is not UTF-8, counted in characters") {
        CHECK(fault_in("a: \"\xC3\xA9\xFF\"\n") == Place{1, 6});
    }
    SECTION("a control character") { CHECK(fault_in("a: b\nc: \"\x1B]0;t\"\n") == Place{2, 5}); }
    SECTION("in the second document") { CHECK(fault_in("a: b\n---\nc: [\n").first == 4); }
    SECTION("behind characters of several bytes, and a byte order mark") {
        CHECK(fault_in("a: \xC3\xA9\nb: \xC3\xA9: c\n") == Place{2, 5});
        CHECK(fault_in("\xEF\xBB\xBF"
                       "a: b\nc: d: e\n") == Place{2, 5});
        CHECK(fault_in("\xEF\xBB\xBF"
                       "a: b\nc: \"d\n") == Place{2, 4});
    }
    SECTION("none in what is YAML") {
        CHECK(fault_in("\xEF\xBB\xBF"
                       "a: b\r\nc: |\n  \td\n---\ne: &f [1, \"\xF0\x9F\x90\xB3\"]\ng: *f\n") == Place{0, 0});
        CHECK(fault_in("") == Place{0, 0});
        CHECK(fault_in(std::string("\xFF\xFE"
                                   "a\0:\0",
                                   6)) == Place{0, 0});
    }
    SECTION("what is hostile costs no more than reading it") {
        std::string bomb = "a0: &a0 [x, x]\n";
        for (int i = 1; i < 40; ++i) {
            bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + ", *a" +
                    std::to_string(i - 1) + "]\n";
        }
        CHECK(fault_in(bomb) == Place{0, 0});
        CHECK(fault_in(std::string(200'000, '[')).first == 1);
        CHECK(fault_in(std::string(5'000'000, '[')) == Place{0, 0});
    }
}

TEST_CASE("the place stands where Compose named a line or none", "[compose]") {
    const YamlPlace place{4, 6, 0};
    CHECK(with_yaml_place("yaml: line 2: did not find it", place) == "yaml: line 4, column 6: did not find it");
    CHECK(with_yaml_place("yaml: control characters", place) == "yaml: line 4, column 6: control characters");
    CHECK(with_yaml_place("failed to parse f: yaml: line 2: x", place) ==
          "failed to parse f: yaml: line 4, column 6: x");
    CHECK(with_yaml_place("services.web must be a mapping", place) == "services.web must be a mapping");
}

TEST_CASE("the file that is broken is named, with the place in it", "[discovery]") {
    Machine machine;
    machine.files.contents["/home/me/shop/compose.yaml"] = "services: {web: {image: x}}\n";
    machine.files.contents["/home/me/shop/compose.override.yaml"] = "services:\n  web: {image: [x}\n";
    machine.resolved = failed("yaml: line 1: did not find expected ',' or ']'");
    const auto said = [&] {
        try {
            machine.discover();
        } catch (const Error& error) {
            return std::string{error.what()};
        }
        return std::string{};
    };
    CHECK_THAT(said(), Catch::Contains("/home/me/shop/compose.override.yaml: yaml: line 2, column "));
    SECTION("planted: where ours find nothing wrong, Compose's own line stays") {
        machine.files.contents["/home/me/shop/compose.override.yaml"] = "services: {}\n";
        CHECK_THAT(said(), Catch::Contains("/home/me/shop/compose.yaml: yaml: line 1: "));
    }
}
