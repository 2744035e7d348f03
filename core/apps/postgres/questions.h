#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/apps/postgres/facts.h"

namespace pilotpros::apps::postgres {

/// A command for a shell inside the container that finds the server's socket and asks `sql` through psql: read-only, no
/// password on any command line (the shell expands the container's own environment), bounded in time. Fixed text but
/// for `sql` and `data_directory`, which are arguments.
std::vector<std::string> psql_command(const std::string& sql, const std::string& data_directory = {});

/// Everything there is to ask; each answer is one line "name|JSON".
const std::string& all_questions();
/// Only what a Reading needs.
const std::string& reading_questions();

/// The same shell, writing once a second, `seconds` times (1 to 86400), how many client connections there are, how many
/// of them are at a statement, and how many transactions were committed by when: "12|3|5678|1764338400.25". Ends by
/// itself, or when its reader is gone.
std::vector<std::string> connection_sampler(int seconds, const std::string& data_directory = {});

/// One line of the sampler.
struct ConnectionLook {
    int connections = 0, active = 0;
    std::int64_t commits = 0;  ///< of all databases, since statistics began
    double at = 0;             ///< seconds since 1970, the server's clock
    friend bool operator==(const ConnectionLook&, const ConnectionLook&) = default;
};

/// The complete lines of what a sampler wrote; anything else is passed over.
std::vector<ConnectionLook> read_looks(const std::string& written);

/// The answers by name; lines that are none are left out.
std::map<std::string, nlohmann::json> read_answers(const std::string& output);
Reading read_reading(const std::map<std::string, nlohmann::json>& answers);
/// What the answers say; data_lies_on stays empty.
Facts read_facts(const std::map<std::string, nlohmann::json>& answers);

}  // namespace pilotpros::apps::postgres
