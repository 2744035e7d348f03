#pragma once

#include <vector>

#include "core/apps/application.h"

namespace pilotpros::apps::n8n {

/// Each environment name that is written for n8n is one that the configuration of the package in this image reads;
/// NODE_OPTIONS is node's. What Compose and Docker read is derived. Nothing is asked: the names were, once an image.
std::vector<Verdict> verify(Verifying& verifying);

}  // namespace pilotpros::apps::n8n
