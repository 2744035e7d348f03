#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apply/store.h"
#include "core/compose/followers.h"
#include "core/docker/engine.h"

namespace pilotpros {

/// bound_to_containers() to the containers that are there now.
std::string bound_to_present(const std::string& model, Engine& engine, const std::string& project);

/// The containers that one is bound to, by their IDs, from its inspection. Pure.
std::set<std::string> bindings_of(const nlohmann::json& inspect);
/// Whether one of these is gone.
bool is_unbound(Engine& engine, const nlohmann::json& inspect);
/// The same of a container by its ID; true where it is gone itself.
bool is_unbound(Engine& engine, const std::string& id);
/// The container in the place of one that is gone, by their IDs; empty where there is none.
using Successor = std::function<std::string(const std::string& id)>;
/// As the snapshots know their names.
std::string successor_of(Engine& engine, const ApplyStore& store, const std::string& id);
/// The inspection of a container called `name`, with their successors for those that it is bound to and that are gone.
/// Throws Error (kNotRestored) where there is none.
nlohmann::json bound_to_successors(Engine& engine, const std::string& name, nlohmann::json inspect,
                                   const Successor& successor);
/// How many containers of each service of the project run inside of others: what is to be there again once those were
/// replaced.
std::map<std::string, int> running_inside(Engine& engine, const std::string& project);
/// A service's containers of which one is bound to a container that is gone, or was started after it.
struct CutOff {
    std::string service;
    bool unbound = false;          ///< it has to be made anew; else started again
    std::vector<std::string> ids;  ///< its containers
};
/// Those of `ran`, see running_inside().
std::vector<CutOff> cut_off(Engine& engine, const std::string& project, const std::map<std::string, int>& ran);

}  // namespace pilotpros
