#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/lint/as_written.h"
#include "core/lint/reading.h"
#include "core/lint/registry.h"
#include "core/model/json.h"

namespace pilotpros::linting {

namespace {

constexpr std::array kToldBy{"environment", "command", "entrypoint", "labels", "extra_hosts"};

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
            // Of IPv6 Docker has no pool to pick from by itself, up to Engine 26.
            if (!subnet.empty() && !has_variable(subnet) && subnet.find(':') == std::string::npos) {
                subnets.push_back(subnet);
            }
        }
    }
    return subnets;
}

/// Of "172.20.0.1", and nothing else.
std::optional<std::uint32_t> ipv4_of(std::string_view text) {
    std::uint32_t address = 0;
    const char* const end = text.data() + text.size();
    const char* at = text.data();
    for (int part = 0; part < 4; ++part) {
        std::uint8_t octet = 0;
        const auto [rest, error] = std::from_chars(at, end, octet);
        if (error != std::errc{} || (part < 3 ? rest == end || *rest != '.' : rest != end)) {
            return std::nullopt;
        }
        address = address << 8U | octet;
        at = part < 3 ? rest + 1 : rest;
    }
    return address;
}

/// Every address that stands in it as a word of its own.
std::vector<std::uint32_t> addresses_in(const Json& told) {
    constexpr const char* kLetters = "0123456789.";
    std::vector<std::uint32_t> addresses;
    if (told.is_structured()) {
        for (const Json& one : told) {
            const std::vector<std::uint32_t> within = addresses_in(one);
            addresses.insert(addresses.end(), within.begin(), within.end());
        }
        return addresses;
    }
    const std::string text = told.is_string() ? told.get<std::string>() : "";
    for (std::size_t at = text.find_first_of(kLetters); at != std::string::npos;
         at = text.find_first_of(kLetters, at)) {
        const std::size_t end = std::min(text.find_first_not_of(kLetters, at), text.size());
        const bool apart = (at == 0 || std::isalpha(static_cast<unsigned char>(text[at - 1])) == 0) &&
                           (end == text.size() || std::isalpha(static_cast<unsigned char>(text[end])) == 0);
        std::string_view word = std::string_view{text}.substr(at, end - at);
        word.remove_suffix(word.ends_with('.') ? 1 : 0);
        if (const auto address = ipv4_of(word); address && apart) {
            addresses.push_back(*address);
        }
        at = end;
    }
    return addresses;
}

bool lies_in_subnet(std::uint32_t address, const std::string& subnet) {
    const std::size_t slash = std::min(subnet.find('/'), subnet.size());
    const auto base = ipv4_of(std::string_view{subnet}.substr(0, slash));
    const long bits = whole_number(slash < subnet.size() ? subnet.substr(slash + 1) : "32").value_or(32);
    const std::uint32_t mask = bits <= 0 ? 0 : ~std::uint32_t{0} << static_cast<unsigned>(32 - std::min(bits, 32L));
    return base && (address & mask) == (*base & mask);
}

/// What any service is told of, each once.
std::set<std::uint32_t> told_addresses(const LintCase& input) {
    constexpr std::array kAddressedBy{"environment", "command", "entrypoint",  "labels",
                                      "extra_hosts", "dns",     "healthcheck", "ports"};
    std::set<std::uint32_t> told;
    for (const auto& [name, service] : input.services) {
        for (const char* key : kAddressedBy) {
            const std::vector<std::uint32_t> addresses = addresses_in(member(service.resolved, key));
            told.insert(addresses.begin(), addresses.end());
        }
    }
    return told;
}

/// A service that is told of an address in it, e.g. of one to trust or of a subnet to relay for, needs just that one.
bool is_one_told(const std::set<std::uint32_t>& told, const std::vector<std::string>& subnets) {
    return std::any_of(subnets.begin(), subnets.end(), [&](const std::string& subnet) {
        return std::any_of(told.begin(), told.end(),
                           [&](std::uint32_t address) { return lies_in_subnet(address, subnet); });
    });
}

std::set<std::string> networks_of(const Service& service) {
    const Json& networks = member(service.resolved, "networks");
    if (networks.empty()) {
        return member(service.resolved, "network_mode").is_null() ? std::set<std::string>{"default"}
                                                                  : std::set<std::string>{};
    }
    if (networks.is_array()) {
        const std::vector<std::string> names = texts(service.resolved, "networks");
        return {names.begin(), names.end()};
    }
    const std::vector<std::string> names = keys(service.resolved, "networks");
    return {names.begin(), names.end()};
}

/// Networks that a service is on; one on which nobody is is not made.
std::set<std::string> used_networks(const LintCase& input) {
    std::set<std::string> names;
    for (const auto& [name, service] : input.services) {
        names.merge(networks_of(service));
    }
    return names;
}

/// "KEY=value" of a map, the words of a list with "=" for the blank behind an option, and a text.
std::vector<std::string> words_told(const Json& told) {
    std::vector<std::string> words;
    std::string before;
    for (const auto& [key, value] : told.items()) {
        const std::string word = as_text(value);
        words.push_back(told.is_object() ? fmt::format("{}={}", key, word) : word);
        if (told.is_array()) {
            words.push_back(fmt::format("{}={}", before, word));
            before = word;
        }
    }
    return words;
}

