#pragma once

#include <vector>

#include "core/apps/application.h"

namespace pilotpros::apps::n8n {

/// Which checks count. All of them, but for tests that show what each one is there for.
struct NameChecks {
    bool known = true;  ///< the name is one that is read
};

/// Each environment name that is written for n8n is one that the configuration of the package in this image reads;
/// NODE_OPTIONS is node's. What Compose and Docker read is derived. Nothing is asked: the names were, once an image.
std::vector<Verdict> verify(Verifying& verifying);
std::vector<Verdict> verify_with(Verifying& verifying, const NameChecks& checks);

}  // namespace pilotpros::apps::n8n
