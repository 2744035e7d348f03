#include "core/apps/node/in_force.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/apps/node/facts.h"
#include "core/apps/node/options.h"

namespace pilotpros::apps::node {

std::vector<std::string> not_in_force(const nlohmann::json& facts, const std::vector<const Change*>& changes) {
    const Facts known = facts.get<Facts>();
    std::vector<std::string> complaints;
    if (known.server_pid == 0) {
        return complaints;  // no process to look at
    }
    for (const Change* const change : changes) {
        if (change->key != "heap" || !change->after.is_string()) {
            continue;
        }
        for (const std::string& flag : read_options(split_node_options(change->after.get<std::string>())).heap) {
            if (std::find(known.heap_flags.begin(), known.heap_flags.end(), flag) == known.heap_flags.end()) {
                complaints.push_back(fmt::format("the server's process runs without {}", flag));
            }
        }
    }
    return complaints;
}

}  // namespace pilotpros::apps::node
