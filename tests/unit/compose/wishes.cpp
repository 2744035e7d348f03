#include "core/compose/wishes.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <fstream>

#include "core/compose/yaml_place.h"
#include "core/model/error.h"

using namespace pilotpros;
using Json = nlohmann::json;

namespace {

Project project_with(const Json& service, const Json& top = nullptr) {
    Project project;
    project.name = "shop";
    project.working_directory = "/shop";
    project.files = {"/shop/compose.yaml"};
    project.extension = top;
    project.services["web"].name = "web";
    project.services["web"].extension = service;
    project.services["db"].name = "db";
    return project;
}

Wish wish_of(const Json& service, const Json& top = nullptr) {
    return read_wishes(project_with(service, top), MemoryFiles{}).at("web");
}

/// What is said of it; empty when nothing is wrong.
std::string complaint(const Project& project, const std::string& yaml = "",
                      const std::set<std::string>& advisors = {}) {
    MemoryFiles files;
    if (!yaml.empty()) {
        files.contents["/shop/compose.yaml"] = yaml;
    }
    try {
        static_cast<void>(read_wishes(project, files, advisors));
    } catch (const Error& error) {
        CHECK(error.code() == ExitCode::kBadInput);
        CHECK_FALSE(error.hint().empty());
        return error.what();
    }
    return "";
}

std::vector<std::string> keys_of(const Json& object) {
    std::vector<std::string> keys;
    for (const auto& [key, value] : object.items()) {
        keys.push_back(key);
    }
    return keys;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_CASE("x-pilotpros says what the user wants of a service", "[wishes]") {
    SECTION("nothing is no wish") {
        const Wish wish = wish_of(nullptr);
        CHECK(wish.excluded.empty());
        CHECK_FALSE(wish.development);
    }
    SECTION("a value is pinned as it was written, whatever its type") {
        const Wish wish = wish_of({{"pin", {{"memory", "${WEB_MEMORY:-512m}"}, {"pids", 256}, {"cpus", 1.5}}}});
        CHECK(wish.pinned.at("memory") == "${WEB_MEMORY:-512m}");
        CHECK(wish.pinned.at("pids") == "256");
        CHECK(wish.pinned.at("cpus") == "1.5");
    }
    SECTION("a value stays within bounds, of which one may be open") {
        const Wish wish = wish_of({{"bound", {{"memory", {{"min", "256m"}, {"max", "1g"}}}, {"cpus", {{"max", 2}}}}}});
        CHECK(wish.least.at("memory") == "256m");
        CHECK(wish.most.at("memory") == "1g");
        CHECK(wish.most.at("cpus") == "2");
        CHECK_FALSE(wish.least.contains("cpus"));
    }
    SECTION("advisors are excluded: one, some, all or none") {
        CHECK(wish_of({{"exclude", "limits"}}).excludes("limits"));
        CHECK_FALSE(wish_of({{"exclude", "limits"}}).excludes("logging"));
        CHECK(wish_of({{"exclude", {"limits", "logging"}}}).excludes("logging"));
        CHECK(wish_of({{"exclude", true}}).excludes("anything"));
        CHECK_FALSE(wish_of({{"exclude", false}}).excludes("anything"));
    }
    SECTION("a service is there to develop on, or is not") {
        CHECK(wish_of({{"environment", "development"}}).development == true);
        CHECK(wish_of({{"environment", "production"}}).development == false);
    }
    SECTION("paths hold no data") {
        CHECK(wish_of({{"disposable", {"/var/cache/app", "/srv/tmp"}}}).disposable.size() == 2);
        CHECK(wish_of({{"disposable", "/var/cache/app"}}).disposable.contains("/var/cache/app"));
    }
    SECTION("an application is accepted: who recognises it reads it") {
        CHECK(complaint(project_with({{"application", "none"}})).empty());
        CHECK(complaint(project_with({{"application", {"node", "nginx"}}})).empty());
    }
}

TEST_CASE("What stands at the top is for all, and a service's own word counts more", "[wishes]") {
    const Json top{{"environment", "development"},
                   {"exclude", "limits"},
                   {"pin", {{"pids", 100}, {"cpus", 1}}},
                   {"bound", {{"memory", {{"min", "256m"}, {"max", "1g"}}}}}};
    SECTION("where a wish stands is known") {
        const Wishes wishes = read_wishes(project_with({{"pin", {{"pids", 200}}}}, top), MemoryFiles{});
        CHECK(wishes.at("web").of_all == std::set<std::string>{"cpus", "memory"});
        CHECK(wishes.at("db").of_all == std::set<std::string>{"cpus", "memory", "pids"});
    }
    SECTION("a service without one has the top's") {
        const Wishes wishes = read_wishes(project_with(nullptr, top), MemoryFiles{});
        REQUIRE(wishes.size() == 2);
        CHECK(wishes.at("db").development == true);
        CHECK(wishes.at("db").pinned.at("pids") == "100");
        CHECK(wishes.at("db").excludes("limits"));
    }
    SECTION("a service replaces what it names and keeps the rest") {
        const Wish wish = wish_of({{"environment", "production"},
                                   {"exclude", {"logging"}},
                                   {"pin", {{"pids", 200}, {"memory", "2g"}}},
                                   {"bound", {{"cpus", {{"max", 4}}}}}},
                                  top);
        CHECK(wish.development == false);
        CHECK(wish.excludes("logging"));
        CHECK_FALSE(wish.excludes("limits"));
        CHECK(wish.pinned.at("pids") == "200");
        SECTION("a pin replaces the top's bound, a bound the top's pin") {
            CHECK_FALSE(wish.least.contains("memory"));
            CHECK_FALSE(wish.most.contains("memory"));
            CHECK_FALSE(wish.pinned.contains("cpus"));
            CHECK(wish.most.at("cpus") == "4");
        }
    }
}

TEST_CASE("What is no wish is said with file, line and column", "[wishes]") {
    const std::string yaml =
        "services:\n"
        "  db:\n"
        "    image: postgres\n"
        "  web:\n"
        "    image: nginx\n"
        "    x-pilotpros:\n"
        "      exclude: limits\n"
        "      pinn:\n"
        "        memory: 1g\n";
    const Project wrong = project_with({{"exclude", "limits"}, {"pinn", {{"memory", "1g"}}}});
    CHECK(complaint(wrong, yaml) ==
          "compose.yaml:8:7: x-pilotpros of service web: unknown key pinn (did you mean pin?)");

    SECTION("of a file in another folder the whole path") {
        Project elsewhere = wrong;
        elsewhere.working_directory = "/other";
        CHECK(complaint(elsewhere, yaml).starts_with("/shop/compose.yaml:8:7: "));
    }
    SECTION("of standard input, too") {
        Project piped = wrong;
        piped.files = {"-"};
        piped.standard_input = yaml;
        CHECK(complaint(piped).starts_with("standard input:8:7: "));
    }
    SECTION("of the file that has it, of several") {
        Project two = wrong;
        two.files = {"/shop/compose.yaml", "/shop/more.yaml"};
        MemoryFiles files;
        files.contents["/shop/compose.yaml"] = "services:\n  web:\n    image: nginx\n";
        files.contents["/shop/more.yaml"] = yaml;
        CHECK_THROWS_WITH(read_wishes(two, files), Catch::StartsWith("more.yaml:8:7: "));
    }
    SECTION("at the top") {
        CHECK(complaint(project_with(nullptr, {{"environment", 3}}), "x-pilotpros: {environment: 3}\n") ==
              "compose.yaml:1:15: x-pilotpros at the top: environment must be development or production");
    }
    SECTION("behind an alias: where the alias stands") {
        CHECK(complaint(wrong, "x-a: &a {pinn: {memory: 1g}}\nservices:\n  web:\n    x-pilotpros: *a\n")
                  .starts_with("compose.yaml:4:5: "));
    }
    SECTION("behind a merge: where the service stands") {
        CHECK(complaint(wrong, "x-a: &a {x-pilotpros: {pinn: 1}}\nservices:\n  web:\n    <<: *a\n")
                  .starts_with("compose.yaml:3:3: "));
    }
    SECTION("in a file that cannot be found again: which file") {
        CHECK(complaint(wrong).starts_with("somewhere in compose.yaml: "));
        CHECK(complaint(wrong, "include: [other.yaml]\nservices: {}\n").starts_with("somewhere in compose.yaml: "));
    }
}

TEST_CASE("Each slip is refused, and its fellow that is right is not", "[wishes]") {
    const std::set<std::string> advisors{"limits", "logging", "postgres"};
    // Also what docs/x-pilotpros.schema.json is held against: tests/tools/wishes_schema.py.
    static const Json kTable = [] {
        std::ifstream file(std::string{SOURCE_DIR} + "/tests/unit/compose/wishes.json");
        return Json::parse(file);
    }();
    const Json row = GENERATE(from_range(kTable));
    const std::string wrong = row.at("wrong").dump();
    const std::string right = row.at("right").dump();
    const std::string said = row.at("said");
    INFO(wrong);
    CHECK_THAT(complaint(project_with(Json::parse(wrong)), "", advisors), Catch::Contains(said));
    CHECK(complaint(project_with(Json::parse(right)), "", advisors).empty());
    SECTION("at the top as well; only an application belongs into a service") {
        CHECK_FALSE(complaint(project_with(nullptr, Json::parse(wrong)), "", advisors).empty());
        CHECK(complaint(project_with(nullptr, Json::parse(right)), "", advisors).empty() ==
              (right.find("application") == std::string::npos));
    }
}

TEST_CASE("What a user wrote as a value is not repeated in a complaint", "[wishes]") {
    for (const char* const wrong :
         {R"({"environment":"s3cret"})", R"({"pin":{"key":["s3cret"]}})", R"({"exclude":"s3cret"})",
          R"({"bound":{"key":"s3cret"}})", R"({"disposable":"s3cret"})", R"("s3cret")"}) {
        const std::string said = complaint(project_with(Json::parse(wrong)), "", {"limits"});
        CHECK_FALSE(said.empty());
        CHECK_THAT(said, !Catch::Contains("s3cret"));
    }
}

TEST_CASE("The published schema has the keys that the code reads", "[wishes]") {
    std::ifstream file(std::string{SOURCE_DIR} + "/docs/x-pilotpros.schema.json");
    const Json schema = Json::parse(file);
    const Json& definitions = schema.at("definitions");
    CHECK(keys_of(definitions.at("service").at("properties")) == sorted(wish_keys_of_service()));
    CHECK(keys_of(definitions.at("project").at("properties")) == sorted(wish_keys_of_project()));
    CHECK(definitions.at("service").at("additionalProperties") == false);
    CHECK(definitions.at("project").at("additionalProperties") == false);
    SECTION("and so has its page") {
        std::ifstream page(std::string{SOURCE_DIR} + "/docs/x-pilotpros.md");
        const std::string text{std::istreambuf_iterator<char>(page), {}};
        for (const std::string& key : wish_keys_of_service()) {
            CHECK_THAT(text, Catch::Contains("`" + key + "`"));
        }
    }
}

TEST_CASE("A place in a file is found by keys alone", "[wishes]") {
    const auto place = [](const std::string& yaml, const std::vector<std::string>& path) {
        const auto found = yaml_place(yaml, path);
        return found ? std::vector<int>{found->line, found->column, static_cast<int>(found->depth)}
                     : std::vector<int>{};
    };
    using At = std::vector<int>;
    CHECK(place("a:\n  b: 1\n", {"a", "b"}) == At{2, 3, 2});
    CHECK(place("{a: {x: 0, b: 1}}", {"a", "b"}) == At{1, 12, 2});
    CHECK(place("\"a\":\n  'b': 1\n", {"a", "b"}) == At{2, 3, 2});
    CHECK(place("# head\n---\na: # tail\n\n   b : |\n     a: b\n", {"a", "b"}) == At{5, 4, 2});
    SECTION("of many at once, down to a depth") {
        const YamlPlaces places = yaml_places("a:\n  b: {c: 1}\n  b: 2\nd: [e: 1]\n", 2);
        REQUIRE(places.size() == 3);
        CHECK(places.at({"a"}).line == 1);
        CHECK(places.at({"a", "b"}).line == 2);
        CHECK(places.at({"d"}).line == 4);
    }
    SECTION("not the same key elsewhere") {
        CHECK(place("b: 1\nx:\n  a:\n    b: 1\na:\n  - b: 1\n  - a\n", {"a", "b"}) == At{5, 1, 1});
        CHECK(place("x: a\ny: b\n", {"a"}).empty());
        CHECK(place("? {a: b}\n: a\nb: {a: 1}\n", {"b", "a"}) == At{3, 5, 2});
        CHECK(place("a: 1\nb:\n  b: 2\n", {"a", "b"}) == At{1, 1, 1});
    }
    SECTION("what is broken, endless or too deep costs nothing and ends nothing") {
        CHECK(place("a:\n  b: [\n", {"a", "b"}) == At{2, 3, 2});
        CHECK(place("a: &a [*a, *a]\nb: {c: *a}\n", {"b", "c"}) == At{2, 5, 2});
        CHECK(place("", {"a"}).empty());
        CHECK(place("a: 1", {}).empty());
        CHECK(place("\xff\xfe" + std::string(1, '\0'), {"a"}).empty());
        CHECK(place(std::string(200'000, '['), {"a"}).empty());
        CHECK(place(std::string(200'000, '{'), {"a"}).empty());
        CHECK(place(std::string(5'000'000, ' ') + "a: 1", {"a"}).empty());
        std::string laughs = "l0: &l0 [x]\n";
        for (int i = 1; i < 40; ++i) {
            laughs += fmt::format("l{0}: &l{0} [*l{1}, *l{1}]\n", i, i - 1);
        }
        CHECK(place(laughs + "a: 1\n", {"a"}) == At{41, 1, 1});
    }
}
