#include "core/compose/declared_limits.h"

#include <catch2/catch.hpp>

using namespace pilotpros;
using nlohmann::json;

TEST_CASE("limits as the files give them, in either dialect") {
    const Limits flat = declared_limits({{"mem_limit", "67108864"}, {"cpus", 0.5}});
    CHECK(flat.memory == 67108864);
    CHECK(flat.cpus == 0.5);
    const Limits deployed =
        declared_limits({{"deploy", {{"resources", {{"limits", {{"memory", "1073741824"}, {"cpus", "1.5"}}}}}}}});
    CHECK(deployed.memory == 1073741824);
    CHECK(deployed.cpus == 1.5);
    CHECK(declared_limits(json::object()) == Limits{});
    CHECK(declared_limits(nullptr) == Limits{});
    CHECK(declared_limits({{"mem_limit", "${LIMIT}"}, {"deploy", 3}}) == Limits{});
}
