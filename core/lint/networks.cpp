#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "core/lint/as_written.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

/// Networks on which a service has an address of its own: these need their subnet.
std::set<std::string> networks_with_addresses(const Json& model) {
    std::set<std::string> names;
    for (const std::string& service : keys(model, "services")) {
        const Json& networks = member(written_service(model, service), "networks");
        for (const std::string& name : keys(written_service(model, service), "networks")) {
            const Json& network = member(networks, name.c_str());
            if (!member(network, "ipv4_address").is_null() || !member(network, "ipv6_address").is_null()) {
                names.insert(name);
            }
        }
    }
    return names;
}

std::vector<std::string> subnets_of(const Json& network) {
    std::vector<std::string> subnets;
    const Json& configs = member(member(network, "ipam"), "config");
    if (configs.is_array()) {
        for (const Json& config : configs) {
            const std::string subnet = text(config, "subnet");
            if (!subnet.empty() && !has_variable(subnet)) {
                subnets.push_back(subnet);
            }
        }
    }
    return subnets;
}

std::vector<Spot> look_subnets(const LintCase& input) {
    std::vector<const Json*> models;
    if (input.project.uninterpolated.is_object()) {
        models.push_back(&input.project.uninterpolated);
    } else {
        for (const WrittenFile& file : input.files) {
            models.push_back(&file.model);
        }
    }
    std::set<std::string> needed;
    std::map<std::string, std::vector<std::string>> fixed;
    for (const Json* const model : models) {
        needed.merge(networks_with_addresses(*model));
        for (const std::string& name : keys(*model, "networks")) {
            const std::vector<std::string> subnets = subnets_of(member(member(*model, "networks"), name.c_str()));
            if (!subnets.empty()) {
                fixed[name] = subnets;
            }
        }
    }
    std::vector<Spot> spots;
    for (const auto& [name, subnets] : fixed) {
        if (!needed.contains(name)) {
            spots.push_back({"", fmt::format("the network {} has the fixed subnet {}", name, fmt::join(subnets, ", ")),
                             fmt::format("take ipam out of the network {}: Docker picks a subnet that is free", name)});
        }
    }
    return spots;
}

}  // namespace

LintRules networks_rules() {
    return {{"fixed-subnet", Finding::Severity::kNote, "a network has a fixed subnet that no service needs",
             "where another network has the same addresses up fails: the pools overlap",
             "https://docs.docker.com/reference/compose-file/networks/#ipam", look_subnets}};
}

}  // namespace pilotpros::linting
