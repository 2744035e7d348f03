#include "plugin/views/next_step.h"

#include <catch2/catch.hpp>

using namespace pilotpros;

TEST_CASE("every error has a next step", "[views]") {
    CHECK(next_step(Error(ExitCode::kRefused, "x", "do that")) == "do that");
    for (const ExitCode code : {ExitCode::kDone, ExitCode::kNoEngine, ExitCode::kRefused, ExitCode::kGateFailed,
                                ExitCode::kEngineNeeded, ExitCode::kFindings, ExitCode::kNotRestored, ExitCode::kUsage,
                                ExitCode::kBadInput, ExitCode::kInternal, ExitCode::kInterrupted}) {
        CHECK_FALSE(next_step(Error(code, "x")).empty());
    }
    CHECK(next_step(EngineLost("x")) != next_step(Interrupted()));
}
