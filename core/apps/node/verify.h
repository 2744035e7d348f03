#pragma once

#include <vector>

#include "core/apps/application.h"

namespace pilotpros::apps::node {

/// Which checks count. All of them, but for tests that show what each one is there for.
struct HeapChecks {
    bool starts = true;    ///< node starts with the options
    bool as_asked = true;  ///< V8 names the heap that was asked for
    bool holds = true;     ///< the limit holds that heap and what lies beside it
    bool fill = true;      ///< full, it lives in what the limit leaves it
};

/// Starts the server's own node in a throw-away container with the options of its command line and the new
/// NODE_OPTIONS (of both without what loads files or has values that may be the user's alone; the Verdict names what
/// of the command line was left out) and the memory limit of the Plan: accepted when V8 names the heap asked for,
/// refused when node ends (exit 9) or names another one. Then fills the heap there, in the limit less what lies beside
/// it: a kill refuses, too. Heaps above 256 MiB are not filled, it takes too long: the Verdict says so.
std::vector<Verdict> verify(Verifying& verifying);
std::vector<Verdict> verify_with(Verifying& verifying, const HeapChecks& checks);

}  // namespace pilotpros::apps::node
