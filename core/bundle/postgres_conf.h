#pragma once

#include <string>
#include <vector>

#include "core/model/bundle.h"
#include "core/model/change.h"

namespace pilotpros {

/// The files for one service, below postgres/SERVICE/: postgresql.conf, which includes the user's own configuration
/// file and then ours, and pilotpros.conf with one commented line a setting. `changes`: those of the service whose
/// target is kPostgres; the one with the path {"include"} names the configuration file that the server has without us,
/// an absolute path in the container. Empty without it.
std::vector<BundleFile> postgres_files(const std::string& service, const std::vector<Change>& changes);

/// A value as PostgreSQL's configuration file quotes it: in single quotes, ' and \ doubled. Line breaks cannot be
/// written: they become blanks. Source: PostgreSQL documentation, "19.1.2. Parameter Interaction via the Configuration
/// File".
std::string postgres_quoted(const std::string& value);

}  // namespace pilotpros
