#include "core/bundle/postgres_conf.h"

#include <catch2/catch.hpp>

#include "core/bundle/compose_override.h"

using namespace pilotpros;

namespace {

Change setting(const std::string& name, const std::string& value) {
    Change change;
    change.service = "base";
    change.key = name;
    change.target = {Target::Kind::kPostgres, {name}};
    change.after = value;
    change.rule = "a rule\nof two lines";
    return change;
}

}  // namespace

TEST_CASE("postgres files: the user's file is included first, ours second", "[postgres][bundle]") {
    const auto files =
        postgres_files("base", {setting("work_mem", "8MB"), setting("include", "/data/it's/postgresql.conf"),
                                setting("effective_cache_size", "1GB")});
    REQUIRE(files.size() == 2);
    CHECK(files[0].path == "postgres/base/pilotpros.conf");
    CHECK(files[1].path == "postgres/base/postgresql.conf");
    const auto user = files[1].content.find("include '/data/it''s/postgresql.conf'\n");
    const auto ours = files[1].content.find("include '/etc/pilotpros/postgres/pilotpros.conf'\n");
    REQUIRE(user != std::string::npos);
    REQUIRE(ours != std::string::npos);
    CHECK(user < ours);
    CHECK(files[0].content.find("# a rule of two lines\nwork_mem = '8MB'\n") != std::string::npos);
    CHECK(files[0].content.find("include") == std::string::npos);
    CHECK(read_settings(files[0].content) ==
          std::map<std::string, std::string>{{"effective_cache_size", "1GB"}, {"work_mem", "8MB"}});
}

TEST_CASE("postgres files: the order of the Changes does not count", "[postgres][bundle]") {
    const Change a = setting("work_mem", "8MB");
    const Change b = setting("jit", "off");
    const Change include = setting("include", "/x");
    CHECK(postgres_files("base", {a, b, include}) == postgres_files("base", {include, b, a}));
    CHECK(postgres_files("base", {a, b}).empty());
}

TEST_CASE("postgres files: nothing in a value or a name ends a line", "[postgres][bundle]") {
    CHECK(postgres_quoted("a'b\\c\nfsync = off") == "'a''b\\\\c fsync = off'");
    const auto files = postgres_files("base", {setting("include", "/x"), setting("jit = off\nfsync", "off")});
    CHECK(files[0].content.find("fsync") == std::string::npos);
}
