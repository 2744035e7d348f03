#pragma once

#include <optional>

#include "core/apps/node/facts.h"
#include "core/model/advice.h"

namespace pilotpros::apps::node {

/// What the user's own heap flags ask of the service: those in the files, the image or the command line, never those
/// that we wrote.
struct OwnFlags {
    std::string where;         ///< "the Compose file", "an env_file", "the image", "the shell"; empty: not set
    std::string text;          ///< NODE_OPTIONS as the user wrote it, with ${…}
    bool interpolated = true;  ///< `text` holds no ${…}
    std::string resolved;      ///< what Compose makes of it
    std::vector<std::string> environment, command;  ///< heap flags, checked
    bool by_entrypoint = false;  ///< the process has another NODE_OPTIONS than its container: a script sets it
    [[nodiscard]] std::vector<std::string> all() const;
};
OwnFlags own_flags(const Case& input, const ServiceObservation& service, const Facts& facts);

/// A heap that the user fixed has to fit into the limit, with what lies beside it. An empty Demand when V8 decides: its
/// default follows the limit, or our advice does.
std::optional<Demand> demand(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

}  // namespace pilotpros::apps::node
