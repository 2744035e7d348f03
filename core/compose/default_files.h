#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/sys/files.h"

namespace pilotpros {

/// What plain `docker compose` merges when nobody names a file.
struct DefaultFiles {
    Path folder;
    std::string main;
    std::optional<std::string> override_file;  ///< the one that is not ours
    std::vector<std::string> ours;             ///< overrides of ours that plain `up` would take
    std::vector<std::string> warnings;
};

/// Looks in the folder, then in the ones above. Names and their order are Compose's own.
/// Source: compose-spec/compose-go, cli/options.go (DefaultFileNames, DefaultOverrideFileNames).
std::optional<DefaultFiles> find_default_files(const Path& folder, const Files& files);

/// Whether plain `up` looks for a file of this name beside the first one.
bool is_default_override(const std::string& name);

}  // namespace pilotpros
