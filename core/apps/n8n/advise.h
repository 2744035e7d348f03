#pragma once

#include <optional>
#include <string>

#include "core/apps/n8n/facts.h"
#include "core/model/advice.h"

namespace pilotpros::apps::n8n {

/// Seconds of a duration as Compose writes it ("40s", "1m30s", "500ms"); nothing when it is none.
std::optional<double> seconds_of(const std::string& duration);

/// The least that n8n was seen to start in: with the editor it was killed in 300 MiB and started in 400, without it
/// started in 300; a task runner is a second node of 40 to 60 MiB.
std::optional<Demand> demand(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

/// Settings of n8n itself; NODE_OPTIONS is node's advisor's. Rules, measured with 1.123.0:
///  - stop_grace_period above N8N_GRACEFUL_SHUTDOWN_TIMEOUT (30 s): with Docker's 10 s ten executions of 20 s were
///    killed and lost, with 40 s all ten finished. Executions that "Respond to Webhook" answers are cancelled either
///    way.
///  - a pool of 10 connections where n8n is busy (half a core or more) and its database has them free: with nothing
///    else changed 10 to 20 % more executions of one workflow, and a longer tail of another. Default 2; 20 as 10.
///  - names that this version does not read are told with the right ones, not written.
///  - N8N_RUNNERS_ENABLED is never switched on: Code nodes that run for more than 10 s are then lost at each stop,
///    whatever the grace period.
///  - an encryption key that lies in the container's layer alone is an error: the next container cannot read any
///    credential. The key itself is never read or written.
/// Source: https://docs.n8n.io/hosting/configuration/environment-variables/
Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

}  // namespace pilotpros::apps::n8n
