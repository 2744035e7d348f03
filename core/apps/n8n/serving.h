#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/application.h"
#include "core/docker/logs.h"

namespace pilotpros::apps::n8n {

/// What an n8n says in its own log of the workflows that it activated when it started. Its health check passes some
/// three seconds before its webhooks answer, and a webhook is the user's: it is never called.
struct Activated {
    bool complete = false;         ///< it said that all of it is done ("Editor is now accessible")
    std::set<std::string> active;  ///< IDs of workflows
    std::set<std::string> failed;  ///< … that it could not activate
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Activated, complete, active, failed)

/// Reads the log of one start, as text or JSON lines. Pure. Source: n8n 1.123, packages/cli,
/// src/active-workflow-manager.ts and src/commands/start.ts.
Activated read_activated(const std::vector<LogLine>& log);

/// Of the main process; a worker, and one whose log cannot be read, tell nothing.
Serving serving(Asking& asking, const nlohmann::json& facts);
/// Pure. A workflow that n8n does not try to activate any more was deactivated meanwhile: said. One that it cannot
/// activate, and none where there were some, is missing.
ServedAgain served_again(const nlohmann::json& before, const nlohmann::json& now);

}  // namespace pilotpros::apps::n8n
