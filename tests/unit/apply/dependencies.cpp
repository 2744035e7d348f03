#include <catch2/catch.hpp>

#include "core/apply/dependencies.h"

using namespace pilotpros;

TEST_CASE("What a service depends on is found through others, and once", "[apply]") {
    const nlohmann::json services{{"web", {{"depends_on", {{"api", nullptr}, {"cache", nullptr}}}}},
                                  {"api", {{"depends_on", {{"db", nullptr}, {"cache", nullptr}}}}},
                                  {"db", nlohmann::json::object()},
                                  {"cache", {{"depends_on", {{"web", nullptr}}}}},
                                  {"other", {{"depends_on", {{"web", nullptr}}}}}};
    CHECK(dependencies_of(services, "web") == std::vector<std::string>{"api", "cache", "db"});
    CHECK(dependencies_of(services, "db").empty());
    CHECK(dependencies_of(services, "unknown").empty());
}

TEST_CASE("Compose's hashes are read by service", "[apply]") {
    CHECK(hashes_of("api abc\ndb def\n") == std::map<std::string, std::string>{{"api", "abc"}, {"db", "def"}});
    CHECK(hashes_of("").empty());
}
