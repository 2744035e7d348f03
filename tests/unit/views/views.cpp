#include <catch2/catch.hpp>

#include "core/model/error.h"
#include "core/model/units.h"
#include "plugin/duration.h"
#include "plugin/views/help_text.h"
#include "plugin/views/profile_table.h"
#include "plugin/views/status_table.h"
#include "plugin/views/table.h"
#include "plugin/views/text.h"

using namespace pilotpros;

TEST_CASE("nothing that a terminal would obey is printed") {
    CHECK(printable("web\x1b[31m") == "web?[31m");
    CHECK(printable("a\nb\tc") == "a?b?c");
    CHECK(printable("caf\xc3\xa9") == "caf\xc3\xa9");
    CHECK(printable("bad\xff\xc3") == "bad??");
    CHECK(printable(std::string{"\xe2\x80"} + "\xae" + "evil") == "?evil");  // turns the writing direction
    CHECK(printable("\xc0\xaf") == "??");                                    // overlong
}

TEST_CASE("cells are what a terminal uses, not bytes") {
    CHECK(cells("abc") == 3);
    CHECK(cells("\xc3\xa9") == 1);
    CHECK(cells("\xe4\xb8\xad") == 2);
    CHECK(cells("e\xcc\x81") == 1);
}

TEST_CASE("a name that is too long loses its middle") {
    CHECK(elide("short", 10) == "short");
    CHECK(elide("a-very-long-service-name", 11) == "a-ver\xe2\x80\xa6-name");
    CHECK(cells(elide("\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", 5)) <= 5);
}

TEST_CASE("a table looks like docker's") {
    Table table({{"NAME"}, {"SIZE", true}, {"EXTRA", false, 1}});
    table.add({"web", "1 MiB", "x"});
    table.add({"database", "12 MiB"});
    CHECK(table.render(0) ==
          "NAME         SIZE   EXTRA\n"
          "web         1 MiB   x\n"
          "database   12 MiB\n");
    SECTION("too narrow: the least important column goes") {
        CHECK(table.render(20).find("EXTRA") == std::string::npos);
    }
    SECTION("narrower still: names lose their middle, numbers never") {
        Table narrow({{"NAME"}, {"SIZE", true}});
        narrow.add({"a-service-with-a-long-name", "12 MiB"});
        CHECK(narrow.render(24) ==
              "NAME                SIZE\n"
              "a-servi\xe2\x80\xa6ng-name   12 MiB\n");
    }
}

TEST_CASE("where the first column is short, the widest text gives way") {
    Table table({{"ID"}, {"SERVICES"}, {"CHANGES", true}});
    table.add({"0001", "a-service-with-a-long-name", "12"});
    CHECK(table.render(32) ==
          "ID     SERVICES          CHANGES\n"
          "0001   a-servi\xe2\x80\xa6ng-name        12\n");
}

TEST_CASE("help is broken below what is said, and is never empty twice") {
    const std::string help =
        "What it is for\nUsage: it\n\nOptions:\n"
        "  --watch TIME                How long it is watched\n\n\n"
        "Examples:\n  docker it        all of it, and more\n\nA long line at the end of everything.\n";
    CHECK(help_as_text(help, 46) ==
          "What it is for\nUsage: it\n\nOptions:\n"
          "  --watch TIME                How long it is\n"
          "                              watched\n\n"
          "Examples:\n  docker it        all of it, and more\n\nA long line at the end of everything.\n");
    CHECK(help_as_text(help, 34).find("\n  docker it        all of it, and\n                   more\n") !=
          std::string::npos);
    CHECK(help_as_text(help, 34).find("\nA long line at the end of\neverything.\n") != std::string::npos);
    CHECK(help_as_text(help, 0).find("  --watch TIME                How long it is watched\n") != std::string::npos);
}

TEST_CASE("what differs is told, however narrow it is") {
    ProjectStatus status;
    status.services = {{"web", "drifted", {"shop-web-1: memory is 100 MiB, not 128 MiB"}}};
    CHECK(status_as_table(status, 0).find("web       drifted             shop-web-1: memory is") != std::string::npos);
    CHECK(status_as_table(status, 40).find("What differs:\n  web: shop-web-1: memory is 100 MiB,\n    not 128 MiB\n") !=
          std::string::npos);
}

TEST_CASE("durations as people type them") {
    CHECK(duration_option("30s").count() == 30'000);
    CHECK(duration_option("30").count() == 30'000);
    CHECK(duration_option("1m30s").count() == 90'000);
    CHECK(duration_option("500ms").count() == 500);
    for (const char* const bad : {"", "x", "10y", "-5s", "5s3", "99999h"}) {
        CHECK_THROWS_AS(duration_option(bad), Error);
    }
}

TEST_CASE("long lines break at blanks, and what follows is indented") {
    CHECK(wrap("one two three", 0, 2) == "one two three\n");
    CHECK(wrap("one two three", 8, 2) == "one two\n  three\n");
    CHECK(wrap("  deep words here", 12, 4) == "  deep words\n    here\n");
    CHECK(wrap("averyveryverylongword x", 8, 2) == "averyveryverylongword\n  x\n");
}

TEST_CASE("a service of an inactive profile has a row where it was asked for") {
    Project project;
    project.name = "shop";
    for (const char* name : {"debug", "rare"}) {
        project.services[name].name = name;
        project.services[name].image = std::string{name} + ":1";
        project.services[name].profiled_out = true;
    }
    Observation observation;
    CHECK(first_facts_as_table(project, observation, 0).find("debug") == std::string::npos);
    observation.gaps.push_back({"debug", "all of it", "its profile is not active"});
    const std::string text = first_facts_as_table(project, observation, 0);
    CHECK(text.find("debug     not active   -             debug:1 ") != std::string::npos);
    CHECK(text.find("rare") == std::string::npos);
}
