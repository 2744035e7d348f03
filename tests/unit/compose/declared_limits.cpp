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
    const Limits more = declared_limits({{"memswap_limit", "200"},
                                         {"mem_reservation", "50"},
                                         {"shm_size", "7"},
                                         {"cpu_shares", 512},
                                         {"pids_limit", 9}});
    CHECK(more.memory_swap == 200);
    CHECK(more.memory_reservation == 50);
    CHECK(more.shm_size == 7);
    CHECK(more.cpu_shares == 512);
    CHECK(more.pids == 9);
    const Limits both = declared_limits(
        {{"deploy", {{"resources", {{"limits", {{"pids", 8}}}, {"reservations", {{"memory", "60"}}}}}}}});
    CHECK(both.pids == 8);
    CHECK(both.memory_reservation == 60);
    CHECK(declared_limits(json::object()) == Limits{});
    CHECK(declared_limits(nullptr) == Limits{});
    CHECK(declared_limits({{"mem_limit", "${LIMIT}"}, {"deploy", 3}}) == Limits{});
}
