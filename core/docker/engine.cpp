#include "core/docker/engine.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace pilotpros {

std::string Response::message() const {
    const auto parsed = nlohmann::json::parse(body, nullptr, false);
    if (parsed.is_object() && parsed.contains("message") && parsed["message"].is_string()) {
        return parsed["message"].get<std::string>();
    }
    return body.substr(0, std::min<std::size_t>(body.find('\n'), 200));
}

Response Engine::call(const Request& request) {
    Response response = call_all({request}).front();
    if (response.status == 0) {
        throw EngineLost("the engine gave no answer: " + response.body);
    }
    return response;
}

std::string Engine::get(const std::string& path, std::vector<std::pair<std::string, std::string>> query) {
    Request request;
    request.path = path;
    request.query = std::move(query);
    Response response = call(request);
    if (!response.ok()) {
        throw Error(ExitCode::kEngineNeeded,
                    fmt::format("the engine answers {} to {}: {}", response.status, path, response.message()),
                    "docker version asks the same engine");
    }
    return std::move(response.body);
}

}  // namespace pilotpros
