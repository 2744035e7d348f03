#include "core/model/paths.h"

#include <catch2/catch.hpp>

using pilotpros::lies_in;

TEST_CASE("a folder holds itself and what lies below it, by whole names", "[model]") {
    CHECK(lies_in("/srv/shop", "/srv/shop"));
    CHECK(lies_in("/srv/shop/data", "/srv/shop"));
    CHECK(lies_in("/srv/shop/data", "/srv/shop/"));
    CHECK(lies_in("/srv", "/"));
    CHECK_FALSE(lies_in("/srv/shopping", "/srv/shop"));
    CHECK_FALSE(lies_in("/srv", "/srv/shop"));
    CHECK_FALSE(lies_in("/srv", ""));
}
