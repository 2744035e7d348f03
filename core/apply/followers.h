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
/// The container in the place of one that is gone, by their IDs; empty where there is none. `key`: how it was bound to
/// it, "network_mode", "pid" or "ipc".
using Successor = std::function<std::string(const std::string& id, const std::string& key)>;
/// By the name that a snapshot knows, else the first one of the owner that `services` names for `service`; these are
/// asked for only then.
Successor successor_in(Engine& engine, const ApplyStore& store, const std::string& service,
                       std::function<nlohmann::json()> services);
/// The inspection of a container called `name`, with their successors for those that it is bound to and that are gone.
/// Throws Error (kNotRestored) where there is none.
nlohmann::json bound_to_successors(Engine& engine, const std::string& name, nlohmann::json inspect,
                                   const Successor& successor);

/// How many containers of each service of the project run inside of others, none that is cut off already: what is to be
/// there again once those were replaced.
std::map<std::string, int> running_inside(Engine& engine, const std::string& project);
/// The same, kept in a journal before anything is replaced, and read from there by who takes it back; of the present
/// where it was not.
void note_inside(Journal& journal, const std::map<std::string, int>& inside);
std::map<std::string, int> inside_before(Engine& engine, const std::string& project, const Journal& journal);
/// A running container that is bound to others, by their IDs.
struct Follower {
    std::string service, name;
    std::set<std::string> bindings;
};
std::vector<Follower> followers_now(Engine& engine, const std::string& project);
/// Those of `ran` (see running_inside()) of which a container is bound to one that is gone or was started after it, or
/// of which fewer run.
std::set<std::string> cut_off(Engine& engine, const std::string& project, const std::map<std::string, int>& ran);

}  // namespace pilotpros
