#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros {

/// A value of a service that is sound only together with one of another service.
struct Coupling {
    std::string service, with;
    std::string why;  ///< one line
};

/// What keeps the change of some services from being taken back alone, while others' stay. `changes` is a list of
/// {service, key, before, after}, oldest first; a later one of the same service and key goes on from an earlier one.
/// Two things are shared between services:
///   - the machine's memory: one service grew into what another gave up, so the latter alone would promise it twice;
///   - a database's connections: max_connections against the pools that open them.
/// What services share of our files is no coupling: each has its own part of the override and folders of its own. Pure.
std::vector<Coupling> couplings_of(const nlohmann::json& changes, const std::set<std::string>& taken_back);

}  // namespace pilotpros
