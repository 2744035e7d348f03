#pragma once

#include <vector>

#include "core/apps/application.h"

namespace pilotpros::apps::node {

/// Starts the server's own node in a throw-away container with its heap flags, the new NODE_OPTIONS (without what
/// loads files or has values that may be the user's alone) and the memory limit of the Plan: accepted when V8 names the
/// heap asked for, refused when node ends (exit 9) or names another one. Then fills the heap there, in the limit less
/// what lies beside it: a kill refuses, too. Heaps above 256 MiB are not filled, it takes too long: the Verdict says
/// so.
std::vector<Verdict> verify(Verifying& verifying);

}  // namespace pilotpros::apps::node
