#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/model/units.h"

namespace pilotpros {

/// What the user says of a service in `x-pilotpros`. Texts are as the user wrote them; who reads one checks it.
struct Wish {
    std::set<std::string> excluded;                  ///< advisors that leave the service alone; "*": all
    std::map<std::string, std::string> pinned;       ///< key to value: written as it is, never argued away
    std::map<std::string, std::string> least, most;  ///< key to bound: the advice stays within
    /// Pins with a $ in them, as the user wrote them: what is pinned is then what Compose makes of it, where it could
    /// be asked.
    std::map<std::string, std::string> as_written;
    std::set<std::string> of_all;      ///< keys of pins and bounds that stand at the top and not in the service
    std::set<std::string> disposable;  ///< paths in the writable layer that hold no data
    std::optional<bool> development;   ///< environment: development | production

    [[nodiscard]] bool excludes(const std::string& advisor) const {
        return excluded.contains("*") || excluded.contains(advisor);
    }
};

/// The same for all services; what a service says itself wins.
using Wishes = std::map<std::string, Wish>;

}  // namespace pilotpros
