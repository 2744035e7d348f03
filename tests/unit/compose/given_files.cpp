#include "core/compose/given_files.h"

#include <catch2/catch.hpp>

using namespace pilotpros;
using Paths = std::vector<std::string>;

TEST_CASE("where configs and secrets stand in a container") {
    CHECK(given_files({{"configs", {{{"source", "app"}, {"target", "/etc/app.conf"}}}}}) == Paths{"/etc/app.conf"});
    SECTION("by Compose's own defaults where the file says nothing") {
        CHECK(given_files({{"configs", {{{"source", "app"}}}}, {"secrets", {{{"source", "key"}}}}}) ==
              Paths{"/app", "/run/secrets/key"});
        CHECK(given_files({{"secrets", {"key"}}}) == Paths{"/run/secrets/key"});
    }
    SECTION("a name alone is relative to where its kind stands") {
        CHECK(given_files({{"secrets", {{{"source", "key"}, {"target", "other"}}}}}) == Paths{"/run/secrets/other"});
    }
    SECTION("a service without any, or of another form") {
        CHECK(given_files({{"image", "x"}}).empty());
        CHECK(given_files(nullptr).empty());
        CHECK(given_files({{"configs", 7}, {"secrets", {nullptr}}}).empty());
    }
}
