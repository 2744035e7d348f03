#pragma once

#include "core/model/advice.h"

namespace pilotpros {

/// Connections that the project's own services may open to its PostgreSQL, against what that takes. Only pools that are
/// known are counted, so it says "at least": n8n's (DB_POSTGRESDB_POOL_SIZE, 2 unless set, in every version looked at)
/// times its containers, where the files name this database as its host. Services that wait for the database
/// (depends_on) and do not say how large their pool is are named, with the connections that were seen. max_connections
/// less superuser_reserved_connections and reserved_connections is what is left for ordinary roles. Source:
/// https://www.postgresql.org/docs/current/runtime-config-connection.html
Advice advise_pools(const Case& input);

}  // namespace pilotpros
