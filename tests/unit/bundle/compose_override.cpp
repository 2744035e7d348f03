#include <catch2/catch.hpp>

#include "core/bundle/compose_override.h"
#include "core/bundle/make_bundle.h"

using namespace pilotpros;

namespace {

Change change(const std::string& service, const std::string& key, std::vector<std::string> path,
              const nlohmann::json& after) {
    Change result;
    result.service = service;
    result.advisor = "limits";
    result.key = key;
    result.rule = "the rule of " + key;
    result.target.path = std::move(path);
    result.after = after;
    return result;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("The override says each value with its rule above it", "[override]") {
    Plan plan;
    plan.budget.cpus = 2;
    plan.budget.total = Bytes{8} << 30U;
    plan.changes = {change("db", "memory", {"mem_limit"}, "512m"),
                    change("web", "memory", {"deploy", "resources", "limits", "memory"}, "128m"),
                    change("web", "cpus", {"deploy", "resources", "limits", "cpus"}, "1.5"),
                    change("web", "pids", {"pids_limit"}, 256),
                    change("web", "healthcheck.test", {"healthcheck", "test"}, {"CMD", "true"})};
    const std::string text = compose_override(plan);
    CHECK(has(text, "2 CPUs and 8.00 GiB"));
    CHECK(has(text, "services:\n  db:\n    # memory: the rule of memory\n    mem_limit: \"512m\"\n"));
    CHECK(has(text,
              "  web:\n    deploy:\n      resources:\n        limits:\n          # cpus: the rule of cpus\n"
              "          cpus: \"1.5\"\n          # memory: the rule of memory\n          memory: \"128m\"\n"));
    CHECK(has(text, "    pids_limit: 256\n"));
    CHECK(has(text, "      test:\n        - \"CMD\"\n        - \"true\"\n"));

    SECTION("and is the same however the Changes are ordered") {
        Plan other = plan;
        std::reverse(other.changes.begin(), other.changes.end());
        CHECK(compose_override(other) == text);
    }
    SECTION("and gives its values back") {
        const Written written = read_override(text);
        CHECK(written.at("db").at("memory") == "512m");
        CHECK(written.at("web").at("memory") == "128m");
        CHECK(written.at("web").at("cpus") == "1.5");
        CHECK(written.at("web").at("pids") == "256");
        CHECK_FALSE(written.at("web").contains("healthcheck.test"));
    }
}

TEST_CASE("Nothing of a value is YAML's or Compose's to read otherwise", "[override]") {
    Plan plan;
    SECTION("texts that look like numbers, dates or booleans are quoted") {
        for (const char* text : {"010", "1e3", "0x1F", "1_000", "on", "yes", "true", "2001-01-01", "<<", "~", ""}) {
            plan.changes = {change("web", "x", {"environment", "X"}, text)};
            CHECK(has(compose_override(plan), "X: \"" + std::string{text} + "\"\n"));
        }
    }
    SECTION("a $ of ours is doubled, one of the user's is not") {
        plan.changes = {change("web", "x", {"environment", "X"}, "a$b${C}")};
        CHECK(has(compose_override(plan), "X: \"a$$b$${C}\"\n"));
        plan.changes[0].as_written = true;
        CHECK(has(compose_override(plan), "X: \"a$b${C}\"\n"));
    }
    SECTION("a pin stays as the user wrote it, whatever its value's type") {
        plan.changes = {change("web", "memory", {"mem_limit"}, "512m"), change("web", "pids", {"pids_limit"}, 99)};
        plan.changes[0].users_text = "${WEB_MEMORY:-512m}";
        plan.changes[1].users_text = "${PIDS:-99}";
        const std::string text = compose_override(plan);
        CHECK(has(text, "mem_limit: \"${WEB_MEMORY:-512m}\"\n"));
        CHECK(has(text, "pids_limit: \"${PIDS:-99}\"\n"));
        plan.changes[0].users_text.clear();
        CHECK(has(compose_override(plan), "mem_limit: \"512m\"\n"));
    }
    SECTION("quotes, line breaks and backslashes are escaped") {
        plan.changes = {change("web", "x", {"environment", "X"}, "a\"b\\c\nd")};
        CHECK(has(compose_override(plan), R"(X: "a\"b\\c\nd")"));
    }
    SECTION("a rule cannot leave its comment") {
        plan.changes = {change("web", "x", {"mem_limit"}, "1m")};
        plan.changes[0].rule = "one\nprivileged: true";
        CHECK(has(compose_override(plan), "# x: one privileged: true\n"));
    }
    SECTION("names of services and variables are quoted where they must be") {
        plan.changes = {change("on", "x", {"environment", "a: b"}, "1"), change("web.1", "x", {"mem_limit"}, "1m")};
        const std::string text = compose_override(plan);
        CHECK(has(text, "  \"on\":\n"));
        CHECK(has(text, "  \"web.1\":\n"));
        CHECK(has(text, "\"a: b\": \"1\""));
        CHECK(read_override(text).at("web.1").at("x") == "1m");
    }
    SECTION("mounts of two advisors add up") {
        plan.changes = {change("db", "one", {"volumes"}, {"./a:/a:ro"}),
                        change("db", "two", {"volumes"}, {"./b:/b:ro"})};
        CHECK(has(compose_override(plan), "    volumes:\n      - \"./a:/a:ro\"\n      - \"./b:/b:ro\"\n"));
    }
}

TEST_CASE("A value that hides the user's is a mask with the hash of what it hides", "[override]") {
    Project project;
    project.services["web"].resolved = {{"mem_limit", "1073741824"},
                                        {"environment", {{"NODE_OPTIONS", "--trace-warnings"}}},
                                        {"volumes", {{{"target", "/a"}}}}};
    Plan plan;
    plan.changes = {change("web", "memory", {"mem_limit"}, "512m"),
                    change("web", "NODE_OPTIONS", {"environment", "NODE_OPTIONS"}, "--x"),
                    change("web", "pids", {"pids_limit"}, 100), change("web", "m", {"volumes"}, {"./b:/b:ro"})};
    const std::vector<Mask> masks = make_bundle(plan, project).masks;
    REQUIRE(masks.size() == 2);
    CHECK(masks[0].path == "mem_limit");
    CHECK(masks[1].path == "environment.NODE_OPTIONS");
    SECTION("which changes when the user's value does") {
        project.services["web"].resolved["mem_limit"] = "2073741824";
        CHECK(make_bundle(plan, project).masks[0].hash != masks[0].hash);
        CHECK(make_bundle(plan, project).masks[1].hash == masks[1].hash);
    }
}

TEST_CASE("A value that repeats the image's is a mask of the image", "[override]") {
    Project project;
    project.services["web"].resolved = {{"environment", {{"TZ", "UTC"}}}};
    ServiceImages images;
    images["web"].environment["NODE_OPTIONS"] = Secret{"--no-deprecation"};
    Plan plan;
    plan.changes = {change("web", "heap", {"environment", "NODE_OPTIONS"}, "--no-deprecation --x")};
    CHECK(make_bundle(plan, project).masks.empty());
    const std::vector<Mask> masks = make_bundle(plan, project, images).masks;
    REQUIRE(masks.size() == 1);
    CHECK(masks[0] == Mask{"web", "environment.NODE_OPTIONS", mask_hash("--no-deprecation"), true});
    SECTION("the files' own value is what Compose takes, so it is the one that is hidden") {
        project.services["web"].resolved["environment"]["NODE_OPTIONS"] = "--y";
        CHECK(make_bundle(plan, project, images).masks[0] ==
              Mask{"web", "environment.NODE_OPTIONS", mask_hash("--y"), false});
    }
    SECTION("another variable of the image is not hidden") {
        images["web"].environment = {{"PATH", Secret{"/bin"}}};
        CHECK(make_bundle(plan, project, images).masks.empty());
    }
}

TEST_CASE("No Change, no file", "[override]") {
    CHECK(make_bundle({}, {}).files.empty());
    CHECK(read_override("services:\n  web:\n    image: x\n").empty());
    CHECK(read_override("").empty());
}

TEST_CASE("Of what the user wished only is read back that it was written", "[override]") {
    CHECK(read_override("services:\n  web:\n    # pids: pinned by x-pilotpros\n    pids_limit: 80\n"
                        "    # memory: bounded by x-pilotpros; what it held\n    mem_limit: \"96m\"\n"
                        "    # cpus: enough for it\n    cpus: 2\n") ==
          Written{{"web", {{"pids", ""}, {"memory", ""}, {"cpus", "2"}}}});
    CHECK(read_settings("# pinned by x-pilotpros\nwork_mem = '5MB'\nx = 5\n") ==
          std::map<std::string, std::string>{{"work_mem", ""}, {"x", "5"}});
}

TEST_CASE("PostgreSQL's values are read back", "[override]") {
    const auto settings = read_settings("# shared_buffers: a rule = of sorts\nshared_buffers = '256MB'\nx = 5\n\n");
    CHECK(settings == std::map<std::string, std::string>{{"shared_buffers", "256MB"}, {"x", "5"}});
}
