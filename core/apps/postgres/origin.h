#pragma once

#include <string>

#include "core/apps/postgres/facts.h"

namespace pilotpros::apps::postgres {

/// Who decided on a setting's value, ours left out.
enum class Whose {
    kNobody,       ///< PostgreSQL's default, or what initdb writes of itself
    kFile,         ///< the user's own configuration file
    kCommand,      ///< a -c flag or the environment: wins over every file
    kAlterSystem,  ///< ALTER SYSTEM: wins over every file that is included
    kRole,         ///< ALTER ROLE or ALTER DATABASE: wins over all of these
};

/// A setting as it is without us.
struct Present {
    bool exists = false;  ///< this version has it, and it may be seen
    Whose whose = Whose::kNobody;
    std::string value;     ///< in the server's own unit, as pg_settings says it
    std::string unit;      ///< of the value
    bool restart = false;  ///< a change needs a restart
    std::string set_by;    ///< in words, for LeftAlone: "the command line (-c)"; empty for kNobody
};

/// The setting without our own files, also when the server that was asked carries them: then the user's own file says
/// it (Facts::own_values), else PostgreSQL's default.
Present present(const Facts& facts, const std::string& name);

/// The value as a number; `otherwise` when it is none.
double number_of(const Present& present, double otherwise);
/// A size in bytes; -1 for "-1" and for what is none.
Bytes size_of(const Present& present);

/// As PostgreSQL writes it: "256MB", "1536kB".
std::string postgres_size(Bytes bytes);
/// The present value in the same notation as what is written, e.g. "128MB", "5min" stays seconds: "300s".
std::string shown(const Present& present);

/// Whether the server that was asked has our configuration mounted already.
bool carries_ours(const Facts& facts);

}  // namespace pilotpros::apps::postgres
