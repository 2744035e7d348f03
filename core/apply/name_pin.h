#pragma once

#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/docker/engine.h"

namespace pilotpros {

/// While two generations of a service run side by side, the engine's resolver gives both for its name. A program that
/// looks the name up once has to get the new ones alone, or the old ones are never without a connection: lines in its
/// container's /etc/hosts, which the engine makes anew at every start, come before the resolver.

/// The lines, each with our mark: every name at each address at which `user` reaches one of `targets`; inspections of
/// containers. Empty when one of them is out of its reach. Pure.
std::vector<std::string> pin_lines(const nlohmann::json& user, const std::vector<nlohmann::json>& targets,
                                   const std::set<std::string>& names);

/// Adds the lines in a running container. False where that cannot be: no shell, or nothing may be written.
bool pin(Engine& engine, const std::string& container, const std::vector<std::string>& lines);
/// Takes away every line with our mark; the others stay as they are. False where that cannot be.
bool unpin(Engine& engine, const std::string& container);

}  // namespace pilotpros
