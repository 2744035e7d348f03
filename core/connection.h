#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "core/docker/engine.h"
#include "core/model/error.h"
#include "core/world.h"

namespace pilotpros {

/// The engine, or why there is none.
struct Connection {
    std::unique_ptr<Engine> engine;
    std::optional<EngineLost> why_not;
};

/// A context that does not exist is not a missing engine but the user's mistake: that throws. No answer of the engine
/// is waited for longer than `patience`.
Connection connect(World& world, std::chrono::milliseconds patience = std::chrono::milliseconds::max());

/// For what needs no engine: none is asked.
Connection no_connection();

}  // namespace pilotpros
