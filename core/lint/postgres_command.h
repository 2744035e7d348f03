#pragma once

#include <map>
#include <string>

#include "core/model/project.h"

namespace pilotpros::linting {

/// The settings that a PostgreSQL's command line gives ("-c name=value", "--name=value"), the last one of a name; names
/// in lower case with underscores. Values may hold a ${…}, and secrets.
std::map<std::string, std::string> postgres_settings(const Service& service);

/// Whether the service's command is PostgreSQL's own or the image's: not a shell or a script, which may do anything.
bool has_plain_postgres_command(const Service& service);

}  // namespace pilotpros::linting
