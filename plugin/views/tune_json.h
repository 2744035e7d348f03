#pragma once

#include <nlohmann/json.hpp>

#include "plugin/views/tune_view.h"

namespace pilotpros {

/// The whole Plan for programs; its schema is docs/tune.schema.json. The same Plan gives the same document. Holds no
/// Secret.
nlohmann::json tune_as_json(const TuneView& view);

}  // namespace pilotpros
