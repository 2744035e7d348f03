#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace pilotpros {

/// Each service's own `x-pilotpros` in what `docker compose config` prints as YAML: its JSON leaves out the extensions
/// of services where values are put in (Compose 2.26). Empty where that is no YAML.
std::map<std::string, nlohmann::json> service_extensions(const std::string& yaml);

}  // namespace pilotpros
