#pragma once

#include <nlohmann/json.hpp>

#include "core/model/observation.h"

namespace pilotpros {

/// The engine's answer to GET /containers/{id}/json, as our own type. Pure; missing members give defaults.
Container read_container(const nlohmann::json& inspect);
/// The engine's answer to GET /images/{id}/json.
Image read_image(const nlohmann::json& inspect);
/// The engine's answers to GET /info and GET /version.
EngineFacts read_engine(const nlohmann::json& info, const nlohmann::json& version);

}  // namespace pilotpros
