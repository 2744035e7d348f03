#include "plugin/views/what_next.h"

#include <catch2/catch.hpp>

using namespace pilotpros;

TEST_CASE("every error has a next step", "[views]") {
    CHECK(what_next(Error(ExitCode::kRefused, "x", "do that")) == "do that");
    for (const ExitCode code : {ExitCode::kDone, ExitCode::kNoEngine, ExitCode::kRefused, ExitCode::kGateFailed,
                                ExitCode::kEngineNeeded, ExitCode::kFindings, ExitCode::kNotRestored, ExitCode::kUsage,
                                ExitCode::kBadInput, ExitCode::kInternal, ExitCode::kInterrupted}) {
        CHECK_FALSE(what_next(Error(code, "x")).empty());
    }
    CHECK(what_next(EngineLost("x")) != what_next(Interrupted()));
}
