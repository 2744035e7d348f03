#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/apps/postgres/facts.h"
#include "core/model/advice.h"

namespace pilotpros::apps::postgres {

/// The service's command without us, fit to be written again.
struct CommandLine {
    std::vector<std::string> words;  ///< as Compose has them written: a literal $ doubled, ${…} as the user wrote it
    bool from_files = false;         ///< the user's own; else the image's
    std::string config_file;         ///< that one of its flags names; empty without
    std::string data_directory;      ///< likewise, of -D
    std::string why_not;             ///< why it cannot be written again; empty when it can
    /// name=value of the flags that set public settings, with values as Compose resolves them.
    std::vector<std::string> settings;
};

/// Reads it from the files (as resolved, and as written), else from the image. Every word has to be understood: a flag
/// whose value may be a secret, a shell or a wrapper is a reason in `why_not`.
CommandLine command_line(const Case& input, const ServiceObservation& service, const Facts& facts);

}  // namespace pilotpros::apps::postgres
