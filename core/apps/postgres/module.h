#pragma once

#include <optional>

#include "core/apps/application.h"
#include "core/apps/postgres/facts.h"

namespace pilotpros::apps::postgres {

ApplicationModule module();

/// The counters now, for rates; nothing when they cannot be had. Cheaper than asking everything again.
std::optional<Reading> ask_reading(Asking& asking);

/// The data directory that the server's command line names (-D, --data-directory, -c data_directory=), or empty: for
/// servers whose PGDATA says other.
std::string data_directory_of(const Evidence& evidence);

}  // namespace pilotpros::apps::postgres
