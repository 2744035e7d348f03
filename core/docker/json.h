#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"
#include "core/model/error.h"
#include "core/model/json.h"

namespace pilotpros {

/// The answer as JSON. Throws EngineLost when it is none.
inline nlohmann::json parse_answer(const std::string& text, const std::string& path) {
    nlohmann::json parsed = nlohmann::json::parse(text, nullptr, false);
    if (parsed.is_discarded()) {
        throw EngineLost("the engine's answer to " + path + " is not JSON",
                         "docker version shows whether docker itself understands it");
    }
    return parsed;
}

/// A request that carries JSON. A value of the user's may be no UTF-8: replaced, since JSON cannot carry it.
inline Request post_json(std::string path, const nlohmann::json& body) {
    Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return request;
}

}  // namespace pilotpros
