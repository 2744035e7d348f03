#pragma once

#include <optional>

#include "core/model/change.h"
#include "core/model/project.h"

namespace pilotpros {

/// A heap that is to be locked into memory, and may not be: Elasticsearch or OpenSearch (by the name of its image) with
/// bootstrap.memory_lock=true in its environment, without `ulimits: memlock: -1`. Then it warns and goes on with a heap
/// that can be swapped out, and as a node of a cluster it does not start (its bootstrap checks). What the daemon's
/// default-ulimits say is not known here. Source:
/// https://www.elastic.co/docs/deploy-manage/deploy/self-managed/setup-configuration-memory#bootstrap-memory_lock
/// https://docs.opensearch.org/latest/install-and-configure/install-opensearch/docker/ (ulimits)
std::optional<Finding> heap_not_lockable(const Service& service);

}  // namespace pilotpros
