#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/docker/engine.h"
#include "core/observe/image_answers.h"

namespace pilotpros {

/// Which commands that a health check could use exist in an image.
struct ProbeCommands {
    bool known = false;
    /// Command to path, e.g. "curl" to "/usr/bin/curl". A "wget" or "nc" that busybox plays has "busybox-wget" or
    /// "busybox-nc" beside it.
    std::map<std::string, std::string> paths;
    std::string why;  ///< when not known
};

/// The directories of a PATH, or of the one that the engine assumes where it is empty.
std::vector<std::string> search_path(const std::string& path_variable);

/// The names that are looked for.
const std::vector<std::string>& probe_command_names();

/// Looks along the image's PATH, without running anything: works for an image without a shell, too. `container` is one
/// of that image to look through, running or not; when empty, one is created for it and never started. The answer is
/// kept by image ID.
ProbeCommands find_probe_commands(Engine& engine, ImageAnswers& answers, const std::string& image_id,
                                  const std::string& path_variable, const std::string& container);

}  // namespace pilotpros
