#pragma once

#include <string>

#include "core/model/advice.h"
#include "core/model/plan.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What was shown last, so that a value stands until evidence moves it, applied or not:
/// STATE/ENGINE/PROJECT/advised.json. Numbers, sizes, and of a line of options those with a number: whatever else a
/// Change writes may hold the user's words. What x-pilotpros pins or bounds is the user's, and no advice to stand by
/// once the wish is gone.
class Advised {
  public:
    /// Without an engine (an empty ID) nothing is remembered.
    Advised(Files& files, const Path& state_directory, const std::string& engine, const std::string& project);

    [[nodiscard]] Written read() const;
    void keep(const Plan& plan);

  private:
    Files& files_;
    Path file_;
};

}  // namespace pilotpros
