#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/model/advice.h"

namespace pilotpros {

/// An advisor that concerns every service. Applications have their own, in their folders.
struct Advisor {
    std::string name;     ///< as `--only` and `--skip` take it
    std::string concern;  ///< one line for help and completion
    std::function<Advice(const Case&)> advise;
    Decision decision;
};

/// In the order in which they are asked. Who adds one adds a file and one line here.
const std::vector<Advisor>& advisors();

}  // namespace pilotpros