/// E.g. `traefik.docker.network: edge`, `--network=edge`. A name alone is the product's or the database's, too.
bool is_told_network(const LintCase& input, const std::string& name) {
    const auto lowered = [](std::string word) {
        std::transform(word.begin(), word.end(), word.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return word;
    };
    const auto tells = [&](const std::string& word) {
        const std::string key = word.substr(0, word.rfind('='));
        return word.ends_with("=" + name) && lowered(key).find("network") != std::string::npos;
    };
    return std::any_of(input.services.begin(), input.services.end(), [&](const auto& one) {
        return std::any_of(kToldBy.begin(), kToldBy.end(), [&](const char* key) {
            const std::vector<std::string> words = words_told(member(one.second.resolved, key));
            return std::any_of(words.begin(), words.end(), tells);
        });
    });
}

/// Where each has a name of its own there can be no second copy.
bool has_unnamed_container(const LintCase& input, const std::string& network) {
    return std::any_of(input.services.begin(), input.services.end(), [&](const auto& one) {
        return networks_of(one.second).contains(network) && text(one.second.resolved, "container_name").empty();
    });
}

std::vector<Spot> look_subnets(const LintCase& input) {
    const std::set<std::string> used = used_networks(input);
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
    const std::set<std::uint32_t> told = fixed.empty() ? std::set<std::uint32_t>{} : told_addresses(input);
    for (const auto& [name, subnets] : fixed) {
        if (!needed.contains(name) && used.contains(name) && !is_one_told(told, subnets)) {
            spots.push_back({"", fmt::format("the network {} has the fixed subnet {}", name, fmt::join(subnets, ", ")),
                             fmt::format("take ipam out of the network {}: Docker picks a subnet that is free", name)});
        }
    }
    return spots;
}

/// What a bridge does without being told. Source: docs.docker.com/engine/network/drivers/bridge/#options
constexpr std::array<std::pair<const char*, const char*>, 3> kBridgeDefaults{
    {{"com.docker.network.driver.mtu", "1500"},
     {"com.docker.network.bridge.enable_icc", "true"},
     {"com.docker.network.bridge.enable_ip_masquerade", "true"}}};

std::vector<Spot> look_bridge_defaults(const LintCase& input) {
    std::map<std::string, std::set<std::string>> said;
    for (const WrittenFile& file : input.files) {
        for (const std::string& name : keys(file.model, "networks")) {
            const Json& network = member(member(file.model, "networks"), name.c_str());
            const std::string driver = text(network, "driver");
            for (const auto& [option, value] : kBridgeDefaults) {
                const Json& written = member(member(network, "driver_opts"), option);
                if ((driver.empty() || driver == "bridge") && !written.is_null() && as_text(written) == value) {
                    said[name].insert(fmt::format("{}: {}", option, value));
                }
            }
        }
    }
    std::vector<Spot> spots;
    spots.reserve(said.size());
    for (const auto& [name, options] : said) {
        spots.push_back({"", fmt::format("the network {} says {}", name, fmt::join(options, ", ")),
                         "leave it out: a bridge is like that by itself"});
    }
    return spots;
}

/// Where nobody is told of the name. Whether another project joins the network by it, no file of this one shows.
std::vector<Spot> look_names(const LintCase& input) {
    std::map<std::string, std::string> fixed;
    std::set<std::string> external;
    for (const WrittenFile& file : input.files) {
        for (const std::string& key : keys(file.model, "networks")) {
            const Json& network = member(member(file.model, "networks"), key.c_str());
            const Json& of_others = member(network, "external");
            if (!of_others.is_null() && as_text(of_others) != "false") {
                external.insert(key);
            }
            if (!text(network, "name").empty()) {
                fixed[key] = text(network, "name");
            }
        }
    }
    std::vector<Spot> spots;
    for (const auto& [key, name] : fixed) {
        if (!external.contains(key) && !has_variable(name) && has_unnamed_container(input, key) &&
            !is_told_network(input, name)) {
            spots.push_back({"", fmt::format("the network {} is always called {}", key, name),
                             fmt::format("unless another project joins it by that name, take name: out of the network "
                                         "{}: it is named after the project then",
                                         key)});
        }
    }
    return spots;
}

}  // namespace

LintRules networks_rules() {
    return {{"fixed-subnet", Finding::Severity::kNote, "a network has a fixed subnet that no service needs",
             "where another network has the same addresses up fails: the pools overlap",
             "https://docs.docker.com/reference/compose-file/networks/#ipam", look_subnets, "", false, "networks"},
            // Tried with Compose 2.26: the second up joins it without a word, and each name has an address of both.
            {"fixed-network-name", Finding::Severity::kNote, "a network has one name, whatever the project is called",
             "a second copy of the project joins the same network: a service's name answers with containers of both",
             "https://docs.docker.com/reference/compose-file/networks/#name", look_names, "", false, "networks"},
            {"bridge-option-is-default", Finding::Severity::kNote, "a network is given an option that it has anyway",
             "none, and no gain: nothing becomes faster by it; changed later, every service on it is replaced",
             "https://docs.docker.com/engine/network/drivers/bridge/#options", look_bridge_defaults, "", false,
             "networks"}};
}

}  // namespace pilotpros::linting
