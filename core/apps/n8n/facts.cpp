#include "core/apps/n8n/facts.h"

#include <fmt/format.h>

#include <set>

namespace pilotpros::apps::n8n {

std::vector<std::string> unknown_names(const std::vector<std::string>& set_names,
                                       const std::vector<std::string>& configured,
                                       const std::vector<std::string>& mentioned) {
    std::set<std::string> known{configured.begin(), configured.end()};
    known.insert(mentioned.begin(), mentioned.end());
    std::map<std::string, int> families;
    for (const std::string& name : configured) {
        ++families[name.substr(0, name.find('_'))];
    }
    // Node's own options share their beginning with n8n's NODE_FUNCTION_ALLOW_*.
    families.erase("NODE");
    std::vector<std::string> result;
    for (const std::string& name : set_names) {
        const auto family = families.find(name.substr(0, name.find('_')));
        const bool file = name.size() > 5 && name.compare(name.size() - 5, 5, "_FILE") == 0;
        const std::string plain = file ? name.substr(0, name.size() - 5) : name;
        if (family != families.end() && family->second >= 3 && !known.contains(name) && !known.contains(plain)) {
            result.push_back(name);
        }
    }
    return result;
}

std::vector<std::string> describe(const Facts& facts) {
    std::vector<std::string> lines;
    if (!facts.version.empty()) {
        lines.push_back(fmt::format("n8n {} ({}), {} executions, database {}", facts.version, facts.role, facts.mode,
                                    facts.database));
    }
    if (!facts.folder.empty()) {
        lines.push_back(fmt::format("its folder {} lies on: {}; the encryption key is {}", facts.folder,
                                    facts.folder_lies_on,
                                    facts.key_in_environment ? "in the environment" : "only in that folder"));
    }
    if (!facts.unknown_names.empty()) {
        lines.push_back(fmt::format("set, but not read by this version: {}", fmt::join(facts.unknown_names, ", ")));
    }
    return lines;
}

}  // namespace pilotpros::apps::n8n
