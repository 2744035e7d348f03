#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace pilotpros::apps::n8n {

/// What an n8n service says of itself. Of the user's environment only names are kept, and values that n8n defines as
/// choices or numbers.
struct Facts {
    std::string version, package_path;
    std::string role;      ///< "main", "worker" or "webhook"
    std::string mode;      ///< EXECUTIONS_MODE: "regular" or "queue"
    std::string database;  ///< DB_TYPE: "sqlite" when not set
    std::string
        folder;  ///< where n8n keeps its settings file, and with it a generated encryption key; empty when unknown
    std::string
        folder_lies_on;  ///< "volume", "anonymous volume", "bind", "tmpfs" or "container layer"; empty when unknown
    bool key_in_environment = false;  ///< the encryption key is given, so losing the folder loses no credentials
    std::vector<std::string>
        configured;  ///< environment names that this version's configuration reads, asked of the package itself
    std::vector<std::string> mentioned;  ///< further names in its code; being mentioned does not mean being supported
    std::vector<std::string> set_names;  ///< what the user sets, names only
    std::vector<std::string> unknown_names;     ///< of these, those that look like n8n's but that it does not read
    std::map<std::string, std::string> values;  ///< public ones
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Facts, version, package_path, role, mode, database, folder,
                                                folder_lies_on, key_in_environment, configured, mentioned, set_names,
                                                unknown_names, values)

std::vector<std::string> describe(const Facts& facts);

/// Of the names that are set, those that belong to one of n8n's families (N8N_, DB_, EXECUTIONS_ …: beginnings that at
/// least three of its names share) but that it does not read. NAME_FILE is read where NAME is. What belongs to none may
/// be for the user's own workflows. Pure.
std::vector<std::string> unknown_names(const std::vector<std::string>& set_names,
                                       const std::vector<std::string>& configured,
                                       const std::vector<std::string>& mentioned);

}  // namespace pilotpros::apps::n8n
