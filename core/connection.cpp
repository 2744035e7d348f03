#include "core/connection.h"

#include <utility>

#include "core/docker/curl_engine.h"

namespace pilotpros {

Connection connect(World& world, std::chrono::milliseconds patience) {
    Endpoint endpoint = resolve_endpoint(world.globals, world.environment, world.files);
    try {
        return {std::make_unique<CurlEngine>(std::move(endpoint), world.docker_command(), world.process, world.cancel,
                                             patience),
                std::nullopt};
    } catch (const EngineLost& lost) {
        return {nullptr, lost};
    }
}

Connection no_connection() {
    return {nullptr, EngineLost("there is no Compose file in this folder or above, and a check reads the files alone",
                                "name the file: -f FILE")};
}

}  // namespace pilotpros
