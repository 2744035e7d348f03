#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// What POST /containers/create needs to make a container again from its own inspection: its labels, mounts and limits;
/// anonymous volumes by their names, so that their data comes along. `image` is what it is made of. Pure.
nlohmann::json creation_of(const nlohmann::json& inspect, const std::string& image);
/// The networks that such a container is attached to beside the one that it is created in, each with its aliases and
/// fixed addresses: name to endpoint. Pure.
nlohmann::json further_networks_of(const nlohmann::json& inspect);

}  // namespace pilotpros
