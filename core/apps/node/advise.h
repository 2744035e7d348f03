#pragma once

#include "core/apps/node/facts.h"
#include "core/model/advice.h"

namespace pilotpros::apps::node {

/// Heap and semi-space within the service's share of memory, as part of NODE_OPTIONS; key "heap".
///
/// Rule. The memory limit holds the heap's ceiling (old space and three semi-spaces), 40 MiB and 5 % of old space for
/// node itself, and what else was seen in the container. V8 takes half of the limit by itself, which is right most of
/// the time: memory is elastic, and a flag takes that away. So a flag is advised only where
///  - V8's own default does not fit (below some 330 MiB: it takes 256 MiB whatever the limit), or
///  - the user's own flag does not fit, which ends in a kill instead of a collection, or
///  - the container held three quarters of the heap's ceiling without what lies beside it, and V8's default leaves more
///  than half of the limit unused.
/// The semi-space is raised to 4 MiB where V8 would take 1 MiB, which it does in containers of up to 512 MiB: there
/// JSON work ran 1.5 times as fast per CPU second with 4 MiB, and no faster with 8, 16 or 32. Node.js 20, 22, 24. A
/// heap on the command line wins over NODE_OPTIONS: nothing is written, it is told. Source: measured as said;
/// https://nodejs.org/docs/latest/api/cli.html#node_optionsoptions.
Advice advise(const Case& input, const ServiceObservation& service, const nlohmann::json& facts);

}  // namespace pilotpros::apps::node
