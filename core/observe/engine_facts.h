#pragma once

#include <string>
#include <vector>

#include "core/docker/endpoint.h"
#include "core/docker/engine.h"
#include "core/model/observation.h"
#include "core/observe/containers.h"
#include "core/sys/files.h"

namespace pilotpros {

/// What the engine says of itself and its machine.
EngineFacts observe_engine(Engine& engine);

/// Whether the engine runs on this very machine: a process of one of these containers is visible in our /proc, in a
/// control group that bears the container's ID. A socket alone proves nothing: it may be forwarded.
bool is_local(const std::vector<Container>& containers, const Files& files);

/// Adds what containers outside the project use: the sum of their working sets, by Compose project. At most 64 are
/// asked. Returns how many running ones are not in the sum.
int observe_others(Engine& engine, const std::vector<ListedContainer>& listed, const std::string& project,
                   EngineFacts& into);

}  // namespace pilotpros
