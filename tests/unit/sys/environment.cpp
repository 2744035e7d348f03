#include "core/sys/environment.h"

#include <catch2/catch.hpp>

namespace pilotpros {

TEST_CASE("the state directory is where XDG says, and a relative path counts for nothing") {
    Environment environment;
    environment.variables = {{"HOME", "/home/u"}};
    CHECK(environment.state_directory() == "/home/u/.local/state/pilotpros");
    environment.variables["XDG_STATE_HOME"] = "/elsewhere";
    CHECK(environment.state_directory() == "/elsewhere/pilotpros");
    for (const char* const none : {"state", "./state", "~/state", ""}) {
        environment.variables["XDG_STATE_HOME"] = none;
        CHECK(environment.state_directory() == "/home/u/.local/state/pilotpros");
    }
}

}  // namespace pilotpros
